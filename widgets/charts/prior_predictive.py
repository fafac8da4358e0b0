"""Functions drawn from the prior before any training, over the band of the Gaussian process of infinite width."""

import altair as alt

from elbo_room.widgets import theme
from elbo_room.widgets.charts.frame import finish, named, ranges, scale
from elbo_room.widgets.painting.views import View

VIEW = View(
    "c",
    "prior",
    models=("deep_generative", "conditional"),
    place=12,
    empty="Functions drawn from the prior appear here as soon as the settings are read.",
    of_run=False,
    shows="Functions drawn from the prior, before any training.",
    axes="Across: the input. Up: the function's value.",
    reading=(
        "This is what the model considers possible before it sees data; change the prior's scale to change it. "
        "Band: ±2 sd of the Gaussian process that an infinitely wide network becomes."
    ),
    tables={"band": {"x": "x", "low": "− 2 sd", "high": "+ 2 sd"}, "draws": {"draw": "draw", "x": "x", "y": "f(x)"}},
)


def chart() -> alt.LayerChart:
    """Lines: f(x; w), w ~ prior. Band: 0 ± 2 √K(x, x) of the limit (dashed at its edges); no band where no limit is known."""
    x = alt.X(
        "x:Q", scale=scale("x"), title="first input, the others held (a decoder's: z₁)", axis=alt.Axis(tickCount=5)
    )
    y = alt.Y("y:Q", scale=scale("y"), title="f(x; w)", axis=alt.Axis(tickCount=5))
    low = alt.Y("low:Q", scale=scale("y"))
    high = alt.Y("high:Q", scale=scale("y"))
    band = named("band")
    edge = {"color": theme.ORANGE, "strokeDash": [4, 3], "clip": True}
    colors = alt.Scale(domain=list(range(5)), range=[theme.BLUE, theme.SKY, theme.GREEN, theme.PURPLE, theme.GREY])
    lines = named("draws").mark_line(clip=True, strokeWidth=1.3, opacity=0.75, strokeJoin="round").encode(
        x=x, y=y, detail="draw:N", color=alt.Color("color:N", scale=colors, legend=None)
    )  # fmt: skip
    return finish(
        alt.layer(
            band.mark_area(clip=True, opacity=0.16, color=theme.ORANGE).encode(x=x, y=low, y2="high:Q"),
            lines,
            band.mark_line(**edge).encode(x=x, y=low),
            band.mark_line(**edge).encode(x=x, y=high),
        ),
        "Prior functions, and ±2 sd at infinite width",
        ranges(),
        right=14,
        datasets={
            "draws": {"mode": "bars", "fields": ["x", "y", "draw", "color"]},
            "band": {"mode": "bars", "fields": ["x", "low", "high"]},
        },
        plain=True,
        x={"scale": "linear"},
        y={"scale": "linear"},
    )
