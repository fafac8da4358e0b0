"""Panel B, the signature of the lab: every estimator's gradient variance at the same parameters, over the steps."""

import altair as alt

from elbo_room.models.probing.variance import OPEN
from elbo_room.widgets import theme
from elbo_room.widgets.charts.frame import (
    MODE_OF_LINES,
    POWERS,
    STEPS,
    bands,
    by_series,
    ends,
    estimators,
    finish,
    named,
    ranges,
    scale,
)
from elbo_room.widgets.painting.views import View

VIEW = View(
    "b",
    "over the steps",
    place=0,
    shows="How noisy the gradient of each estimator is, all measured at the same parameters of the running model.",
    axes=(
        "Across: optimiser steps. Up: the variance of the gradient ĝ, summed over q's parameters, in nats², on a "
        "log scale: each grid line is ten times the one below."
    ),
    reading=(
        "Lower is better: a tenth of the variance is worth ten times the draws. The thick line is the estimator "
        "in use. A band holds the true variance 95 times in 100; an arrow at the top means that only its lower "
        "end is known."
    ),
    tables={"lines": {"step": "step", "value": "nats²"}},
)


def chart() -> alt.LayerChart:
    """Σᵢ Var[ĝᵢ] on a log scale; the band holds the true variance 95 times in 100; `active` is the one in use."""
    shown = [*estimators(), *theme.OVERLAID]  # then the estimator of each run that is drawn beside this one
    look = by_series(shown)
    x = alt.X("step:Q", scale=scale("x"), title="step", axis=STEPS)
    y = alt.Y("value:Q", scale=scale("y", "log"), title="variance, nats²", axis=POWERS)
    color, active = look["color"], "datum.series == active"
    lines = (
        named("lines")
        .mark_line(clip=True, strokeJoin="round", point=alt.OverlayMarkDef(size=14, filled=True))
        .encode(
            x=x,
            y=y,
            color=color,
            strokeDash=look["strokeDash"],
            strokeWidth=alt.condition(active, alt.value(3.2), alt.value(1.5)),
        )
    )
    return finish(
        alt.layer(bands(x, color), lines, ends()),
        "Gradient variance",
        [*ranges(), alt.param(name="active", value=-1)],
        right=122,
        datasets={"lines": {**MODE_OF_LINES, "band": ["low", "high"], "open": OPEN}, "ends": {"mode": "ends"}},
        series=[one.as_dict() for one in shown],
        x={"scale": "linear", "zoom": "step", "word": "step"},
        y={"scale": "log", "unit": "nats²"},
    )
