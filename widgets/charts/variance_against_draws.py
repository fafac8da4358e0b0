"""Panel B, flipped: variance against the number of draws B, both on log scales. Independent draws give the slope −1."""

import altair as alt

from elbo_room.models.probing.variance import OPEN
from elbo_room.widgets import theme
from elbo_room.widgets.charts.frame import (
    MODE_OF_LINES,
    POWERS,
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
    "against draws B",
    place=1,
    shows="How the variance of each estimator falls when more draws are averaged.",
    axes="Across: draws B per data point. Up: the variance of the gradient ĝ in nats². Both scales are logarithmic.",
    reading=(
        "Independent draws fall along the guide of slope −1: twice the draws, half the variance. A steeper line "
        "gains more from each draw."
    ),
    tables={"lines": {"draws": "draws B", "value": "nats²"}},
)


def chart() -> alt.LayerChart:
    """Var[ĝ] ∝ 1/B for independent draws: lines run along the guide of slope −1; Sobol draws fall faster, slope −2 is drawn for them.

    Bands hold the true variance 95 times in 100.
    """
    return against("draws", "draws B", "B =")


def against(column: str, title: str, word: str) -> alt.LayerChart:
    """Variance against a number that can be raised, both on log axes, with a guide of slope −1."""
    shown = estimators()
    look = by_series(shown)
    x = alt.X(f"{column}:Q", scale=scale("x", "log"), title=title, axis=alt.Axis(values=[2**k for k in range(13)]))
    y = alt.Y("value:Q", scale=scale("y", "log"), title="variance, nats²", axis=POWERS)
    color, active = look["color"], "datum.series == active"
    guide = named("guide").mark_line(color=theme.RULE, strokeDash=[1, 3], clip=True).encode(x=x, y=y, detail="slope:N")
    words = [
        named("guide")
        .transform_filter(f"datum.named == 1 && datum.slope {which}")
        .transform_calculate(label="'slope −' + datum.slope")
        .mark_text(
            align=align, dx=4 if align == "left" else -4, dy=dy, fontSize=theme.SMALL, color=theme.MUTED, clip=True
        )
        .encode(x=x, y=y, text="label:N")
        for which, align, dy in (("== 1", "left", -7), ("> 1", "right", 9))
    ]
    lines = (
        named("lines")
        .mark_line(clip=True, point=alt.OverlayMarkDef(size=18))
        .encode(
            x=x,
            y=y,
            color=color,
            strokeDash=look["strokeDash"],
            strokeWidth=alt.condition(active, alt.value(3.2), alt.value(1.5)),
        )
    )
    return finish(
        alt.layer(guide, *words, bands(x, color), lines, ends()),
        "Gradient variance",
        [*ranges(), alt.param(name="active", value=-1)],
        right=122,
        datasets={
            "lines": {**MODE_OF_LINES, "x": column, "band": ["low", "high"], "open": OPEN},
            "guide": {"beside": True, "mode": "bars", "fields": [column, "value", "slope", "named"]},
            "ends": {"mode": "ends"},
        },
        series=[one.as_dict() for one in shown],
        x={"scale": "log", "word": word},
        y={"scale": "log", "unit": "nats²"},
    )
