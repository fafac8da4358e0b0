"""How often something may happen: at most `rate` times a second, and never for more than a share of the worker's time."""

import math
import os
import select
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any


class Pace:
    """Work that costs c seconds is repeated after c/share seconds at the earliest, so that it takes `share` of the time at most."""

    def __init__(self, rate: float, share: float) -> None:
        self.rate, self.share = rate, share
        self.last, self.cost = -1e9, 0.0

    @classmethod
    def unlimited(cls) -> "Pace":
        """Whatever it costs, it may happen each time."""
        return cls(math.inf, math.inf)

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


class CommandPoll:
    """Hears commands, and wakes for one other connection. `Connection.poll` makes a selector each time, 60 µs a step; this one is kept."""

    def __init__(self, connection: "Connection[Any, Any]") -> None:
        self.connection = connection
        self.other = False  # whether the other connection had something to say at the last call
        self._listened: int | None = None
        self._poll = select.poll() if os.name == "posix" else None
        if self._poll:
            self._poll.register(connection.fileno(), select.POLLIN)

    def listen(self, other: "Connection[Any, Any] | None") -> None:
        """Wake for this one too, or for none."""
        if self._poll is None:
            return
        if self._listened is not None:
            self._poll.unregister(self._listened)
        self._listened, self.other = None if other is None else other.fileno(), False
        if self._listened is not None:
            self._poll.register(self._listened, select.POLLIN)

    def __call__(self, seconds: float | None) -> bool:
        """Whether a command comes within so many seconds; False sooner when the other connection has something to say."""
        if self._poll is None:
            return self.connection.poll(seconds)
        ready = [number for number, _ in self._poll.poll(None if seconds is None else 1000 * seconds)]
        self.other = self._listened in ready
        return self.connection.fileno() in ready
