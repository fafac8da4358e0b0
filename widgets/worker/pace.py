"""How often something may happen: at most `rate` times a second, and never for more than a share of the worker's time."""

import os
import select
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any


class Pace:
    """What costs c seconds comes again after c/share at the earliest, so that it takes `share` of the time at most."""

    def __init__(self, rate: float, share: float) -> None:
        self.rate, self.share = rate, share
        self.last, self.cost = -1e9, 0.0

    def due(self, now: float) -> bool:
        """Whether it may happen again."""
        return now - self.last >= max(1 / self.rate, self.cost / self.share)

    @contextmanager
    def spending(self) -> Iterator[None]:
        """Do it now, and note what it cost."""
        self.last = time.perf_counter()
        try:
            yield
        finally:
            spent = time.perf_counter() - self.last
            self.cost = 0.7 * self.cost + 0.3 * spent if self.cost else spent  # one interruption is not the rule


class Speedometer:
    """Steps a second over the last `SPAN` seconds; 0 until there are two readings."""

    SPAN = 2.0

    def __init__(self) -> None:
        self.readings: deque[tuple[float, int]] = deque()  # time, step

    def read(self, now: float, number: int) -> float:
        """The speed at this time and step."""
        self.readings.append((now, number))
        while len(self.readings) > 2 and now - self.readings[1][0] >= self.SPAN:
            self.readings.popleft()
        begin, first = self.readings[0]
        return (number - first) / (now - begin) if now > begin else 0.0


def ear(connection: "Connection[Any, Any]") -> Callable[[float | None], bool]:
    """Whether a command comes within so many seconds. `Connection.poll` makes a selector each time, 60 µs a step; this one is kept."""
    if os.name != "posix":
        return connection.poll
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return lambda seconds: bool(poll.poll(None if seconds is None else 1000 * seconds))
