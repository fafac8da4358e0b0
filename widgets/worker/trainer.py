"""The training side of a worker: steps, probes in between, frames for the screen, checkpoints. `serve` adds the commands."""

import logging
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from models.estimators import NotApplicableError
from models.inference.checkpoint import save_run
from models.inference.guard import DivergenceError
from models.inference.run import Run
from widgets.worker.history import Curves, point
from widgets.worker.pictures import pictures_of
from widgets.worker.probing import FIRST, Probing

FRAMES = 12.0  # a second
LOOKS = 6.0  # at the latent space, a second
GRIDS = 1.0  # a second
SAVES = 5.0  # seconds between two checkpoints
SPEEDS = {"slow": 3.0, "normal": 60.0, "full": None}  # steps a second
_log = logging.getLogger(__name__)


class Trainer:
    """Holds at most one run and everything that is seen of it."""

    def __init__(self, connection: "Connection[Any, Any]") -> None:
        self.connection = connection
        self.run: Run | None = None
        self.folder: Path | None = None
        self.state, self.speed = "idle", "full"
        self.waiting: list[tuple[float, ...]] = []
        self.next_step = self.last_frame = self.last_look = self.last_grid = self.last_save = 0.0
        self.rate, self.rate_from = 0.0, (0.0, 0)
        self.against = False
        self.names: tuple[str, ...] = FIRST

    def send(self, **message: Any) -> None:
        """Send one message to the kernel."""
        self.connection.send(message)

    def _adopt(self, run: Run, curves: Curves) -> None:
        self.run, self.curves, self.waiting = run, curves, []
        self.pictures, self.probing = pictures_of(run), Probing(run, self.names)
        now = time.perf_counter()
        self.next_step = self.last_grid = self.last_frame = now
        self.last_save = now
        self.rate, self.rate_from = 0.0, (now, run.number)

    def _need_run(self) -> Run:
        if self.run is None:
            raise ValueError("There is no run yet. Press Run to start one.")
        return self.run

    def _work(self) -> None:
        now = time.perf_counter()
        if self.run is None:
            return
        if self.probing.work is not None:
            self._probe()
        elif self.state == "running" and now >= self.next_step:
            self._train()
        if self.state != "running":
            return
        if now - self.last_frame >= 1 / FRAMES:
            self._frame(grid=now - self.last_grid >= 1 / GRIDS)
        if self.probing.due(now):
            self.probing.start_ladder() if self.against else self.probing.start()
        if now - self.last_save >= SAVES:
            self._save()

    def _train(self) -> None:
        run, pace = self._need_run(), SPEEDS[self.speed]
        try:
            step = next(run)
        except StopIteration:
            return self._rest("finished")
        except DivergenceError as trouble:
            return self._fail(trouble.cause, trouble.remedy, step_size=trouble.step_size)
        except NotApplicableError as refusal:  # what only the model's own factors can tell
            return self._fail(str(refusal), "")
        self.waiting.append(point(step))
        self.next_step = max(self.next_step + 1 / pace, time.perf_counter() - 1 / pace) if pace else 0.0
        if run.number >= run.settings.stop_at:
            self._rest("finished")
        return None

    def _probe(self) -> None:
        done = self.probing.slice()
        if done is None or not done[0]:
            return
        kind, rows = done
        if kind == "variance":
            self.curves.variance += rows
        self.send(kind=kind, rows=np.asarray(rows, np.float32).reshape(-1, 5), number=self._need_run().number)

    def _frame(self, *, grid: bool = False) -> None:
        run, now = self._need_run(), time.perf_counter()
        since, number = self.rate_from
        if now - since > 0.5:
            self.rate, self.rate_from = (run.number - number) / (now - since), (now, run.number)
        points = np.asarray(self.waiting, np.float32).reshape(-1, 5)
        self.curves.elbo += self.waiting
        self.waiting, self.last_frame = [], now
        message = {"kind": "frame", "number": run.number, "points": points, "rate": self.rate}
        if grid or now - self.last_look >= 1 / LOOKS:
            message |= self.pictures.look()
            self.last_look = now
        if grid:
            message["grid"], self.last_grid = self.pictures.grid(), now
        self.send(**message)

    def _look_again(self) -> None:
        self._frame(grid=True)
        self.probing.start_ladder() if self.against else self.probing.start(fine=True)

    def _rest(self, state: str) -> None:
        self._set_state(state)
        self._look_again()
        self._save()

    def _fail(self, cause: str, remedy: str, **values: Any) -> None:
        self.state = "failed"
        if self.run is not None:
            self.probing.work = None
            self._frame()
        self.send(
            kind="state",
            state="failed",
            cause=cause,
            remedy=remedy,
            number=self.run.number if self.run else 0,
            **values,
        )
        self._save()

    def _set_state(self, state: str) -> None:
        self.state = state
        self.send(kind="state", state=state, number=self._need_run().number)

    def _save(self) -> None:
        if self.run is None or self.folder is None:
            return
        try:
            save_run(self.run, self.folder)
            self.curves.save(self.folder, self.waiting)
        except OSError as error:
            _log.warning("The run could not be saved: %s", error)
            if self.state == "running":
                self.send(
                    kind="unsaved",
                    sentence=f"This run cannot be saved ({error.strerror or error}). Free some space; it goes on meanwhile.",
                )
        self.last_save = time.perf_counter()
