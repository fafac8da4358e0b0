"""Panel D of the robot arm: draws from p(x) from the side and from above, and by how much their links miss their lengths."""

import altair as alt

from widgets import theme
from widgets.charts.frame import finish, named

# Two squares and, beside them, the errors: places within them are 0 … 1, and pixels are made here, so that an arm is never stretched.
SIDE = "min(height - 18, 0.31 * width)"
LEFT = f"datum.place * ({SIDE} + 12)"
BEYOND = f"(2 * ({SIDE} + 12) + 74)"


def _square(name: str, *columns: str) -> alt.Chart:
    """A dataset placed in one of the squares (`place` 0 or 1), y upward."""
    pixels = {f"p{column}": f"{LEFT} + datum.{column} * {SIDE}" for column in columns if column.startswith("x")}
    pixels |= {f"p{column}": f"(1 - datum.{column}) * {SIDE}" for column in columns if column.startswith("y")}
    return named(name).transform_calculate(**pixels)


def chart() -> alt.LayerChart:
    """Bold: draws; grey: data. Right: ‖p_a − p_b‖ − ℓ in mm of 100 draws a link; the band is what the sensor's noise alone does (±2 sd)."""
    x, y = alt.X("px:Q", scale=None, axis=None), alt.Y("py:Q", scale=None, axis=None)
    hue = alt.Color("kind:N", scale=alt.Scale(domain=[0, 1], range=[theme.GRID, theme.VERMILLION]), legend=None)
    frame = _square("frames", "x", "y", "x2", "y2").mark_rect(filled=False, stroke=theme.RULE).encode(
        x=x, y=y, x2="px2:Q", y2="py2:Q"
    )  # fmt: skip
    bones = _square("bones", "x", "y", "x2", "y2").mark_rule(strokeCap="round").encode(
        x=x, y=y, x2="px2:Q", y2="py2:Q", color=hue, strokeWidth=alt.StrokeWidth("wide:Q", scale=None),
    )  # fmt: skip
    inside = {"px": f"{BEYOND} + datum.x * (width - {BEYOND})", "py": f"datum.y * {SIDE}"}
    right = {**inside, "px2": f"{BEYOND} + datum.x2 * (width - {BEYOND})", "py2": f"datum.y2 * {SIDE}"}
    bands = (
        named("bands").transform_calculate(**right).mark_rect(color=theme.GRID).encode(x=x, y=y, x2="px2:Q", y2="py2:Q")
    )
    dots = (
        named("errors")
        .transform_calculate(**inside)
        .mark_circle(size=12, opacity=0.5, color=theme.VERMILLION)
        .encode(x=x, y=y)
    )
    middle = {"px": f"{BEYOND} + (width - {BEYOND}) / 2", "py": "0", "py2": SIDE}
    zero = named("bands").transform_calculate(**middle).mark_rule(color=theme.RULE).encode(x=x, y=y, y2="py2:Q")
    words = named("words").transform_calculate(
        px=f"datum.place < 2 ? {LEFT} + 2 : {BEYOND} + datum.x * (width - {BEYOND})",
        py=f"datum.place < 2 ? {SIDE} + 13 : datum.y * {SIDE}",
    )  # fmt: skip
    text = {"color": theme.MUTED, "fontSize": 11}
    left = words.transform_filter("datum.place != 2").mark_text(align="left", baseline="middle", **text)
    ended = words.transform_filter("datum.place == 2").mark_text(align="right", baseline="middle", **text)
    layers = [each.encode(x=x, y=y, text="word:N") for each in (left, ended)]
    return finish(
        alt.layer(bands, zero, bones, frame, dots, *layers),
        "Samples from p(x), and their links",
        [],
        right=14,
        left=14,
        plain=True,
        datasets={
            "frames": {"mode": "bars", "fields": ["place", "x", "y", "x2", "y2"]},
            "bones": {"mode": "bars", "fields": ["place", "x", "y", "x2", "y2", "kind", "wide"]},
            "bands": {"mode": "bars", "fields": ["x", "y", "x2", "y2"]},
            "errors": {"mode": "bars", "fields": ["x", "y"]},
            "words": {"mode": "bars", "fields": ["place", "x", "y", "index"], "words": "index"},
        },
        x={"scale": "linear"},
        y={"scale": "linear"},
    )
