"""The network diagram in a panel: a chart on the bus that is not a Vega view, but nodes and edges on a canvas."""

from __future__ import annotations

from typing import Any

import traitlets

from elbo_room.widgets.screen.live_chart import LiveChart


class NetworkDiagram(LiveChart):
    """Draws what `elbo_room.widgets.worker.pictures.network` describes.

    A click on a unit or a weight calls back `select` with `name` and `unit`: a site of q and its coordinate, or a parameter
    of the network and the index of the weight in it (row by row). A change of the architecture calls back `reshape` with the
    `name` of a knob in `offers` and its new `value`.
    """

    drawing = traitlets.Unicode("network").tag(sync=True)
    offers = traitlets.List(help="what a click on the drawing changes: `elbo_room.widgets.screen.architecture`").tag(
        sync=True
    )

    def _on_message(self, _: Any, content: Any, __: Any) -> None:
        kind = content.get("kind") if isinstance(content, dict) else None
        if kind == "click":
            chosen = selection(self.labels, content)
            kind = "select"
        elif kind == "reshape":
            chosen = change(self.offers, content)
        else:
            return
        if chosen is None:
            return
        for callback in self._callbacks:
            callback(kind, chosen)


def change(offers: list[dict[str, Any]], content: dict[str, Any]) -> dict[str, Any] | None:
    """The knob that is to be changed, and its value; None where it is not on offer."""
    name, value = content.get("name"), content.get("value")
    offered = next((offer for offer in offers if offer["name"] == name and not offer["reason"]), None)
    return {"name": name, "value": value} if offered and isinstance(value, bool | int | str) else None


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
