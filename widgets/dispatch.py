"""Which function takes which declared type: of actions, commands and messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


class Dispatch:
    """Functions by the type of what they take."""

    def __init__(self) -> None:
        self.handlers: dict[type, list[Callable[[Any], None]]] = {}

    def on(self, kind: type[T], handler: Callable[[T], None]) -> None:
        """Let this function take what is of this type, after those that take it already."""
        self.handlers.setdefault(kind, []).append(handler)

    def when(self, kind: type, handler: Callable[[], None]) -> None:
        """The same for a function that needs to know no more than that it came."""
        self.on(kind, lambda _: handler())

    def __call__(self, item: object) -> None:
        """Hand an item to its functions, in the order in which they were registered."""
        for handler in self.handlers.get(type(item), ()):
            handler(item)
