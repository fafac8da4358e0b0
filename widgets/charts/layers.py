"""Panel C of a deep exponential family: its units layer by layer, the weights between them, and the words of each unit."""

import altair as alt

from elbo_room.widgets import theme
from elbo_room.widgets.charts.frame import finish, named
from elbo_room.widgets.painting.views import View

VIEW = View(
    "c",
    "layers",
    models=("deep_exponential_family",),
    place=3,
    shows="The units of a deep exponential family, layer by layer, with the weights between them.",
    axes=(
        "A dot is a unit, darker the more active it is; a line is a weight, dashed where negative; the data are "
        "at the bottom."
    ),
    reading=(
        "Words beside a unit are those that it makes most likely. A pale unit is unused: the data did not need it."
    ),
    tables={
        "words": {"unit": "unit of z₁", "index": "word", "strength": "weight, of the unit's largest"},
        "nodes": {"layer": "layer", "unit": "unit", "activity": "mean activity, of the layer's largest"},
    },
)

BESIDE, BELOW = 0.14, 0.14  # shares of the plot to the left of the units' words, and below the lowest layer


def chart() -> alt.LayerChart:
    """A node is a unit, darker the more active it is on average; an edge a weight (dashed: negative); words are next to their unit.

    Places are shares of the plot, (0, 0) at the lower left. Words are places in the chart's labels.
    """
    x = alt.X("x:Q", scale=alt.Scale(domain=[-BESIDE, 1], nice=False), axis=None)
    y = alt.Y("y:Q", scale=alt.Scale(domain=[-BELOW, 1], nice=False), axis=None)
    edges = named("edges").mark_rule().encode(
        x=x, y=y, x2="x2:Q", y2="y2:Q",
        strokeWidth=alt.StrokeWidth("size:Q", scale=alt.Scale(domain=[0, 1], range=[0.2, 5]), legend=None),
        strokeDash=alt.condition("datum.negative == 1", alt.value([3, 3]), alt.value([1, 0])),
        color=alt.condition("datum.negative == 1", alt.value(theme.VERMILLION), alt.value(theme.SKY)),
        opacity=alt.value(0.75),
    )  # fmt: skip
    shade = alt.Color("activity:Q", scale=alt.Scale(domain=[0, 1], range=["#E4E4E4", theme.BLUE]), legend=None)
    nodes = named("nodes").mark_circle(opacity=1, stroke=theme.MUTED, strokeWidth=0.8).encode(
        x=x, y=y, color=shade, size=alt.Size("size:Q", scale=None)
    )  # fmt: skip
    limit = alt.ExprRef(f"datum.wide * width / {1 + BESIDE} - 8")  # words that are next to each other do not touch
    words = named("words").mark_text(color=theme.INK, align="left", fontSize=theme.SMALL, limit=limit).encode(
        x=x, y=y, text="word:N",
        opacity=alt.Opacity("strength:Q", scale=alt.Scale(domain=[0, 1], range=[0.55, 1]), legend=None),
    )  # fmt: skip
    names = named("names").mark_text(color=theme.MUTED, fontSize=theme.SMALL).encode(
        x=x, y=y, text="word:N"
    )  # fmt: skip
    formula = (
        named("formula").mark_text(color=theme.INK, align="left", fontSize=theme.SMALL).encode(x=x, y=y, text="word:N")
    )
    return finish(
        alt.layer(edges, nodes, words, names, formula),
        "Layers: units and their weights",
        [],
        right=18,
        left=8,
        bottom=8,
        plain=True,
        datasets={
            "edges": {"mode": "bars", "fields": ["x", "y", "x2", "y2", "size", "negative"]},
            "nodes": {"mode": "bars", "fields": ["x", "y", "activity", "size"], "named": ["layer"]},
            "words": {"mode": "bars", "fields": ["x", "y", "index", "strength", "wide"], "words": "index"},
            "formula": {"mode": "bars", "fields": ["x", "y", "index"], "words": "index"},
            "names": {"mode": "bars", "fields": ["x", "y", "index"], "words": "index"},
        },
        x={"scale": "linear"},
        y={"scale": "linear"},
    )
