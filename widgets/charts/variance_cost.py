"""Panel B: variance × cost, the cost of a given accuracy with each estimator, in evaluations and in seconds."""

import altair as alt

from elbo_room.widgets import theme
from elbo_room.widgets.charts.frame import IS_OPEN, POWERS, estimators, finish, named, names, ranges, scale, solid
from elbo_room.widgets.painting.views import View

VIEW = View(
    "b",
    "variance × cost",
    place=5,
    late=True,
    shows="What a gradient of a given accuracy costs with each estimator: variance × cost.",
    axes=(
        "Across: multiples of the best estimator, on a log scale; full bars count evaluations of log p, open bars"
        " seconds. One row per estimator."
    ),
    reading=(
        "Shorter is better. A noisy estimator can win if it is cheap. Whiskers are 95 % intervals: bars whose "
        "whiskers overlap may be equal."
    ),
    tables={
        "bars": {
            "series": "estimator",
            "unit": "0: evaluations, 1: seconds",
            "value": "× the best",
            "low": "95 % from",
            "high": "to",
        }
    },
)


def chart() -> alt.LayerChart:
    """Multiples of the best on a log axis: full bars count evaluations of log p, open bars seconds; whiskers are 95 % intervals."""
    shown = estimators()
    x = alt.X("value:Q", scale=scale("x", "log"), title="× the least work (open: seconds)", axis=POWERS)
    span = alt.Y("bottom:Q", scale=scale("y"), title=None, axis=None)
    bars = named("bars")
    full = bars.transform_filter("datum.unit == 0").mark_rect(clip=True, opacity=0.75)
    open_bars = bars.transform_filter("datum.unit == 1").mark_rect(clip=True, filled=False, strokeWidth=1.3)
    start = {"x": x, "x2": alt.X2Datum(1), "y": span, "y2": "top:Q"}
    whisker = bars.mark_rule(color=theme.INK, strokeWidth=1.3, clip=True).encode(
        x=alt.X("low:Q", scale=scale("x", "log")), x2="high:Q", y=alt.Y("y:Q", scale=scale("y"), axis=None)
    )
    arrow = (
        bars.transform_filter(IS_OPEN)
        .mark_point(shape="triangle-right", filled=True, color=theme.INK, size=40, clip=True)
        .encode(x=alt.XValue(alt.ExprRef("width - 5")), y=alt.Y("y:Q", scale=scale("y"), axis=None))
    )
    best = named("bars").mark_rule(color=theme.RULE).encode(x=alt.XDatum(1))
    return finish(
        alt.layer(
            full.encode(**start, color=solid(shown)),
            open_bars.encode(**start, stroke=solid(shown)),
            whisker,
            arrow,
            best,
            names(shown, "names", "y"),
        ),
        "Work for one accuracy",
        ranges(x_low=0.5),
        right=122,
        left=16,
        datasets={
            "bars": {"mode": "bars", "fields": ["value", "low", "high", "y", "bottom", "top", "unit", "series"]},
            "names": {"mode": "bars", "fields": ["y", "series"]},
        },
        plain=True,
        x={"scale": "log"},
        y={"scale": "linear"},
    )
