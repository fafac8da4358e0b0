"""The weights as they are now, against the density that the prior gives them."""

import altair as alt

from widgets import theme
from widgets.charts.frame import finish, named, ranges, scale


def chart() -> alt.LayerChart:
    """Bars: density of the weights' values (means of q, or the point mass). Line: the prior, averaged over the parameters."""
    x = alt.X("x:Q", scale=scale("x"), title="weight", axis=alt.Axis(tickCount=5))
    y = alt.Y("y:Q", scale=scale("y"), title="density", axis=alt.Axis(tickCount=4))
    bins = named("bins").mark_rect(clip=True, color=theme.SKY, opacity=0.7).encode(
        x=alt.X("low:Q", scale=scale("x")), x2="high:Q", y=alt.Y("zero:Q", scale=scale("y")), y2="value:Q"
    )  # fmt: skip
    prior = named("prior").mark_line(clip=True, color=theme.VERMILLION, strokeWidth=1.8).encode(x=x, y=y)
    return finish(
        alt.layer(bins, prior),
        "Weights now (blue) and under the prior (line)",
        ranges(),
        right=14,
        datasets={
            "bins": {"mode": "bars", "fields": ["low", "high", "zero", "value"]},
            "prior": {"mode": "bars", "fields": ["x", "y"]},
        },
        plain=True,
        x={"scale": "linear"},
        y={"scale": "linear"},
    )
