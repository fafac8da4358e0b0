"""One panel: a Vega view that stays alive in the browser while its data come over the bus."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import anywidget
import traitlets

from elbo_room.widgets import built_assets
from elbo_room.widgets.wire.bus import Bus

EVENTS = frozenset({"hover", "leave", "click", "zoom", "drag", "pins", "draw", "lasso"})
MOST_NUMBERS = 10_000  # in one list sent by a page
_log = logging.getLogger(__name__)


class LiveChart(anywidget.AnyWidget):
    """A chart of `widgets/charts` that is drawn once; afterwards only numbers are sent.

    Args:
        name: one of the charts that `python -m elbo_room.widgets.prepare` wrote (it also names the chart on the bus).
        bus: the page's bus.
        spec: another Vega-Lite specification over named data, instead of the prepared one.
    """

    _esm = built_assets.script("chart")
    drawing = traitlets.Unicode("panel", help="which of the bus's drawings it is").tag(sync=True)
    name = traitlets.Unicode().tag(sync=True)
    bus = anywidget.WidgetTrait().tag(sync=True)
    spec = traitlets.Dict().tag(sync=True)
    datasets = traitlets.Dict().tag(sync=True)
    params = traitlets.Dict(help="values of the chart's named parameters: numbers, booleans or lists of numbers").tag(
        sync=True
    )
    labels = traitlets.List(traitlets.Unicode(), help="names of the classes in a cloud, drawn as plain text").tag(
        sync=True
    )
    summary = traitlets.Unicode(help="one sentence for a screen reader").tag(sync=True)
    heading = traitlets.Unicode(help="title above the plot instead of the specification's own").tag(sync=True)
    waiting = traitlets.Unicode(help="text of the panel while it has nothing to draw").tag(sync=True)
    height = traitlets.Unicode("100%", help="CSS height of the panel's fixed box").tag(sync=True)

    def __init__(self, name: str, bus: Bus, **traits: Any) -> None:
        """Use the prepared specification of `name` unless the caller passes a `spec`."""
        spec = traits.pop("spec", None) or built_assets.spec(name)
        traits.setdefault("datasets", spec.get("usermeta", {}).get("datasets", {}))
        self._callbacks: list[Callable[[str, dict[str, Any]], None]] = []
        super().__init__(name=name, bus=bus, spec=spec, **traits)
        self.on_msg(self._on_message)

    @property
    def title(self) -> str:
        """Its specification's title."""
        return str(self.spec["usermeta"].get("title", self.name))

    def mode(self, dataset: str, *allowed: str) -> dict[str, Any]:
        """Return how `dataset` is drawn; an error lists the existing datasets."""
        found = self.datasets.get(dataset)
        if found is None or found["mode"] not in allowed:
            fitting = [name for name, how in self.datasets.items() if how["mode"] in allowed]
            raise ValueError(
                f"{dataset!r} came as a dataset of the chart {self.name!r} for {' or '.join(allowed)}. "
                f"Allowed are: {', '.join(fitting) or 'none'}. Use one of these, or the bus method that fits."
            )
        return found

    def set(self, **params: float | bool | list[float]) -> None:
        """Set named parameters (`split`, `active`, `domain`); unchanged values are not sent."""
        self.params = {**self.params, **params}

    def on_event(self, callback: Callable[[str, dict[str, Any]], None]) -> None:
        """Call `callback(kind, content)` on hover, leave, click and zoom. It must return quickly."""
        self._callbacks.append(callback)

    def _on_message(self, _: Any, content: Any, __: Any) -> None:
        if not isinstance(content, dict) or content.get("kind") not in EVENTS:
            return
        numbers = {key: value for key, value in content.items() if key != "kind" and _is_number(value)}
        for callback in self._callbacks:
            try:
                callback(content["kind"], numbers)
            except Exception:  # noqa: BLE001 (no front end shows an error of a callback: leave a trace, go on)
                _log.exception("The chart %s could not handle the event %s.", self.name, content["kind"])


def _is_number(value: Any) -> bool:
    if isinstance(value, list):
        return len(value) <= MOST_NUMBERS and all(isinstance(each, int | float) for each in value)
    return value is None or isinstance(value, bool | int | float)
