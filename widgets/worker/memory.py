"""What a run leaves behind goes back to the system: garbage in cycles, and freed pages that the C library would keep for itself.

After a scene of long texts that is half a gigabyte, which no scene would use again.
"""

import ctypes
import gc
from collections.abc import Callable
from functools import cache

from elbo_room.models.inference.run import Run


def let_go() -> None:
    """Collect garbage and return what is free; a few ms where the modules are frozen, as in a worker process.

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


class Idle:
    """A worker that has nothing to do lets go once of what its last steps and pictures took."""

    def __init__(self) -> None:
        self._tidied: tuple[int, int] | None = None

    def tidy(self, run: Run | None) -> None:
        """Let go, unless no step was made since the last time."""
        here = (id(run), run.number if run is not None else 0)
        if here != self._tidied:
            self._tidied = here
            let_go()
