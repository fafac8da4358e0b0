"""Panel B: Var(ĝ_ξ) of the score gradient against the coefficient ξ of its control variate; ξ is dragged along it."""

import altair as alt

from elbo_room.widgets import theme
from elbo_room.widgets.charts.frame import finish, named, ranges, scale
from elbo_room.widgets.painting.views import View

VIEW = View(
    "b",
    "control variate ξ",
    place=4,
    late=True,
    shows="The variance of the score gradient against the coefficient ξ of its control variate.",
    axes="Across: ξ; 0 is the plain score. Up: the variance of the gradient ĝ in nats².",
    reading=(
        "The lowest point ξ* is the best coefficient. The mean of the gradient is the same for every ξ. Drag the "
        "ring to hold ξ elsewhere."
    ),
    tables={
        "curve": {"xi": "ξ", "value": "nats²", "low": "95 % from", "high": "to"},
        "best": {"xi": "best ξ", "low": "− 2 standard errors", "high": "+ 2 standard errors"},
    },
)


def chart() -> alt.LayerChart:
    """A parabola with its minimum at ξ* (its band: ±2 standard errors) and the floor (1 − ρ²) Var(ĝ₀), dashed; ξ = 0 is the plain score."""
    x = alt.X("xi:Q", scale=scale("x"), title="ξ (0: the plain score)", axis=alt.Axis(tickCount=5))
    y = alt.Y("value:Q", scale=scale("y"), title="variance, nats²", axis=alt.Axis(tickCount=4, format=".3~s"))
    curve, best = named("curve"), named("best")
    band = curve.mark_area(clip=True, opacity=0.2, color=theme.ORANGE).encode(
        x=x, y=alt.Y("low:Q", scale=scale("y")), y2="high:Q"
    )
    line = curve.mark_line(clip=True, color=theme.ORANGE, strokeWidth=2.2).encode(x=x, y=y)
    near = best.mark_rect(color=theme.RULE, opacity=0.35, clip=True).encode(
        x=alt.X("low:Q", scale=scale("x")), x2="high:Q"
    )
    bottom = best.mark_rule(color=theme.INK, strokeDash=[4, 3], clip=True).encode(x=x)
    star = best.mark_text(
        text="ξ*", dx=4, align="left", baseline="top", fontSize=theme.SMALL, fontStyle="italic", color=theme.INK
    )
    floor = named("floor")
    least = floor.mark_rule(color=theme.BLUE, strokeDash=[6, 3]).encode(y=y)
    words = floor.mark_text(
        text="(1 − ρ²) Var", align="left", baseline="middle", fontSize=theme.SMALL, color="#005A8D"
    ).encode(y=y, x=alt.value(alt.ExprRef("width + 6")))
    return finish(
        alt.layer(band, near, least, line, bottom, star.encode(x=x, y=alt.value(2)), words),
        "Control variate",
        [*ranges(), alt.param(name="xi", value=0), alt.param(name="held", value=False)],
        right=84,
        datasets={
            "curve": {"mode": "bars", "fields": ["xi", "value", "low", "high"]},
            "best": {"mode": "bars", "fields": ["xi", "low", "high"]},
            "floor": {"mode": "bars", "fields": ["value"]},
        },
        plain=True,
        drag={"curve": "curve", "x": "xi", "y": "value", "word": "ξ"},
        x={"scale": "linear"},
        y={"scale": "linear"},
    )
