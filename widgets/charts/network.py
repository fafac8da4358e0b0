"""Panel C: the network as nodes and edges on a canvas, drawn by `network_diagram.js`; no Vega view."""

from typing import Any

from elbo_room.widgets import theme
from elbo_room.widgets.painting.views import View

VIEW = View("c", "network", models=("deep_generative", "conditional"), place=11)


def chart() -> dict[str, Any]:
    """Columns of units, left to right, and the weights between them; colours are the sign."""
    datasets = {name: {"mode": "bars"} for name in ("nodes", "edges", "columns", "parameters", "weights")}
    colours = {"positive": theme.BLUE, "negative": theme.VERMILLION, "dark": theme.DARK}
    return {"usermeta": {"title": "Network", "datasets": datasets, **colours}}
