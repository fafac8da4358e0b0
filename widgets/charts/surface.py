"""Panel C for two inputs and classes: the most probable class of every cell, paler where less certain, and the data."""

import altair as alt

from elbo_room.widgets import theme
from elbo_room.widgets.charts.chain import BELOW, DATASET, chain
from elbo_room.widgets.charts.frame import finish, named, ranges
from elbo_room.widgets.painting.views import View

VIEW = View(
    "c",
    "surface",
    models=("conditional",),
    place=1,
    choices=("bands",),
    numbers="surface.Surface",
    shows="The most probable class at every place, and the data.",
    axes="Both axes are inputs.",
    reading=(
        "Pale places are undecided. Away from the data the colour should fade; a network that is certain there is"
        " overconfident. Black dots: where the most probable class changes under the posterior by NUTS, once it has run."
    ),
    tables={"points": {"x": "x₁", "y": "x₂", "label": "class"}},
)


def chart() -> alt.LayerChart:
    """Cells are rewritten in place; positions are rounded to pixels, so that no seam shows between them."""

    def rounded(axis: str) -> alt.Scale:
        low, high = alt.ExprRef(expr=f"{axis}Low"), alt.ExprRef(expr=f"{axis}High")
        return alt.Scale(domainMin=low, domainMax=high, nice=False, zero=False, round=True)

    classes = alt.Scale(domain=list(range(len(theme.CLASSES))), range=list(theme.CLASSES))
    color = alt.Color("label:N", scale=classes, legend=None)
    x = alt.X("x:Q", scale=rounded("x"), title=None, axis=alt.Axis(tickCount=5, grid=False))
    y = alt.Y("y:Q", scale=rounded("y"), title=None, axis=alt.Axis(tickCount=5, grid=False))
    sure = alt.Opacity("sure:Q", scale=alt.Scale(domain=[0, 1], range=[0.0, 0.6]), legend=None)
    cells = named("cells").mark_rect(strokeWidth=0).encode(x=x, x2="x2:Q", y=y, y2="y2:Q", color=color, opacity=sure)
    truth = named("truth").mark_circle(clip=True, size=6, color=theme.INK, opacity=0.9).encode(x=x, y=y)
    points = (
        named("points")
        .mark_circle(clip=True, size=26, opacity=1, stroke="white", strokeWidth=0.6)
        .encode(x=x, y=y, color=color)
    )
    return finish(
        alt.layer(cells, truth, points, chain()),
        "Decision surface: pale is undecided",
        ranges(),
        right=12,
        bottom=BELOW,
        datasets={
            "cells": {"mode": "bars", "fields": ["x", "x2", "y", "y2", "label", "sure"]},
            "points": {"mode": "cloud", "fields": ["x", "y", "label"]},
            "truth": {"mode": "bars", "fields": ["x", "y"]},
            "chain": DATASET,
        },
        classes=list(theme.CLASSES),
        plain=True,
        x={"scale": "linear"},
        y={"scale": "linear"},
    )
