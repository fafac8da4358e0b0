"""A sign of life once a second, however long a step takes: a process that gives none was stopped, or its computer was suspended."""

import contextlib
import threading
import time
from collections.abc import Callable

from elbo_room.widgets.messages import Alive, Message
from elbo_room.widgets.worker.faults import HungUpError

EVERY = 1.0  # seconds


class Pulse:
    """A thread that sends `Alive` where nothing else was sent for a second."""

    def __init__(self, send: Callable[[Message], None]) -> None:
        self.send = send
        self.spoken = time.monotonic()  # when the last message went
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True, name="elbo-room-pulse")

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def _beat(self) -> None:
        with contextlib.suppress(HungUpError):
            while not self._over.wait(EVERY):
                if time.monotonic() - self.spoken >= EVERY:
                    self.send(Alive())

    def stop(self) -> None:
        """End it; it may be in the middle of a message."""
        self._over.set()
