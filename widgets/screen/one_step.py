"""Panel C's view "one step": an optimiser step of one datum, drawn stage by stage on a canvas that is no Vega view."""

from __future__ import annotations

from typing import Any

from elbo_room.widgets import built_assets, theme
from elbo_room.widgets.screen.live_chart import LiveChart
from elbo_room.widgets.wire.bus import Bus

SPEC: dict[str, Any] = {
    "usermeta": {
        "title": "One step",
        "datasets": {name: {"mode": "bars"} for name in ("draws", "q", "about", "density")},
        "draw": theme.VERMILLION,
        "posterior": theme.GREEN,
        "q": theme.BLUE,
        "dark": theme.DARK,
    }
}


class OneStep(LiveChart):
    """Draws what `elbo_room.widgets.worker.pictures.one_step` describes; `labels` hold the estimator's formula and name."""

    _esm = built_assets.script("vega_view.js", "step_words.js", "one_step.js")

    def __init__(self, name: str, bus: Bus, **traits: Any) -> None:
        """Take the drawing's own specification: colours and datasets."""
        super().__init__(name, bus, spec=SPEC, **traits)
