"""Panel C: an optimiser step of one data point, stage by stage on a canvas, drawn by `one_step.js`; no Vega view."""

from typing import Any

from elbo_room.widgets import theme
from elbo_room.widgets.painting.views import View

VIEW = View(
    "c",
    "one step",
    place=13,
    shows="One optimiser step of one data point, stage by stage.",
    axes="Both axes are latent dimensions around the data point's q.",
    reading=(
        "First q, then the draws from it, then the gradient of each draw, then where their mean moves q. Arrows "
        "that disagree are the noise that panel B measures."
    ),
)


def chart() -> dict[str, Any]:
    """Q and its noise, the draws, the gradient of each draw, and where q goes."""
    datasets = {name: {"mode": "bars"} for name in ("draws", "q", "about", "density")}
    colours = {"draw": theme.VERMILLION, "posterior": theme.GREEN, "q": theme.BLUE, "dark": theme.DARK}
    return {"usermeta": {"title": "One step", "datasets": datasets, **colours}}
