"""What every chart shares: a fixed frame, ranges that the browser sets, lines with a label at their end."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import altair as alt

from elbo_room.models.probing.variance import OPEN
from elbo_room.widgets import theme
from elbo_room.widgets.sessions.example import catalogue

MODE_OF_LINES = {"mode": "lines", "by": "series", "x": "step", "y": "value"}


def named(dataset: str) -> alt.Chart:
    """Return a chart over a dataset that is filled in the browser."""
    return alt.Chart(alt.NamedData(name=dataset, format=alt.DataFormat(parse=None)))  # numbers come as numbers


def ranges(x_low: float = 0) -> list[alt.Parameter]:
    """Return the four parameters with which the browser sets what the axes show; a log axis cannot begin at 0."""
    first = (("xLow", x_low), ("xHigh", x_low + 1), ("yLow", 0), ("yHigh", 1))
    return [alt.param(name=name, value=value) for name, value in first]


def scale(axis: str, kind: str = "linear") -> alt.Scale:
    """Return a scale whose range is set by `ranges`; it adds no padding, so that axes move rarely."""
    low, high = alt.ExprRef(expr=f"{axis}Low"), alt.ExprRef(expr=f"{axis}High")
    if kind == "log":
        return alt.Scale(type="log", domainMin=low, domainMax=high, nice=False)
    return alt.Scale(domainMin=low, domainMax=high, nice=False, zero=False)


STEPS = alt.Axis(format=",d", tickCount=5)
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
TENS = [f"10{str(k).translate(RAISED)}" for k in range(-12, 13)]
POWER = "round(log(datum.value) / LN10)"
IS_POWER = f"abs(log(datum.value) / LN10 - {POWER}) < 1e-6"
PLAIN = f"abs({POWER} - 0.5) < 3"  # 0.01 to 1,000
# A log axis has a rule and a label at every power of ten and nowhere else; the browser shows at least two of them.
POWERS = alt.Axis(
    labelExpr=f"!({IS_POWER}) ? '' : {PLAIN} ? format(datum.value, ',~g') : {TENS}[{POWER} + 12]",
    tickCount=5,
    labelOverlap=False,  # the empty labels between them are no reason to leave one out
    gridOpacity={"condition": {"test": IS_POWER, "value": 1}, "value": 0},
)


def estimators() -> list[theme.Series]:
    """Return every estimator's look, in the order of the shipped catalogue, and last that of the minibatches."""
    return [*theme.estimators([part["label"] for part in catalogue()["estimators"].values()]), theme.OF_MINIBATCHES]


def by_series(series: Sequence[theme.Series]) -> dict[str, Any]:
    """Return the encodings that give each series its colour and dash; the index of the series is the data."""
    index = list(range(len(series)))
    dashes = [list(one.dash) for one in series]
    return {
        "color": alt.Color("series:N", scale=alt.Scale(domain=index, range=[one.color for one in series]), legend=None),
        "strokeDash": alt.StrokeDash("series:N", scale=alt.Scale(domain=index, range=dashes), legend=None),
    }


IS_OPEN = f"datum.high >= {OPEN}"  # the upper end of the band is unknown


def bands(x: alt.X, color: alt.Color) -> alt.LayerChart:
    """Return the bands of lines on a log axis; one that is open upwards ends in a stroke and an arrow to the top of the axis."""
    y = {"scale": scale("y", "log")}
    area = (
        named("lines")
        .transform_calculate(top=f"{IS_OPEN} ? datum.value : datum.high")
        .mark_area(clip=True, opacity=0.18)
    )
    unbounded = named("lines").transform_filter(IS_OPEN)
    stroke = unbounded.mark_rule(clip=True, opacity=0.35, strokeDash=[1, 2])
    arrow = unbounded.mark_point(shape="triangle-up", filled=True, size=26, opacity=0.8, clip=True)
    return alt.layer(
        area.encode(x=x, y=alt.Y("low:Q", **y), y2="top:Q", color=color),
        stroke.encode(x=x, y=alt.Y("value:Q", **y), y2=alt.Y2Value(0), color=color),
        arrow.encode(x=x, y=alt.YValue(5), color=color),
    )


def solid(series: Sequence[theme.Series]) -> alt.Color:
    """Return the encoding that gives each series its colour."""
    domain, colors = list(range(len(series))), [one.color for one in series]
    return alt.Color("series:N", scale=alt.Scale(domain=domain, range=colors), legend=None)


def names(series: Sequence[theme.Series], dataset: str, y: str) -> alt.Chart:
    """Return the names of the series to the right of the plot, at the heights that a dataset gives, wrapped at a space."""
    labels = ["\n".join(textwrap.wrap(one.label, 17)) for one in series]
    inks = [one.ink for one in series]
    text = named(dataset).transform_calculate(label=f"{labels}[datum.series]", ink=f"{inks}[datum.series]")
    marks = text.mark_text(align="left", baseline="middle", fontSize=theme.SMALL, lineBreak="\n", lineHeight=14)
    return marks.encode(
        x=alt.value(alt.ExprRef("width + 6")),
        y=alt.Y(f"{y}:Q", scale=scale("y"), axis=None),
        text="label:N",
        color=alt.Color("ink:N", scale=None),
    ).properties(name=theme.NAMES)


def ends() -> alt.Chart:
    """Return the labels at the right ends; the browser gives their places in pixels, pushed apart, and their ink."""
    marks = named("ends").mark_text(align="left", baseline="middle", fontSize=theme.SMALL, clip=False)
    return marks.encode(
        x=alt.X("px:Q", scale=None),
        y=alt.Y("py:Q", scale=None),
        text="label:N",
        color=alt.Color("ink:N", scale=None),
    ).properties(name=theme.NAMES)


def finish(
    layers: alt.LayerChart | alt.Chart,
    title: str,
    params: Sequence[alt.Parameter],
    right: int,
    left: int = 66,  # room for "−1,200" and the axis title
    bottom: int = 40,
    **meta: Any,
) -> alt.LayerChart | alt.Chart:
    """Put the layers in the fixed frame: the plot keeps its place whatever the data are.

    `meta` is what the page's scripts read of the chart, `ChartMeta` in `widgets/static/shapes.d.ts`: `datasets`, by name how each is drawn
    (`mode`: lines, cloud, bars or ends; `fields`, its columns; `words` and `named`, those that are places in the chart's labels), the axes
    `x` and `y` (`scale`: linear or log), `series`, `classes`, ….
    """
    padding = {"left": left, "top": 30, "right": right, "bottom": bottom}
    meta = {"title": title, "padding": padding, "dark": theme.DARK, **meta}
    return (
        layers.add_params(*params)
        .properties(width=400, height=200, autosize=alt.AutoSizeParams(type="none"), padding=padding, usermeta=meta)
        .configure(**theme.CONFIG)
    )
