"""Closing a lab: a widget that is dropped stays in ipywidgets' registry, with its layout and its style, until it is closed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import ipywidgets as ipw


def close_all(roots: Iterable[ipw.Widget]) -> None:
    """Close these widgets and everything that they contain: children, layouts, styles, the bus of a chart."""
    waiting, found = list(roots), dict[int, ipw.Widget]()
    while waiting:
        widget = waiting.pop()
        if id(widget) not in found:
            found[id(widget)] = widget
            waiting += [part for name in widget.keys for part in _widgets(getattr(widget, name))]
    for widget in found.values():
        ipw.Widget.close(widget)  # not its own method, which may be what called this function


def _widgets(value: Any) -> Iterator[ipw.Widget]:
    """The widgets in the value of a trait."""
    if isinstance(value, ipw.Widget):
        yield value
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _widgets(each)
