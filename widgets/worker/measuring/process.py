"""A process next to the worker that measures while training continues: a fork, so that model, data and code are shared memory.

The worker copies the parameters into shared memory and sends a request; the process picks both up between two slices of its work,
acknowledges, and sends back what it finds. It never outlives the worker: the kernel ends it when the worker dies, however that dies.
"""

import contextlib
import ctypes
import gc
import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, NoReturn

from elbo_room.models.training.run import Run
from elbo_room.widgets.worker.measuring.probing import Probing, Request
from elbo_room.widgets.worker.measuring.quiet import QUIET
from elbo_room.widgets.worker.measuring.rows import Measured
from elbo_room.widgets.worker.measuring.shared_parameters import SharedParameters
from elbo_room.widgets.worker.memory import let_go, return_pages

HANG = 60.0  # seconds without a word, while it has work, after which it counts as hung
NICE = 2  # where both want a core, training has priority; the schedule keeps measuring within its share
FIRST_TO_GO = "700"  # of 1000: where memory runs out, this process ends rather than the one that trains
_PR_SET_PDEATHSIG = 1
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Taken:
    """The request has been read."""


@dataclass(frozen=True)
class Alive:
    """A slice of the work was done, with nothing to show yet."""


@dataclass(frozen=True)
class Done:
    """The measurement is complete."""

    spent: float  # seconds of CPU


class MeasuringLostError(Exception):
    """The measuring process died, hangs, or could not measure here."""


def possible() -> bool:
    """Whether this process may be forked: Linux, its main thread, and no threads but Python's, which keep quiet meanwhile."""
    if sys.platform != "linux" or threading.current_thread() is not threading.main_thread():
        return False
    return len(os.listdir("/proc/self/task")) == threading.active_count()  # noqa: PTH208


class MeasuringProcess:
    """The worker's side. At most one request is unread, so that sending never waits."""

    parallel = True  # training goes on meanwhile

    def __init__(self, run: Run) -> None:
        """Fork."""
        self.run, self.parameters = run, SharedParameters(run.parameters)
        self.connection, theirs = multiprocessing.Pipe()
        self.count = 0  # of requests
        self.free, self.busy, self.spent = True, False, 0.0
        self.heard = time.perf_counter()
        worker = os.getpid()
        with QUIET:
            self.pid = os.fork()
        if self.pid == 0:
            _live(run, self.parameters, theirs, worker)
        theirs.close()

    def begin(self, request: Request) -> None:
        """Measure this, at the parameters as they are now; the measurement in progress is dropped. Only while `free`."""
        self.parameters.write()
        self.count += 1
        self.free, self.busy, self.heard = False, True, time.perf_counter()
        try:
            self.connection.send((self.count, request))
        except OSError as error:
            raise MeasuringLostError("it has left") from error

    def drop(self) -> None:
        """Cancel the measurement in progress; its messages are ignored."""
        self.busy = False

    def receive(self) -> Iterator[Measured]:
        """Its results for the newest request.

        Raises:
            MeasuringLostError: it has died, hangs, or cannot measure.
        """
        try:
            while self.connection.poll(0):
                count, reply = self.connection.recv()
                self.heard = time.perf_counter()
                if isinstance(reply, Exception):
                    raise MeasuringLostError(str(reply)) from reply
                if count == self.count:
                    yield from self._handle(reply)
        except (EOFError, OSError) as error:
            raise MeasuringLostError("it has died") from error
        if self.overdue(time.perf_counter()):
            raise MeasuringLostError(f"nothing was heard of it for {HANG:.0f} s")

    def overdue(self, now: float) -> bool:
        """Whether it has work and has been silent for too long."""
        return (self.busy or not self.free) and now - self.heard > HANG

    def _handle(self, reply: Taken | Alive | Done | Measured) -> Iterator[Measured]:
        if isinstance(reply, Taken):
            self.free = True
        elif isinstance(reply, Done):
            self.busy, self.spent = False, reply.spent
        elif not isinstance(reply, Alive) and self.busy:
            yield reply

    def close(self) -> None:
        """End it; it has nothing to save."""
        end(self.pid, self.connection)


def _live(run: Run, parameters: SharedParameters, connection: "Connection[Any, Any]", worker: int) -> NoReturn:
    """The forked process's whole life. It must never return into the worker's loop, whose clean-up would save the run."""
    try:
        settle(connection, worker)
        _serve(run, parameters, Probing(run), connection)
    except (EOFError, OSError):  # the worker is gone
        pass
    except BaseException:  # noqa: BLE001 - whatever it is, nothing of the worker's may run here
        _log.exception("The measuring process failed.")
    finally:
        os._exit(0)


def end(pid: int, connection: "Connection[Any, Any]") -> None:
    """End a forked process that has nothing to save."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)
    connection.close()


def settle(connection: "Connection[Any, Any]", worker: int) -> None:
    """Detach from the worker: close its sockets, drop its signal handlers, and end when it ends."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != worker:  # it died in between
        os._exit(0)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    let_go()  # of the run before, which the worker has still to do: here its pages would stay
    gc.freeze()  # collections would touch, and so copy, all that is shared
    for low, high in ((3, connection.fileno()), (connection.fileno() + 1, os.sysconf("SC_OPEN_MAX"))):
        os.closerange(low, high)
    return_pages()  # free memory of the worker's, of which this process would keep a copy as soon as the worker uses it
    os.nice(NICE)
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:  # noqa: PTH123
        file.write(FIRST_TO_GO)


def _serve(run: Run, parameters: SharedParameters, probing: Probing, connection: "Connection[Any, Any]") -> None:
    count = 0
    while True:
        if connection.poll(None if probing.work is None else 0.0):
            count, request = connection.recv()
            parameters.read()
            connection.send((count, Taken()))
            take_up(run, request)
            probing.start(request)
        try:
            message = probing.slice()
        except Exception as error:  # noqa: BLE001 - the worker decides what to do about it
            connection.send((count, RuntimeError(f"{type(error).__name__}: {error}")))
            continue
        connection.send((count, message or Alive()))
        if probing.work is None:
            connection.send((count, Done(probing.spent)))
            return_pages()


def take_up(run: Run, request: Request) -> None:
    """Bring a copy of a run, whose parameters are set already, to the request's step and settings."""
    changed = run.settings != request.settings
    run.number, run.settings = request.number, request.settings
    if changed and hasattr(run.model, "update"):
        run.model.update(run.settings)
