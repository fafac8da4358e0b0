"""Panel D of the robot arm: draws from p(x) from the side and from above, and by how much their links miss their lengths."""

from typing import Any

import altair as alt

from elbo_room.widgets import theme
from elbo_room.widgets.charts.frame import finish, named
from elbo_room.widgets.painting.views import View

VIEW = View(
    "d",
    "arm samples",
    models=("deep_generative",),
    place=1,
    numbers="arm.ArmPicture",
    shows="Robot arms drawn from the model, from the side and from above.",
    axes="Orange: draws; grey: data. On the right: by how many millimetres each drawn link misses its true length.",
    reading="The shaded band is what the sensor's noise alone does. Draws beyond it are arms that cannot exist.",
    tables={
        "links": {
            "index": "link",
            "error": "error of the draws, mm (root mean square)",
            "median": "half of them by less than, mm",
            "noise": "the sensor's noise alone, mm (root mean square)",
        }
    },
)

# Two squares and, next to them, the errors. Places within them are 0 … 1 and become pixels only here, so that an arm is never stretched.
SIDE = "min(height - 18, 0.33 * width)"
BEYOND = f"(2 * ({SIDE} + 10) + 66)"


def _at(**places: str) -> dict[str, Any]:
    """Channels whose pixels are expressions of the row and of the chart's size."""
    kinds = {"x": alt.XValue, "y": alt.YValue, "x2": alt.X2Value, "y2": alt.Y2Value}
    return {name: kinds[name](alt.ExprRef(expr=place)) for name, place in places.items()}


def _square(*columns: str) -> dict[str, Any]:
    """Within a square (`place` 0 or 1), y upward."""
    left = {name: f"datum.place * ({SIDE} + 10) + datum.{name} * {SIDE}" for name in columns if name[0] == "x"}
    return _at(**left, **{name: f"(1 - datum.{name}) * {SIDE}" for name in columns if name[0] == "y"})


def _beside(*columns: str) -> dict[str, Any]:
    """Among the errors, y downward, one row per link."""
    right = {name: f"{BEYOND} + datum.{name} * (width - {BEYOND})" for name in columns if name[0] == "x"}
    return _at(**right, **{name: f"datum.{name} * {SIDE}" for name in columns if name[0] == "y"})


def chart() -> alt.LayerChart:
    """Orange: draws; grey: data. Right: ‖p_a − p_b‖ − ℓ of 100 draws a link; the band is what the sensor's noise alone does (±2 sd)."""
    corners, line = ("x", "y", "x2", "y2"), {"color": theme.RULE}
    hue = alt.Color("kind:N", scale=alt.Scale(domain=[0, 1], range=[theme.GRID, theme.VERMILLION]), legend=None)
    wide = alt.StrokeWidth("wide:Q", scale=None)
    frame = named("frames").mark_rect(filled=False, stroke=theme.RULE).encode(**_square(*corners))
    bones = named("bones").mark_rule(strokeCap="round").encode(**_square(*corners), color=hue, strokeWidth=wide)
    bands = named("bands").mark_rect(color=theme.GRID).encode(**_beside(*corners))
    zero = named("bands").mark_rule(**line).encode(**_beside("y", "y2"), **_at(x=f"{BEYOND} + (width - {BEYOND}) / 2"))
    dots = named("errors").mark_circle(size=12, opacity=0.5, color=theme.VERMILLION).encode(**_beside("x", "y"))
    text = {"color": theme.MUTED, "fontSize": theme.SMALL, "baseline": "middle"}
    below = _at(x=f"datum.place * ({SIDE} + 10) + 2", y=f"{SIDE} + 12")
    words = named("words")
    layers = [
        words.transform_filter("datum.place < 2").mark_text(align="left", **text).encode(**below, text="word:N"),
        words.transform_filter("datum.place == 2").mark_text(align="right", **text).encode(
            **_at(x=f"{BEYOND} - 4", y=f"datum.y * {SIDE}"), text="word:N"
        ),
        words.transform_filter("datum.place == 3").mark_text(align="center", **text).encode(
            **_at(x=f"{BEYOND} + datum.x * (width - {BEYOND})", y=f"{SIDE} + 12"), text="word:N"
        ),
    ]  # fmt: skip
    return finish(
        alt.layer(bands, zero, bones, frame, dots, *layers),
        "Samples of p(x) · link errors in mm",
        [],
        right=22,
        left=14,
        plain=True,
        datasets={
            "frames": {"mode": "bars", "fields": ["place", "x", "y", "x2", "y2"]},
            "bones": {"mode": "bars", "fields": ["place", "x", "y", "x2", "y2", "kind", "wide"]},
            "bands": {"mode": "bars", "fields": ["x", "y", "x2", "y2"]},
            "errors": {"mode": "bars", "fields": ["x", "y"]},
            "words": {"mode": "bars", "fields": ["place", "x", "y", "index"], "words": "index"},
            "links": {"mode": "bars", "named": ["index"]},
        },
        x={"scale": "linear"},
        y={"scale": "linear"},
    )
