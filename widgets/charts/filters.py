"""What a convolution's filters look for: the learned weights, next to the true motif where it is known."""

import altair as alt

from elbo_room.widgets import theme
from elbo_room.widgets.charts.cells import cells
from elbo_room.widgets.painting.views import View

VIEW = View(
    "d",
    "filters",
    models=("deep_generative", "conditional"),
    place=2,
    shows="What the filters of a convolution look for.",
    axes="Across: the position in the window. Up: the channel, such as a letter of DNA.",
    reading=(
        "Blue speaks for the filter's pattern, orange against it. Where the true motif is known it is drawn "
        "beside them."
    ),
    tables={"cells": {"x": "position", "y": "channel", "value": "weight"}},
)


def chart() -> alt.LayerChart | alt.Chart:
    """Weights of a filter by position and channel; blue is for, orange against."""
    return cells(
        "Filters (blue: for, orange: against)",
        [theme.VERMILLION, theme.PAPER, theme.BLUE],
        -1.0,
        "No filters: choose a convolution and data with an order.",
        {"left": 30, "right": 12, "bottom": 26},
    )
