"""Where each token looks: row t of the map A = softmax(QK'/√d) is on the simplex."""

import altair as alt

from elbo_room.widgets import theme
from elbo_room.widgets.charts.cells import cells
from elbo_room.widgets.painting.views import View

VIEW = View(
    "c",
    "attention map",
    models=("deep_generative", "conditional"),
    place=10,
    choices=("text",),
    shows="Which tokens each token attends to.",
    axes="A row is the token that attends, a column the token it attends to; the heads are side by side.",
    reading="Darker is more weight; every row sums to 1. The list beside it chooses another text.",
    tables={"cells": {"y": "row", "x": "column", "value": "weight"}},
)


def chart() -> alt.LayerChart | alt.Chart:
    """A_tu: row t looks at column u; heads side by side."""
    return cells(
        "Rows look at columns",
        [theme.PAPER, theme.BLUE],
        0.0,
        "No attention map: choose the network token attention and data with an order.",
        {"left": 64, "right": 12, "bottom": 60},
    )
