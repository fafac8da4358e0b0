"""Panel B: replicates of ĝ of one parameter, one histogram per estimator, about the long-run gradient."""

import altair as alt

from elbo_room.widgets import theme
from elbo_room.widgets.charts.frame import TENS, estimators, finish, named, names, ranges, scale, solid
from elbo_room.widgets.painting.views import View

VIEW = View(
    "b",
    "histogram",
    place=3,
    late=True,
    shows="Many replicates of one parameter's gradient, one row per estimator.",
    axes=(
        "Across: the gradient, even near the long-run mean and logarithmic far away. Up: how many replicates fall"
        " there."
    ),
    reading=(
        "All unbiased estimators have the same mean: their dark bars (mean ± 2 standard errors) meet the dashed "
        "line. A wide row is a noisy estimator, a bar beside the line a biased one."
    ),
    tables={
        "means": {
            "series": "estimator",
            "x": "mean, on the panel's scale",
            "low": "− 2 standard errors",
            "high": "+ 2 standard errors",
        }
    },
)

SIZE = "round(log(abs(datum.value)) / LN10)"
TICK = (
    "datum.value == 0 ? 'reference' : (datum.value > 0 ? '+' : '−') + "
    f"(abs({SIZE}) > 2 ? {TENS}[{SIZE} + 12] : format(abs(datum.value), '~g'))"
)


def chart() -> alt.LayerChart:
    """The axis is asinh((ĝ − reference)/c), c the least spread: even near 0, logarithmic far away; small and large variances both fit in.

    The dark bar in each row is the mean ± 2 standard errors: an unbiased one meets the reference (dashed, its own band grey).
    """
    shown = estimators()
    x = alt.X("x:Q", scale=scale("x"), title=None, axis=None)
    y = alt.Y("base:Q", scale=scale("y"), title=None, axis=None)
    bins = (
        named("bins")
        .mark_area(clip=True, opacity=0.55)
        .encode(x=x, y=y, y2="top:Q", color=solid(shown), detail="base:N")
    )
    reference = named("reference")
    band = reference.mark_rect(color=theme.RULE, opacity=0.35).encode(
        x=alt.X("low:Q", scale=scale("x"), axis=None), x2="high:Q"
    )
    middle = reference.mark_rule(color=theme.INK, strokeDash=[4, 3]).encode(
        x=alt.X("middle:Q", scale=scale("x"), axis=None)
    )
    means = named("means")
    at = alt.Y("y:Q", scale=scale("y"), axis=None)
    whisker = means.mark_rule(color=theme.INK, strokeWidth=2.5, clip=True).encode(
        x=alt.X("low:Q", scale=scale("x"), axis=None), x2="high:Q", y=at
    )
    dot = means.mark_point(color=theme.INK, filled=True, size=26, clip=True).encode(x=x, y=at)
    ticks = named("ticks")
    marks = ticks.mark_rule(color=theme.GRID).encode(x=x)
    words = (
        ticks.transform_calculate(label=TICK)
        .mark_text(baseline="top", fontSize=theme.SMALL, color=theme.MUTED, limit=60)
        .encode(x=x, y=alt.value(alt.ExprRef("height + 6")), text="label:N")
    )
    return finish(
        alt.layer(marks, band, bins, middle, whisker, dot, words, names(shown, "means", "name")),
        "Repeated gradients",
        ranges(),
        right=122,
        left=16,
        datasets={
            "bins": {"mode": "bars", "fields": ["x", "base", "top", "series"]},
            "means": {"mode": "bars", "fields": ["x", "low", "high", "y", "name", "series"]},
            "reference": {"mode": "bars", "fields": ["low", "high", "middle"]},
            "ticks": {"mode": "bars", "fields": ["x", "value"]},
        },
        plain=True,
        x={"scale": "linear"},
        y={"scale": "linear"},
    )
