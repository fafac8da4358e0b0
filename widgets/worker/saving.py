"""Saving beside training: the loop copies the run between two steps, and a thread writes the copy to the disk.

A save of c seconds that is asked for every s seconds leaves s + c seconds of work at stake: the copy is c seconds old when it is on the
disk, and the next one is s seconds away. So s is as long as its cost asks for, and as short as `STAKE` allows.
"""

import contextlib
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, wait
from dataclasses import dataclass
from pathlib import Path

from elbo_room.models.run_file import STATE
from elbo_room.models.training.checkpoint import write_bytes
from elbo_room.widgets.wire.history_file import FILE, REPLAY_FILE
from elbo_room.widgets.worker.measuring.quiet import QUIET
from elbo_room.widgets.worker.pace import Pace

STAKE = 5.0  # seconds of training that a sudden end may cost
OFTEN, SHARE = (
    2.0,
    0.01,
)  # seconds between two saves at least where they are cheap; the largest share of the time that they take otherwise
SLACK = 0.5  # seconds for what is not foreseen
FIRST_SAVE = 0.25  # seconds that the first frame waits at most until its step is on the disk


def interval(cost: float) -> float:
    """Seconds from the beginning of one save to that of the next, where one takes `cost` seconds."""
    return min(max(OFTEN, cost / SHARE), max(STAKE - SLACK - cost, 0.0))


@dataclass(frozen=True)
class Job:
    """What is to be written, of which step."""

    number: int
    write: Callable[[], None]


@dataclass(frozen=True)
class Outcome:
    """How a save ended."""

    number: int
    error: Exception | None


@dataclass(frozen=True)
class Parts:
    """What a run's folder holds, as copies that are packed when they are written."""

    state: Callable[[], bytes]
    curves: Callable[[], bytes]
    states: (
        tuple[Callable[[], bytes], Callable[[], None]] | None
    )  # of replay, where they are due; and what notes that they are kept
    data: Callable[[Path], None] | None  # notes which data the run was trained on, where that is not there yet
    pace: Pace  # of the states

    def write(self, folder: Path) -> None:
        """Write them; the data first, without which the run could not be read again."""
        folder.mkdir(parents=True, exist_ok=True)
        sweep(folder)
        with QUIET:  # what computes; the disk, which may be slow, is waited for outside
            if self.data is not None:
                self.data(folder)
            state, curves = self.state(), self.curves()
        write_bytes(folder / STATE, state)
        write_bytes(folder / FILE, curves)
        if self.states is not None:
            self._write_states(folder, *self.states)

    def _write_states(self, folder: Path, pack: Callable[[], bytes], done: Callable[[], None]) -> None:
        with self.pace.spending():
            with QUIET:
                content = pack()
            if content:
                write_bytes(folder / REPLAY_FILE, content)
                done()


class Saver:
    """One save at a time, in a thread; the loop asks for its outcome."""

    def __init__(self, thread: Executor, clock: Callable[[], float] = time.monotonic) -> None:
        self.thread, self.clock = thread, clock
        self.begun, self.cost = -1e9, 0.0
        self.asked = -1  # the step that was copied last
        self._running: Future[Outcome] | None = None

    @property
    def free(self) -> bool:
        """Whether none is running."""
        return self._running is None

    def due(self) -> bool:
        """Whether another save may begin: none is running, and the last one began long enough ago."""
        return self.free and self.clock() - self.begun >= interval(self.cost)

    def begin(self, job: Job) -> None:
        """Write it in the background. The one before must have ended and been collected."""
        self.asked = job.number
        self._running = self.thread.submit(self._carried_out, job)

    def now(self, job: Job) -> Outcome:
        """Write it in this thread."""
        self.asked = job.number
        return self._carried_out(job)

    def _carried_out(self, job: Job) -> Outcome:
        self.begun = self.clock()
        try:
            job.write()
        except Exception as error:  # noqa: BLE001 - a full disk, no memory, tensors that cannot be written: training goes on
            return Outcome(job.number, error)
        finally:
            self.cost = self.clock() - self.begun
        return Outcome(job.number, None)

    def collect(self, seconds: float | None = 0.0) -> Outcome | None:
        """How the save in the background ended, once it has; waits so long for it, or for as long as it takes."""
        if self._running is None or not wait([self._running], seconds).done:
            return None
        running, self._running = self._running, None
        return running.result()


def sweep(folder: Path) -> None:
    """Remove what a process that was killed in the middle of a save has left in a run's folder."""
    for partial in folder.glob("*.aside"):
        with contextlib.suppress(OSError):
            partial.unlink()
