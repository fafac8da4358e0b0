"""The network diagram in a panel: a chart on the bus that is not a Vega view, but nodes and edges on a canvas."""

from __future__ import annotations

from typing import Any

from elbo_room.widgets import built_assets
from elbo_room.widgets.screen.live_chart import LiveChart


class NetworkDiagram(LiveChart):
    """Draws what `elbo_room.widgets.worker.pictures.network` describes.

    A click on a unit or a weight calls back `select` with `name` and `unit`: a site of q and its coordinate, or a parameter
    of the network and the index of the weight in it (row by row).
    """

    _esm = built_assets.script("network_diagram")

    def _on_message(self, _: Any, content: Any, __: Any) -> None:
        chosen = (
            selection(self.labels, content) if isinstance(content, dict) and content.get("kind") == "click" else None
        )
        if chosen is None:
            return
        for callback in self._callbacks:
            callback("select", chosen)


def selection(labels: list[str], content: dict[str, Any]) -> dict[str, Any] | None:
    """The target of a click: {name, unit, layer}; None where there is no parameter."""
    numbers = {
        name: content.get(name) for name in ("layer", "unit", "parameter", "element", "site", "columns", "parameters")
    }
    if not all(isinstance(value, int | float) for value in numbers.values()):
        return None
    layer, unit, parameter, element, site, columns, parameters = (int(value) for value in numbers.values())  # type: ignore[arg-type]
    if site >= 0:
        at, place = 2 * columns + parameters + site, unit
    elif parameter >= 0:
        at, place = 2 * columns + parameter, element
    else:
        return None
    return {"name": labels[at], "unit": place, "layer": layer} if 0 <= at < len(labels) else None
