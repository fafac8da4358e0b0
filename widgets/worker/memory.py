"""Returning a run's memory to the system: garbage in cycles, and freed pages that the C library would keep for itself.

After a scene of long texts that is half a gigabyte, which no scene would use again.
"""

import ctypes
import gc
import math
import time
from collections.abc import Callable
from functools import cache

from elbo_room.models.training.run import Run

LATER = 2.0  # seconds after a start


def let_go() -> None:
    """Collect garbage and return what is free; .1 s where most modules are frozen, as in a worker process.

    In the thread of a notebook's kernel a collection would look at all modules, .3 s: there Python collects when it sees fit.
    """
    if gc.get_freeze_count():
        gc.collect()
    return_pages()


def return_pages() -> None:
    """Give freed memory back to the system."""
    _trim()(0)


@cache
def _trim() -> Callable[[int], object]:
    """Glibc's `malloc_trim`; other C libraries return pages by themselves."""
    try:
        trim: Callable[[int], object] = ctypes.CDLL(None).malloc_trim
    except (OSError, TypeError, AttributeError):  # macOS, musl, Windows
        return lambda _: None
    return trim


class Tidying:
    """When a worker frees memory: once it has nothing to do, and a while after a run has replaced another."""

    def __init__(self) -> None:
        self._tidied: tuple[int, int] | None = None
        self._due = math.inf

    def soon(self) -> None:
        """Another run has begun: let it be shown first."""
        self._due = time.monotonic() + LATER

    def turn(self) -> None:
        """Free the previous run's memory, when it is time."""
        if time.monotonic() >= self._due:
            self._due = math.inf
            let_go()

    def rest(self, run: Run | None) -> None:
        """There is nothing to do: free memory, unless no step was made since the last time."""
        here = (id(run), run.number if run is not None else 0)
        if here != self._tidied:
            self._tidied, self._due = here, math.inf
            let_go()
