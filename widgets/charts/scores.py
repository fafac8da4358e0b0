"""Panel D, second view: the log predictive density of training and held-out data, over the steps."""

import altair as alt

from elbo_room.widgets import theme
from elbo_room.widgets.charts.frame import MODE_OF_LINES, STEPS, by_series, ends, finish, named, ranges, scale
from elbo_room.widgets.painting.views import View

VIEW = View(
    "d",
    "test score",
    models=("conditional",),
    place=4,
    shows="How well the model predicts: the log predictive density of training and held-out data.",
    axes="Across: optimiser steps. Up: nats per data point.",
    reading=(
        "Higher is better. Where the held-out line falls behind the training line, the network begins to fit noise."
    ),
    tables={"lines": {"step": "step", "value": "nats per data point"}},
)


def chart() -> alt.LayerChart:
    """(1/M) Σ log (1/S) Σ_s p(y | x, w_s), in nats per data point: where the two lines part, the network fits noise."""
    look = by_series(theme.SCORES)
    x = alt.X("step:Q", scale=scale("x"), title="step", axis=STEPS)
    y = alt.Y("value:Q", scale=scale("y"), title="nats per data point", axis=alt.Axis(tickCount=4))
    lines = named("lines").mark_line(clip=True, strokeJoin="round", strokeWidth=1.8).encode(
        x=x, y=y, color=look["color"], strokeDash=look["strokeDash"]
    )  # fmt: skip
    return finish(
        alt.layer(lines, ends()),
        "Log predictive density",
        ranges(),
        right=76,
        datasets={"lines": MODE_OF_LINES, "ends": {"mode": "ends"}},
        series=[one.as_dict() for one in theme.SCORES],
        x={"scale": "linear", "zoom": "step", "word": "step"},
        y={"scale": "linear", "robust": True, "unit": "nats"},
    )
