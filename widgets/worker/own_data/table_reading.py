"""A user's own tables, read during training: one at a time, in the order of the requests."""

import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from elbo_room.widgets.worker.own_data.own_table import OwnTable


@dataclass(frozen=True)
class Reading:
    """The result of a request: a table, or the exception that reading it ended with."""

    table: OwnTable | None
    error: Exception | None


class TableReading:
    """A thread that reads tables. The file may be slow or damaged, and training must not wait for it."""

    def __init__(self) -> None:
        self.requests: queue.SimpleQueue[Callable[[], OwnTable] | None] = queue.SimpleQueue()
        self.read: queue.SimpleQueue[Reading] = queue.SimpleQueue()
        self.unanswered = 0
        self.thread: threading.Thread | None = None

    def ask(self, request: Callable[[], OwnTable]) -> None:
        """Read this table when those before it have been read."""
        self.unanswered += 1
        self.requests.put(request)
        if self.thread is None:
            self.thread = threading.Thread(target=self._serve, daemon=True, name="elbo-room-tables")
            self.thread.start()

    def _serve(self) -> None:
        while (request := self.requests.get()) is not None:
            try:
                found = Reading(request(), None)
            except Exception as error:  # noqa: BLE001 - the worker reports it on the page
                found = Reading(None, error)
            self.read.put(found)

    def answers(self, *, wait: bool = False) -> Iterator[Reading]:
        """What has been read since the last call; with `wait` all that was asked for."""
        while self.unanswered and (wait or not self.read.empty()):
            found = self.read.get()
            self.unanswered -= 1
            yield found

    def close(self) -> None:
        """End the thread, after what it is reading now."""
        self.requests.put(None)
