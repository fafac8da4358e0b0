"""Panel B's legend, which is its control: each estimator with its line, a tick box, its multiple of the least variance, its formula."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

import anywidget
import traitlets

from elbo_room.widgets import built_assets
from elbo_room.widgets.actions import Action
from elbo_room.widgets.screen.browser_events import of_legend
from elbo_room.widgets.theme import DARK, NAMES
from elbo_room.widgets.words.estimator_words import MEASURES, Measure, Multiple, Row

RIGHT = 14  # pixels to the right of a plot whose lines are named in the legend
_log = logging.getLogger(__name__)


class EstimatorLegend(anywidget.AnyWidget):
    """A list of estimators; a tick and a choice of what is compared are posted as actions."""

    _esm = built_assets.script("estimator_legend")
    _css = built_assets.style("estimator_legend.css")
    rows = traitlets.List(traitlets.Dict(), help="every estimator of the model family: `Row`").tag(sync=True)
    multiples = traitlets.Dict(help="by name, what was measured: `Multiple`").tag(sync=True)
    ticked = traitlets.List(traitlets.Unicode(), help="the estimators that are measured").tag(sync=True)
    active = traitlets.Unicode(help="the one that the run is trained with").tag(sync=True)
    measure = traitlets.Unicode("variance", help="what the multiples compare").tag(sync=True)
    measures = traitlets.List(help="name and words of each such choice").tag(sync=True)
    most = traitlets.Int(8, help="estimators at a time").tag(sync=True)
    dark = traitlets.Dict(help="the colours' partners on a dark page").tag(sync=True)

    def __init__(self, post: Callable[[Action], None], most: int) -> None:
        """Empty, until `offer` lists the estimators of a model family."""
        measures = [[name, words] for name, (words, _) in MEASURES.items()]
        super().__init__(measures=measures, most=most, dark=DARK)
        self._post = post
        self.wished: Sequence[str] = ()  # the estimators in the questions of a scene that was just chosen
        self.on_msg(self._on_message)
        self.add_class("elbo-legend-host")

    def offer(self, rows: Sequence[Row], ticked: Sequence[str], active: str) -> None:
        """List these estimators; unchanged traits are not sent."""
        self.rows, self.ticked, self.active = [dict(row) for row in rows], list(ticked), active

    def compare(self, measure: Measure, multiples: dict[str, Multiple]) -> None:
        """Show these multiples."""
        self.measure, self.multiples = measure, {name: dict(each) for name, each in multiples.items()}

    def restore(self) -> None:
        """A tick was refused: the page shows what is measured."""
        self.send({"kind": "restore"})

    def _on_message(self, _: Any, content: Any, __: Any) -> None:
        action = of_legend(content) if isinstance(content, dict) else None
        if action is None:
            return
        try:
            self._post(action)
        except Exception:  # noqa: BLE001 (no front end shows an error of a callback: leave a trace, go on)
            _log.exception("The legend could not handle %s.", content)


def unlabelled(spec: dict[str, Any]) -> dict[str, Any]:
    """A specification without the names of its series and the room for them: the legend has them, in the same order."""
    layers = [layer for layer in spec["layer"] if layer.get("name") != NAMES]
    if len(layers) == len(spec["layer"]):
        return spec
    spec["layer"], datasets = layers, spec["usermeta"]["datasets"]
    datasets.pop("ends", None)
    drawn = sources(layers)
    for name in set(datasets) - drawn:  # still received, no longer fed to the view
        datasets[name].pop("fields", None)
    for padding in (spec["padding"], spec["usermeta"]["padding"]):
        padding["right"] = RIGHT
    return spec


def sources(layers: Sequence[dict[str, Any]]) -> set[str]:
    """The datasets that layers draw, those inside layers of layers too."""
    own = {str(layer["data"]["name"]) for layer in layers if "data" in layer}
    return own.union(*(sources(layer["layer"]) for layer in layers if "layer" in layer))
