"""The views of the four panels: what each chart of `widgets/charts` declares, as recorded by `prepare`.

The kernel reads the record, so that it need not import Altair.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from elbo_room.widgets import built_assets

ONE_STEP = "one_step"  # the view that shows one optimiser step stage by stage
# What a scene opens with where it names no chart, plane, bands or text: the first that applies. Panel B stays with the person.
OPENING = {"a": "", "c": "", "d": "", "plane": "", "bands": "", "text": ""}
LAST = 99
# ∂ log p/∂w in the chain of one data point; indices into this list are sent.
IDENTITIES = ("", "(y − m)/φ", "y − m", "(y − m)/Var y · dm/dw", "1 − m")


@dataclass(frozen=True)
class View:
    """What a chart's file declares in addition to its specification; the chart has its file's name.

    Attributes:
        panel: a, b, c or d.
        word: its name in the panel's list.
        models: the model families that have it; empty for all of them.
        place: in the panel's list, lowest first; the first is shown unless the user chooses another.
        numbers: the class in `widgets/worker/pictures` that computes its columns, "module.Class"; none if the training or measuring loop
            sends them.
        study: what is found on request and drawn in it, one of `widgets/worker/studies`; and `asks`, the words of its button.
        choices: the lists shown with it: colour, plane, bands, text.
        empty: its text before a run has drawn anything.
        of_run: whether it shows a run; otherwise the form's settings.
        late: whether it is built only when first opened.
        strip: whether it needs little height, so that the other panel of its column may take it.
        shows, axes, reading: what the panel's `?` says: what is shown, what the axes are, how it is read; a sentence or more each.
        tables: its datasets that are tables, and of each the columns by the words of their heads; of lines: x, and the unit of y.
    """

    panel: str
    word: str
    models: tuple[str, ...] = ()
    place: int = LAST
    numbers: str = ""
    study: str = ""
    asks: str = ""
    choices: tuple[str, ...] = ()
    empty: str = "The first picture comes with one of the next steps."
    of_run: bool = True
    late: bool = False
    strip: bool = False
    shows: str = ""
    axes: str = ""
    reading: str = ""
    tables: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


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
    """The charts of a model family by panel, without those that a run cannot fill."""
    names = [
        (view.panel, name)
        for name, view in all_views().items()
        if name not in absent and (not view.models or model in view.models)
    ]
    return {panel: [name for at, name in names if at == panel] for panel in "abcd"}


def panel_b() -> tuple[str, ...]:
    """The views of the gradient's noise, shared by every family."""
    return tuple(name for name, view in all_views().items() if view.panel == "b")
