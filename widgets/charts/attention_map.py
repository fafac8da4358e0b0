"""Where each token looks: row t of the map A = softmax(QK'/√d) is on the simplex."""

import altair as alt

from elbo_room.widgets import theme
from elbo_room.widgets.charts.cells import cells
from elbo_room.widgets.painting.views import View

VIEW = View("c", "attention map", models=("deep_generative", "conditional"), place=10, choices=("text",))


def chart() -> alt.LayerChart | alt.Chart:
    """A_tu: row t looks at column u; heads side by side."""
    return cells(
        "Rows look at columns",
        [theme.PAPER, theme.BLUE],
        0.0,
        "No attention map: choose the network token attention and data with an order.",
        {"left": 64, "right": 12, "bottom": 60},
    )
