"""Panel C: the network as nodes and edges on a canvas, drawn by `network_diagram.js`; no Vega view."""

from typing import Any

from elbo_room.widgets import theme
from elbo_room.widgets.painting.views import View

VIEW = View(
    "c",
    "network",
    models=("deep_generative", "conditional"),
    place=11,
    shows="The network with its weights as they are now.",
    axes=(
        "Columns are layers, from the input on the left to the output on the right; circles are units, lines are "
        "weights."
    ),
    reading="Blue is positive, orange negative, a thick line is a large weight. Point at a part for its numbers.",
    tables={
        "columns": {"title": "layer", "size": "units"},
        "links": {
            "source": "weights from",
            "target": "to",
            "count": "drawn",
            "low": "least",
            "high": "largest",
            "size": "root mean square",
        },
    },
)


def chart() -> dict[str, Any]:
    """Columns of units, left to right, and the weights between them; colours are the sign."""
    datasets: dict[str, Any] = {name: {"mode": "bars"} for name in ("nodes", "edges", "parameters", "weights")}
    datasets |= {
        "columns": {"mode": "bars", "named": ["title"]},
        "links": {"mode": "bars", "named": ["source", "target"]},
    }
    colours = {"positive": theme.BLUE, "negative": theme.VERMILLION, "dark": theme.DARK}
    return {"usermeta": {"title": "Network", "datasets": datasets, **colours}}
