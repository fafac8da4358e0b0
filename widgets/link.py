"""The link to a worker: a process of its own, or a thread that runs the same loop for a model handed over from a notebook.

The process is started from a forkserver that has torch and `models` loaded (Linux), else spawned. A kernel that dies takes its worker
with it: the worker's end of the pipe closes, it saves its run and leaves.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import sys
import threading
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from models.inference.run import Run
    from models.inference.settings import Settings

PRELOAD = ["models.catalogue", "models.inference.run", "widgets.worker.serve", "sklearn.datasets", "torch._dynamo"]
PATIENCE = 3.0  # seconds a worker gets to save and leave by itself


class Link(Protocol):
    """What a session needs of a worker."""

    def start(self) -> None:
        """Start the worker; may take seconds, so call it off the pump's thread."""

    def send(self, name: str, **values: Any) -> None:
        """Send one command; a worker that is gone is noticed by `problem`, not here."""

    def receive(self) -> list[dict[str, Any]]:
        """Return what has come since the last call, without waiting."""

    def problem(self) -> str | None:
        """Return None, or why no more messages will come."""

    def close(self) -> None:
        """Let the worker save and leave; end it if it does not."""


def _messages(connection: Connection[Any, Any]) -> list[dict[str, Any]]:
    found = []
    with contextlib.suppress(EOFError, OSError):
        while connection.poll(0):
            found.append(connection.recv())
    return found


def _process(connection: Connection[Any, Any]) -> None:
    """The worker process's main function."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupted cell must not stop the training
    from widgets.worker.serve import serve, warm_up

    warm_up()
    serve(connection)


class ProcessLink:
    """A worker process."""

    def __init__(self) -> None:
        self._ours: Connection[Any, Any] | None = None
        self._early: list[tuple[str, dict[str, Any]]] = []
        self._lock = threading.Lock()
        self._closed = False
        self.process: Any = None

    def start(self) -> None:
        """Start it; commands given meanwhile wait."""
        method = "forkserver" if sys.platform == "linux" else "spawn"
        context = multiprocessing.get_context(method)
        if method == "forkserver":
            context.set_forkserver_preload(PRELOAD)
        ours, theirs = context.Pipe()
        process = context.Process(target=_process, args=(theirs,), daemon=True, name="elbo-room-worker")  # type: ignore[attr-defined]
        process.start()
        theirs.close()
        with self._lock:
            self.process, self._ours = process, ours
            for command in self._early:
                ours.send(command)
            self._early = []
        if self._closed:
            self.close()

    def send(self, name: str, **values: Any) -> None:
        """Send one command, or keep it until the worker is there."""
        with self._lock, contextlib.suppress(OSError):
            if self._ours is None:
                self._early.append((name, values))
            else:
                self._ours.send((name, values))

    def receive(self) -> list[dict[str, Any]]:
        """Return what has come."""
        return _messages(self._ours) if self._ours else []

    def problem(self) -> str | None:
        """Return None, or how the process ended."""
        if self.process is None or self.process.is_alive():
            return None
        code = self.process.exitcode
        return f"it was ended by signal {-code}" if code and code < 0 else f"it left with code {code}"

    def close(self) -> None:
        """Ask it to leave, then make it."""
        self._closed = True
        self.send("close")
        process = self.process
        if process is None:
            return
        process.join(PATIENCE)
        for end in (process.terminate, process.kill):
            if process.is_alive():
                end()
                process.join(1)
        if self._ours:
            self._ours.close()


class ThreadLink:
    """The same loop in a thread of the kernel, for a model that lives in the notebook. torch then runs on one thread there."""

    def __init__(self, factory: Callable[[Settings], Run]) -> None:
        self._ours, self._theirs = multiprocessing.Pipe()
        self._factory = factory
        self._error: str | None = None
        self.thread = threading.Thread(target=self._main, daemon=True, name="elbo-room-worker")

    def _main(self) -> None:
        try:
            from widgets.worker.serve import serve

            serve(self._theirs, self._factory)
        except Exception as error:  # noqa: BLE001 - whatever it is, the page must say it
            self._error = f"{type(error).__name__}: {error}"
        finally:
            self._theirs.close()

    def start(self) -> None:
        """Start the thread."""
        self.thread.start()

    def send(self, name: str, **values: Any) -> None:
        """Send one command."""
        with contextlib.suppress(OSError):
            self._ours.send((name, values))

    def receive(self) -> list[dict[str, Any]]:
        """Return what has come."""
        return _messages(self._ours)

    def problem(self) -> str | None:
        """Return None, or why the thread ended."""
        if self.thread.ident is None or self.thread.is_alive():
            return None
        return self._error or "its thread ended"

    def close(self) -> None:
        """Ask it to leave and wait for its last checkpoint."""
        self.send("close")
        if self.thread.is_alive():
            self.thread.join(PATIENCE)
