"""Panel C for one input: the data, the predicted curve with its bands, and functions drawn from q."""

import altair as alt

from elbo_room.widgets import theme
from elbo_room.widgets.charts.chain import BELOW, DATASET, chain
from elbo_room.widgets.charts.frame import finish, named, ranges, scale
from elbo_room.widgets.painting.views import View

VIEW = View(
    "c",
    "function",
    models=("conditional",),
    place=0,
    choices=("bands",),
    numbers="function.Function",
    shows="The data, the predicted curve, and functions drawn from q.",
    axes="Across: the input x. Up: the response y.",
    reading=(
        "Dark band: what the weights do not know (±2 sd of f); it widens away from the data. Light band: that and"
        " the noise of y; about 95 % of new data points fall inside."
        " Dashed, after “Run NUTS” in the panel below: ±2 sd of f under the exact posterior."
    ),
    tables={
        "line": {
            "x": "x",
            "mean": "E y",
            "f_low": "f: − 2 sd",
            "f_high": "f: + 2 sd",
            "y_low": "y: − 2 sd",
            "y_high": "y: + 2 sd",
        },
        "points": {"x": "x", "y": "y"},
        "truth": {"x": "x", "low": "f by NUTS: − 2 sd", "middle": "mean", "high": "+ 2 sd"},
    },
)


def chart() -> alt.LayerChart:
    """Line: E y. Dark band: ±2 sd of f, what the weights do not know. Light band: ±2 sd of y. Thin lines: f under draws of w."""
    x = alt.X("x:Q", scale=scale("x"), title=None, axis=alt.Axis(tickCount=6))
    y = alt.Y("y:Q", scale=scale("y"), title="y", axis=alt.Axis(tickCount=5))

    def band(low: str, high: str, opacity: float) -> alt.Chart:
        area = named("line").mark_area(clip=True, color=theme.BLUE, opacity=opacity)
        return area.encode(x=x, y=alt.Y(f"{low}:Q", scale=scale("y")), y2=f"{high}:Q")

    draws = (
        named("draws")
        .mark_line(clip=True, color=theme.BLUE, strokeWidth=0.8, opacity=0.45)
        .encode(x=x, y=y, detail="draw:N")
    )
    mean = (
        named("line")
        .mark_line(clip=True, color=theme.BLUE, strokeWidth=2.4)
        .encode(x=x, y=alt.Y("mean:Q", scale=scale("y")))
    )
    truth = [
        named("truth").mark_line(clip=True, color=theme.INK, strokeWidth=1.4, strokeDash=[5, 3]).encode(
            x=x, y=alt.Y(f"{end}:Q", scale=scale("y"))
        )
        for end in ("low", "high")
    ]  # fmt: skip
    points = named("points").mark_circle(clip=True, color=theme.INK, size=16, opacity=0.8).encode(x=x, y=y)
    ring = named("chain").mark_point(clip=True, color=theme.VERMILLION, size=70, strokeWidth=1.8).encode(x=x, y=y)
    return finish(
        alt.layer(
            band("y_low", "y_high", 0.12), band("f_low", "f_high", 0.25), draws, mean, *truth, points, ring, chain()
        ),
        "Function: mean, ±2 sd of f and of y, draws",
        ranges(),
        right=12,
        bottom=BELOW,
        datasets={
            "line": {"mode": "bars", "fields": ["x", "mean", "f_low", "f_high", "y_low", "y_high"]},
            "draws": {"mode": "bars", "fields": ["x", "y", "draw"]},
            "truth": {"mode": "bars", "fields": ["x", "low", "middle", "high"]},
            "points": {"mode": "cloud", "fields": ["x", "y"]},
            "chain": DATASET,
        },
        plain=True,
        x={"scale": "linear"},
        y={"scale": "linear"},
    )
