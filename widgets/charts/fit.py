"""Panel C for many inputs: held-out y against what was predicted, with ±2 sd of y."""

import altair as alt

from elbo_room.widgets import theme
from elbo_room.widgets.charts.chain import BELOW, DATASET, chain
from elbo_room.widgets.charts.frame import finish, named, ranges, scale
from elbo_room.widgets.painting.views import View

VIEW = View(
    "c",
    "predictions",
    models=("conditional",),
    place=2,
    choices=("bands",),
    numbers="fit.Fit",
    shows="Predictions for data points that were held out of training.",
    axes="Across: the observed y. Up: the predicted y, with ±2 sd.",
    reading=(
        "On the dashed line the prediction is right. About 95 % of the whiskers should cross it: fewer is "
        "overconfidence. Black rings: predictions under the posterior by NUTS, where it has run."
    ),
    tables={"points": {"observed": "observed", "predicted": "predicted", "low": "− 2 sd", "high": "+ 2 sd"}},
)


def diagonal() -> alt.Chart:
    """Where prediction and truth agree."""
    return named("diagonal").mark_line(clip=True, color=theme.RULE, strokeDash=[4, 3]).encode(
        x=alt.X("at:Q", scale=scale("x")), y=alt.Y("at:Q", scale=scale("y"))
    )  # fmt: skip


def chart() -> alt.LayerChart:
    """One point per held-out data point, on the dashed line where the prediction is right; whiskers are ±2 sd of y given x."""
    x = alt.X("observed:Q", scale=scale("x"), title=None, axis=alt.Axis(tickCount=6))
    y = alt.Y("predicted:Q", scale=scale("y"), title="predicted", axis=alt.Axis(tickCount=5))
    points = named("points")
    whiskers = points.mark_rule(clip=True, color=theme.BLUE, opacity=0.3).encode(
        x=x, y=alt.Y("low:Q", scale=scale("y")), y2="high:Q"
    )
    truth = named("truth").mark_point(clip=True, color=theme.INK, size=34, strokeWidth=1).encode(x=x, y=y)
    return finish(
        alt.layer(
            diagonal(),
            whiskers,
            truth,
            points.mark_circle(clip=True, color=theme.BLUE, size=22).encode(x=x, y=y),
            chain(),
        ),
        "Held-out data: predicted against observed",
        ranges(),
        right=12,
        bottom=BELOW,
        datasets={
            "points": {"mode": "bars", "fields": ["observed", "predicted", "low", "high"]},
            "diagonal": {"mode": "bars", "fields": ["at"]},
            "truth": {"mode": "bars", "fields": ["observed", "predicted"]},
            "chain": DATASET,
        },
        plain=True,
        x={"scale": "linear"},
        y={"scale": "linear"},
    )
