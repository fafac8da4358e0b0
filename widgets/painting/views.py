"""The views of the four panels: what each chart of `widgets/charts` declares of itself, as `prepare` recorded it.

The kernel reads the record, so that it need not import Altair.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any

from elbo_room.widgets import built_assets

ONE_STEP = "one_step"  # the view that tells one optimiser step stage by stage
# What a scene opens with where it names no chart, plane, bands or text: the first that applies. Panel B stays with the person.
OPENING = {"a": "", "c": "", "d": "", "plane": "", "bands": "", "text": ""}
LAST = 99
# What the chain of one datum says of ∂ log p/∂w; the numbers of the list travel.
IDENTITIES = ("", "(y − m)/φ", "y − m", "(y − m)/Var y · dm/dw", "1 − m")


@dataclass(frozen=True)
class View:
    """What a chart's file declares beside its specification; the chart is called as its file.

    Attributes:
        panel: a, b, c or d.
        word: what the panel's list calls it.
        models: the families of models that have it; none for all of them.
        place: in the panel's list, lowest first; the first is shown unless a person chooses another.
        numbers: the class in `widgets/worker/pictures` that computes its columns, "module.Class"; none where the loop of training or
            measuring sends them.
        choices: the lists that are shown with it: colour, plane, bands, text.
        empty: what it says while a run has not drawn anything yet.
        of_run: whether it shows a run; else it shows the settings of the form.
        late: whether it is built only when it is first looked at.
    """

    panel: str
    word: str
    models: tuple[str, ...] = ()
    place: int = LAST
    numbers: str = ""
    choices: tuple[str, ...] = ()
    empty: str = "The first picture comes with one of the next steps."
    of_run: bool = True
    late: bool = False


@cache
def all_views() -> dict[str, View]:
    """Every chart's view by its name, in the order of the panels' lists."""
    return {name: _declared(**record) for name, record in built_assets.views().items()}


def _declared(**record: Any) -> View:
    """A view from its record, in which tuples are lists."""
    fields: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in record.items()
    }
    return View(**fields)


def views_of(model: str, absent: Collection[str] = ()) -> dict[str, list[str]]:
    """The charts of a family of models by panel, without those that a run cannot fill."""
    names = [
        (view.panel, name)
        for name, view in all_views().items()
        if name not in absent and (not view.models or model in view.models)
    ]
    return {panel: [name for at, name in names if at == panel] for panel in "abcd"}


def panel_b() -> tuple[str, ...]:
    """The views of the gradient's noise, which every family has."""
    return tuple(name for name, view in all_views().items() if view.panel == "b")
