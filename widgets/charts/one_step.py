"""Panel C: an optimiser step of one data point, stage by stage on a canvas, drawn by `one_step.js`; no Vega view."""

from typing import Any

from elbo_room.models.mathml import latex_of, mathml
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
        "that disagree are the noise that the variance panel measures."
    ),
    tables={
        "draws": {
            "ex": "noise ε across",
            "ey": "ε up",
            "x": "draw across",
            "y": "draw up",
            "gx": "its gradient across, nats per unit",
            "gy": "gradient up",
        },
        "q": {
            "x": "q's mean across",
            "y": "mean up",
            "sx": "its scale across",
            "sy": "scale up",
            "gx": "mean gradient across, nats per unit",
            "gy": "gradient up",
            "x2": "mean across after the step",
            "y2": "mean up after the step",
        },
    },
)
LATENTS = ("z", "w")  # of a data point; the weights, where q is over them
# What each stage lights: the controls, and the terms of the formula, that it is made of.
LIGHTS = (
    "noise draws",
    "variational posterior",
    "estimator xi_from draws",
    "step_size schedule step_offset step_decay cooling",
)


def stages(latent: str) -> list[str]:
    """Sample, form z, the gradient of each draw and their mean, update."""
    return [
        mathml(latex_of(symbol))
        for symbol in (
            r"\lit{noise}{ε_b} ~ N(0, I),\quad b = 1, …, \lit{draws}{B}",
            rf"{latent}_b = \lit{{variational posterior}}{{μ}} + \lit{{variational posterior}}{{s}} ∘ ε_b",
            r"ĝ = \frac{1}{\lit{draws}{B}} \sum_b \lit{estimator}{G_b}",
            r"ν ← ν + \lit{step_size}{ρ}\,\text{Adam}(ĝ)",
        )
    ]


def chart() -> dict[str, Any]:
    """Q and its noise, the draws, the gradient of each draw, and where q goes."""
    datasets = {name: {"mode": "bars"} for name in ("draws", "q", "about", "density")}
    colours = {"draw": theme.VERMILLION, "posterior": theme.GREEN, "q": theme.BLUE, "dark": theme.DARK}
    words = {"stages": {latent: stages(latent) for latent in LATENTS}, "lights": [each.split() for each in LIGHTS]}
    return {"usermeta": {"title": "One step", "datasets": datasets, **colours, **words}}
