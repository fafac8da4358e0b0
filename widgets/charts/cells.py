"""Heat maps of cells with words next to them; the words travel as names and are written by the browser."""

import altair as alt

from elbo_room.widgets.charts.frame import finish, named, ranges, scale

PALE = 0.12  # of the full colour
SHADE = (
    f"datum.value < valueEven ? {PALE} * datum.value / valueEven"
    f" : {PALE} + {1 - PALE} * (datum.value - valueEven) / max(valueHigh - valueEven, 1e-9)"
)


def cells(
    title: str, colours: list[str], low: float, empty: str, padding: dict[str, int]
) -> alt.LayerChart | alt.Chart:
    """One rectangle per cell (x, y, value), coloured from `low` to the parameter valueHigh; rows run downward.

    Where `low` is 0, the parameter valueEven is pale: what all cells would have if they had the same. The text `empty` is shown while
    there are none.
    """
    x = alt.X("x:Q", scale=scale("x"), axis=None)
    y = alt.Y("y:Q", scale=alt.Scale(domainMin=alt.ExprRef("yLow"), domainMax=alt.ExprRef("yHigh"), nice=False, zero=False, reverse=True),
              axis=None)  # fmt: skip
    high, even = alt.param(name="valueHigh", value=1), alt.param(name="valueEven", value=0.5)
    signed = alt.Scale(domain=[low, 0, 1], range=colours, clamp=True)
    colour = alt.Color(
        "shade:Q", scale=signed if low < 0 else alt.Scale(domain=[0, 1], range=colours, clamp=True), legend=None
    )
    squares = (
        named("cells")
        .transform_calculate(x2="datum.x + 1", y2="datum.y + 1", shade="datum.value" if low < 0 else SHADE)
        .mark_rect(clip=True)
        .encode(x=x, x2="x2:Q", y=y, y2="y2:Q", color=colour)
    )
    chart = finish(
        squares,
        title,
        [*ranges(), high, even],
        right=padding["right"],
        datasets={"cells": {"mode": "bars", "fields": ["x", "y", "value"]}, "words": {"mode": "bars"}},
        cells={"empty": empty},
        x={"scale": "linear"},
        y={"scale": "linear"},
    )
    chart.usermeta["padding"] = chart.padding = {"top": 46, **padding}
    return chart
