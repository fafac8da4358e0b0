"""Panel D: the posterior means of all weights, against the density of their prior."""

import altair as alt

from elbo_room.widgets import theme
from elbo_room.widgets.charts.frame import finish, named, ranges, scale
from elbo_room.widgets.painting.views import View

VIEW = View(
    "d",
    "weights",
    models=("conditional",),
    place=3,
    numbers="weight_histogram.WeightHistogram",
    shows="All weights of the network, against their prior.",
    axes="Across: the posterior mean of a weight. Up: density.",
    reading=(
        "Bars inside the line fit the prior. A peak at 0: weights that the data do not need. "
        "Black strokes: the posterior means by NUTS, where it has run."
    ),
    tables={
        "bins": {"x": "from", "x2": "to", "height": "density"},
        "truth": {"x": "from", "x2": "to", "height": "density of NUTS's means"},
    },
)


def chart() -> alt.LayerChart:
    """Bars: a histogram of E_q w. Line: p(w). Weights that the data do not need are drawn to 0."""
    x = alt.X(
        "x:Q", scale=scale("x"), title="posterior mean of a weight (line: prior density)", axis=alt.Axis(tickCount=6)
    )
    y = alt.Y("height:Q", scale=scale("y"), title="density", axis=alt.Axis(tickCount=4))
    bars = named("bins").mark_rect(clip=True, color=theme.BLUE, opacity=0.65).encode(
        x=x, x2="x2:Q", y=y, y2=alt.YDatum(0)
    )  # fmt: skip
    prior = named("prior").mark_line(clip=True, color=theme.VERMILLION, strokeWidth=1.8).encode(
        x=x, y=alt.Y("density:Q", scale=scale("y"))
    )  # fmt: skip
    truth = named("truth").mark_rule(clip=True, color=theme.INK, strokeWidth=2).encode(
        x=x, x2="x2:Q", y=alt.Y("height:Q", scale=scale("y"))
    )  # fmt: skip
    return finish(
        alt.layer(bars, truth, prior),
        "Weights against their prior",
        ranges(),
        right=12,
        datasets={
            "bins": {"mode": "bars", "fields": ["x", "x2", "height"]},
            "truth": {"mode": "bars", "fields": ["x", "x2", "height"]},
            "prior": {"mode": "bars", "fields": ["x", "density"]},
        },
        plain=True,
        x={"scale": "linear"},
        y={"scale": "linear"},
    )
