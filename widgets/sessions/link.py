"""The link to a worker: a separate process, or a thread that runs the same loop for a model passed from a notebook.

The process is a plain `python -m elbo_room.widgets.worker` on one end of a socket pair, in its own session. (multiprocessing's
forkserver starts faster a second time, but its resource tracker ignores SIGTERM, so ipykernel would take 14 s to shut down.) A kernel
that dies, however it dies, closes its end of the pair; the worker then saves its run and leaves.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import elbo_room
from elbo_room.widgets.messages import Close, Command, Message

if TYPE_CHECKING:
    from collections.abc import Callable

    from elbo_room.models.training.run import Run
    from elbo_room.models.training.settings import InferenceSettings

PACKAGE = Path(elbo_room.__file__).parent.parent  # what a fresh interpreter needs on its path to import `elbo_room`
PATIENCE = 3.0  # seconds for a worker to save and exit by itself
INSISTENCE = 10.0  # further seconds after a signal: on a slow machine it may be saving


class Link(Protocol):
    """What a session needs from a worker."""

    def start(self) -> None:
        """Start the worker; may take seconds, so do not call it on the pump's thread."""

    def send(self, command: Command) -> None:
        """Send one command; a worker that is gone is noticed by `problem`, not here."""

    def receive(self) -> list[Message]:
        """Return what has come since the last call, without waiting."""

    def problem(self) -> str | None:
        """Return None, or why no more messages will come."""

    def close(self) -> None:
        """Let the worker save and leave; end it if it does not."""


def _messages(connection: Connection[Any, Any]) -> list[Message]:
    found = []
    with contextlib.suppress(EOFError, OSError):
        while connection.poll(0):
            found.append(connection.recv())
    return found


def _spawn(connection: Connection[Any, Any]) -> None:
    """The worker process's main function where sockets cannot be inherited (Windows)."""
    from elbo_room.widgets.worker.__main__ import main

    main(connection)


class _Spawned:
    """A multiprocessing process with the few methods of `subprocess.Popen` that the link uses."""

    def __init__(self, connection: Connection[Any, Any]) -> None:
        context = multiprocessing.get_context("spawn")
        self.process = context.Process(target=_spawn, args=(connection,), daemon=True, name="elbo-room-worker")
        self.process.start()
        self.pid, self.terminate, self.kill = self.process.pid, self.process.terminate, self.process.kill

    def poll(self) -> int | None:
        """None while it lives, else its exit code."""
        return self.process.exitcode

    def wait(self, timeout: float) -> None:
        """Wait for its end; raise as Popen does when it does not come."""
        self.process.join(timeout)
        if self.process.is_alive():
            raise subprocess.TimeoutExpired("worker", timeout)


def _start_process(connection: Connection[Any, Any]) -> subprocess.Popen[bytes] | _Spawned:
    if os.name != "posix":
        return _Spawned(connection)
    paths = os.pathsep.join(filter(None, [str(PACKAGE), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "elbo_room.widgets.worker", str(connection.fileno())]
    nothing = subprocess.DEVNULL
    return subprocess.Popen(
        command, pass_fds=[connection.fileno()], env=environment, start_new_session=True, stdin=nothing, stdout=nothing
    )


class ProcessLink:
    """A worker process."""

    def __init__(self) -> None:
        self._ours, self._theirs = multiprocessing.Pipe()
        self._lock = threading.Lock()
        self._closed = False
        self.process: subprocess.Popen[bytes] | _Spawned | None = None

    def start(self) -> None:
        """Start it; commands sent meanwhile wait in the pipe."""
        with self._lock:
            if self._closed:
                return
            self.process = _start_process(self._theirs)
            self._theirs.close()

    def send(self, command: Command) -> None:
        """Send one command."""
        with contextlib.suppress(OSError):
            self._ours.send(command)

    def receive(self) -> list[Message]:
        """Return what has come."""
        return _messages(self._ours)

    def problem(self) -> str | None:
        """Return None, or how the process ended."""
        code = self.process.poll() if self.process else None
        if code is None:
            return None
        return f"it was ended by signal {-code}" if code < 0 else f"it exited with code {code}"

    def close(self) -> None:
        """Ask it to exit, then force it."""
        with self._lock:
            self._closed = True
        self.send(Close())
        process = self.process
        if process is not None:
            for end, patience in ((None, PATIENCE), (self._wake_and_terminate, INSISTENCE), (process.kill, 2.0)):
                if end is not None:
                    end()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(patience)
                    break
        self._ours.close()

    def _wake_and_terminate(self) -> None:
        """A process that was stopped saves its run too."""
        if self.process is not None:
            self.process.terminate()
            if self.process.pid is not None and hasattr(signal, "SIGCONT"):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self.process.pid, signal.SIGCONT)


class ThreadLink:
    """The same loop in a thread of the kernel, for a model that lives in the notebook. torch then runs on one thread there."""

    def __init__(self, factory: Callable[[InferenceSettings], Run]) -> None:
        self._ours, self._theirs = multiprocessing.Pipe()
        self._factory = factory
        self._error: str | None = None
        self.thread = threading.Thread(target=self._main, daemon=True, name="elbo-room-worker")

    def _main(self) -> None:
        try:
            from elbo_room.widgets.worker.serve import serve

            serve(self._theirs, self._factory)
        except Exception as error:  # noqa: BLE001 - whatever it is, the page must say it
            self._error = f"{type(error).__name__}: {error}"
        finally:
            self._theirs.close()

    def start(self) -> None:
        """Start the thread."""
        self.thread.start()

    def send(self, command: Command) -> None:
        """Send one command."""
        with contextlib.suppress(OSError):
            self._ours.send(command)

    def receive(self) -> list[Message]:
        """Return what has come."""
        return _messages(self._ours)

    def problem(self) -> str | None:
        """Return None, or why the thread ended."""
        if self.thread.ident is None or self.thread.is_alive():
            return None
        return self._error or "its thread ended"

    def close(self) -> None:
        """Ask it to leave and wait for its last checkpoint."""
        self.send(Close())
        if self.thread.is_alive():
            self.thread.join(PATIENCE)
