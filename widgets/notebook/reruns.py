"""One lab per cell: running a cell again closes what it made before, and everything is closed when the kernel ends."""

from __future__ import annotations

import atexit
import uuid
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class Closable(Protocol):
    """What a cell made."""

    def close(self) -> None:
        """Release processes and widgets."""


_open: dict[Cell | str | None, weakref.ref[Closable]] = {}


@dataclass(frozen=True)
class Cell:
    """A notebook cell and its kernel, both with identifiers that survive a restart of the kernel."""

    kernel: str
    cell: str


PROCESS = uuid.uuid4().hex  # one life of a kernel: a restart makes another


def running_cell() -> Cell | None:
    """The running cell; None outside of notebooks, and if the front end does not identify its cells."""
    try:
        from ipykernel.connect import get_connection_file
        from IPython import get_ipython

        cell = str(get_ipython().get_parent().get("metadata", {}).get("cellId", ""))
        return Cell(Path(get_connection_file()).stem, cell) if cell else None
    except (ImportError, AttributeError, RuntimeError):
        return None


def _code() -> str | None:
    """The code that the kernel runs now; None outside of a kernel."""
    try:
        from IPython import get_ipython

        return str(get_ipython().get_parent()["content"]["code"])
    except (ImportError, AttributeError, KeyError):
        return None


def replace_earlier(made: Closable, at_exit: Closable) -> None:
    """Close what the running cell made before; `at_exit` is closed with the kernel, if `made` is still alive then."""
    key = running_cell() or _code()  # Voilà does not identify its cells: there a cell is what it runs
    earlier = _open.get(key, lambda: None)()
    if earlier is not None:
        earlier.close()
    _open[key] = alive = weakref.ref(made)
    atexit.register(_close_if_alive, alive, weakref.ref(at_exit))


def _close_if_alive(made: weakref.ref[Closable], at_exit: weakref.ref[Closable]) -> None:
    last = at_exit()
    if made() is not None and last is not None:
        last.close()
