"""One lab a cell: running a cell again closes what it made before, and whatever is open is closed when the kernel ends."""

from __future__ import annotations

import atexit
import weakref
from typing import Protocol


class Closable(Protocol):
    """What a cell made."""

    def close(self) -> None:
        """Let go of processes and widgets."""


_open: dict[str, weakref.ref[Closable]] = {}


def _cell() -> str:
    """What names the running cell."""
    try:
        from IPython import get_ipython

        parent = get_ipython().get_parent()
        return str(parent.get("metadata", {}).get("cellId", ""))
    except (ImportError, AttributeError):
        return ""


def replace_earlier(made: Closable, at_exit: Closable) -> None:
    """Close what the running cell made before; `at_exit` is closed with the kernel, if `made` is still alive then."""
    key = _cell()
    earlier = _open.get(key, lambda: None)()
    if earlier is not None:
        earlier.close()
    _open[key] = alive = weakref.ref(made)
    atexit.register(_close_if_alive, alive, weakref.ref(at_exit))


def _close_if_alive(made: weakref.ref[Closable], at_exit: weakref.ref[Closable]) -> None:
    last = at_exit()
    if made() is not None and last is not None:
        last.close()
