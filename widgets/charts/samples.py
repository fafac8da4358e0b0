"""Panel C of a generative model, flipped: draws from p(x) beside real data; of a layered one, layer by layer."""

import altair as alt

from elbo_room.widgets import theme
from elbo_room.widgets.charts.frame import finish, named
from elbo_room.widgets.painting.views import View

VIEW = View(
    "c",
    "samples from p(x)",
    models=("deep_exponential_family", "deep_generative"),
    place=2,
    numbers="samples.Samples",
    shows="New data drawn from the model, beside real data and what the model makes of them again (x̂).",
    axes=(
        "Pictures: data, their reconstructions, and below a column for each draw; layers above x are tiles of units. Points and "
        "features: the data are pale, the draws dark."
    ),
    reading="Compare draws with real data: what is missing in them, the model has not learned.",
    tables={
        "tiles": {"row": "row", "column": "column", "mean": "mean", "low": "least", "high": "largest"},
        "texts": {"row": "row", "column": "column", "index": "word"},
        "features": {
            "index": "feature",
            "data_mean": "data: mean",
            "data_sd": "data: sd",
            "drawn_mean": "draws: mean",
            "drawn_sd": "draws: sd",
        },
    },
)


def chart() -> alt.LayerChart:
    """A column is one draw from the top down; a tile is a layer, its cells the units (of x: pixels, or the words that were drawn)."""
    unit = alt.Scale(domain=[0, 1], nice=False)
    x, y = alt.X("x:Q", scale=unit, axis=None), alt.Y("y:Q", scale=unit, axis=None)
    shade = alt.Color("value:Q", scale=alt.Scale(domain=[0, 1], range=["#F0F0F0", theme.INK]), legend=None)
    cells = named("cells").mark_rect(clip=True, strokeWidth=0).encode(x=x, y=y, x2="x2:Q", y2="y2:Q", color=shade)
    room = alt.ExprRef("width / 5 - 8")  # of five draws of text
    words = named("words").mark_text(color=theme.INK, fontSize=theme.SMALL, limit=room).encode(x=x, y=y, text="word:N")
    names = named("names").mark_text(color=theme.MUTED, align="left", fontSize=theme.SMALL, dx=-50).encode(
        x=x, y=y, text="word:N"
    )  # fmt: skip
    placed = {"mode": "bars", "fields": ["x", "y", "index"], "words": "index"}
    return finish(
        alt.layer(cells, words, names),
        "Samples from p(x), beside data",
        [],
        right=18,
        plain=True,
        datasets={
            "cells": {"mode": "bars", "fields": ["x", "y", "x2", "y2", "value"]},
            "words": placed,
            "names": placed,
            "tiles": {"mode": "bars", "named": ["row"]},
            "texts": {"mode": "bars", "named": ["row", "index"]},
            "features": {"mode": "bars", "named": ["index"]},
        },
        x={"scale": "linear"},
        y={"scale": "linear"},
    )
