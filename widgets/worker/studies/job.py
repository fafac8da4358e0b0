"""A study in progress: in a fork of the worker, or where that is impossible in slices of its loop, on a copy of the run."""

import contextlib
import logging
import multiprocessing
import os
import pickle
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any, NoReturn, Protocol

from elbo_room.models.training.run import Run
from elbo_room.widgets.worker.measuring.process import end, possible, settle
from elbo_room.widgets.worker.measuring.quiet import QUIET
from elbo_room.widgets.worker.replay import copied
from elbo_room.widgets.worker.studies.study import Finding, Study

TOLD = 0.3  # seconds from one share to the next
SLICE = 0.02  # seconds of a slice in the loop
NICER = 3  # than the measuring process
Answer = float | Finding | Exception
_log = logging.getLogger(__name__)


class Job(Protocol):
    """A study in progress."""

    patience: float  # seconds that the loop may rest

    def answers(self) -> list[Answer]:
        """What is new: shares, and at last what was found, or why nothing was."""

    def close(self) -> None:
        """End it, finished or not."""


def begin(study: Study, run: Run) -> Job:
    """Begin at the run's present step."""
    return Forked(study, run) if possible() else InLoop(study, run)


class Forked:
    """In a process of its own; it never outlives the worker."""

    patience = 0.1

    def __init__(self, study: Study, run: Run) -> None:
        self.connection, theirs = multiprocessing.Pipe()
        worker = os.getpid()
        with QUIET:
            self.pid = os.fork()
        if self.pid == 0:
            _live(study, run, theirs, worker)
        theirs.close()

    def answers(self) -> list[Answer]:
        """What has been sent since the last call."""
        found: list[Answer] = []
        try:
            while self.connection.poll(0):
                found.append(pickle.loads(self.connection.recv_bytes()))  # noqa: S301 - of our own process
        except (EOFError, OSError):
            if not found:
                found.append(RuntimeError("its process has died; perhaps there is not enough memory"))
        return found

    def close(self) -> None:
        """End the process; it has nothing to save."""
        end(self.pid, self.connection)


def _live(study: Study, run: Run, connection: "Connection[Any, Any]", worker: int) -> NoReturn:
    """The forked process's whole life. It must never return into the worker's loop, whose clean-up would save the run."""
    try:
        settle(connection, worker)
        os.nice(NICER)
        for answer in paced(study.parts(run)):
            connection.send_bytes(pickle.dumps(answer))
    except (EOFError, OSError):  # the worker is gone
        pass
    except BaseException as error:  # noqa: BLE001 - whatever it is, the page must say it
        _log.exception("A study failed.")
        with contextlib.suppress(OSError):
            connection.send_bytes(pickle.dumps(RuntimeError(f"{type(error).__name__}: {error}")))
    finally:
        os._exit(0)


def paced(parts: Iterator[float | Finding]) -> Iterator[float | Finding]:
    """Shares only now and then, and all findings."""
    last = 0.0
    for part in parts:
        now = time.perf_counter()
        if not isinstance(part, float) or now - last > TOLD:
            last = now
            yield part


class InLoop:
    """In slices between steps."""

    patience = 0.0

    def __init__(self, study: Study, run: Run) -> None:
        copy = copied(run)
        copy.number = run.number
        self.parts = study.parts(copy)
        self.told = 0.0

    def answers(self) -> list[Answer]:
        """Run one slice."""
        end, share = time.perf_counter() + SLICE, None
        try:
            for part in self.parts:
                if not isinstance(part, float):
                    return [part]
                share = part
                if time.perf_counter() > end:
                    break
        except Exception as error:  # noqa: BLE001 - whatever it is, the page must say it
            return [error]
        if share is None or time.perf_counter() - self.told < TOLD:
            return []
        self.told = time.perf_counter()
        return [share]

    def close(self) -> None:
        """Nothing to end."""
