"""Panel B, flipped: variance against the number of draws B, both on log scales. Independent draws give the slope −1."""

import altair as alt

from widgets import theme
from widgets.charts.frame import MODE_OF_LINES, POWERS, by_series, ends, estimators, finish, named, ranges, scale


def chart() -> alt.LayerChart:
    """Var[ĝ] ∝ 1/B, so every line should run along the grey guide; bands are Monte Carlo errors."""
    shown = estimators()
    look = by_series(shown)
    x = alt.X("draws:Q", scale=scale("x", "log"), title="draws B", axis=alt.Axis(values=[2**k for k in range(13)]))
    y = alt.Y("value:Q", scale=scale("y", "log"), title="Σ Var(ĝ), nats²", axis=POWERS)
    color, active = look["color"], "datum.series == active"
    guide = named("guide").mark_line(color=theme.RULE, strokeDash=[1, 3], clip=True).encode(x=x, y=y)
    band = alt.Y("low:Q", scale=scale("y", "log"))
    bands = named("lines").mark_area(clip=True, opacity=0.18).encode(x=x, y=band, y2="high:Q", color=color)
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
        alt.layer(guide, bands, lines, ends()),
        "Gradient variance against draws (grey: slope −1)",
        [*ranges(), alt.param(name="active", value=-1)],
        right=122,
        datasets={
            "lines": {**MODE_OF_LINES, "x": "draws", "band": ["low", "high"]},
            "guide": {"mode": "bars", "fields": ["draws", "value"]},
            "ends": {"mode": "ends"},
        },
        series=[one.as_dict() for one in shown],
        x={"scale": "log", "word": "B ="},
        y={"scale": "log", "unit": "nats²"},
    )
