"""The training side of a worker: steps, probes in between, frames for the screen, checkpoints. `serve` adds the commands."""

import logging
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from elbo_room.models.estimators import NotApplicableError
from elbo_room.models.inference.checkpoint import save_run
from elbo_room.models.inference.guard import DivergenceError
from elbo_room.models.inference.run import Run
from elbo_room.widgets.views import ONE_STEP
from elbo_room.widgets.worker.history import Curves, RunningMean, point, table
from elbo_room.widgets.worker.pace import Pace, ear
from elbo_room.widgets.worker.pictures import pictures_of
from elbo_room.widgets.worker.pictures.cells import merged
from elbo_room.widgets.worker.pictures.one_step import SECONDS, OneStep
from elbo_room.widgets.worker.probing import FIRST, Probing
from elbo_room.widgets.worker.weighing import Weighing

FRAMES = 10.0  # a second
LOOKS, LOOK_SHARE = 6.0, 0.015  # at the latent space, a second; of the worker's time at most
GRIDS, GRID_SHARE = 1.0, 0.01
SAVES, SAVE_SHARE = 0.2, 0.01
SPEEDS = {"slow": 3.0, "normal": 60.0, "full": None}  # steps a second
_log = logging.getLogger(__name__)


class Trainer:
    """Holds at most one run and everything that is seen of it."""

    def __init__(self, connection: "Connection[Any, Any]") -> None:
        self.connection, self.heard = connection, ear(connection)
        self.run: Run | None = None
        self.folder: Path | None = None
        self.state, self.speed = "idle", "full"
        self.waiting: list[tuple[float, ...]] = []
        self.mean = RunningMean()
        self.next_step = self.last_frame = 0.0
        self.looks, self.grids = Pace(LOOKS, LOOK_SHARE), Pace(GRIDS, GRID_SHARE)
        self.saves, self.saved = Pace(SAVES, SAVE_SHARE), -1  # the step that was saved last
        self.rate, self.rate_from = 0.0, (0.0, 0)
        self.view = "variance"
        self.names: tuple[str, ...] = FIRST
        self.watched: frozenset[str] = frozenset()  # the charts that are in sight

    def send(self, **message: Any) -> None:
        """Send one message to the kernel."""
        self.connection.send(message)

    def _adopt(self, run: Run, curves: Curves) -> None:
        self.run, self.curves, self.waiting = run, curves, []
        self.mean = RunningMean((step, elbo) for step, elbo in curves.elbo.table()[:, :2].tolist())
        self.pictures, self.probing = pictures_of(run), Probing(run, self.names, self.view)
        self.weighing = Weighing(run)
        self.pictures.watched = self.watched
        now = time.perf_counter()
        self.next_step = self.last_frame = now
        self.looks, self.grids = Pace(LOOKS, LOOK_SHARE), Pace(GRIDS, GRID_SHARE)
        self.saves.last, self.saved = now, -1
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
        self._weigh(now)
        if self.state != "running":
            return
        if now - self.last_frame >= 1 / FRAMES:
            self._frame(grid=self.grids.due(now))
        if self.probing.due(now):
            self.probing.start()
        if self.saves.due(now):
            self._save()

    def _weigh(self, now: float) -> None:
        """A slice of the evidence, when it is its turn."""
        weighing, running = self.weighing, self.state == "running"
        if weighing.stale(running=running):
            weighing.stop()
        if weighing.due(self.watched, now, running=running):
            weighing.start()
        if weighing.may(now, running=running) and (message := weighing.slice()):
            self.send(number=self._need_run().number, **message)

    def _train(self) -> None:
        run, slow = self._need_run(), self._told_slowly()
        pace = 1 / SECONDS if slow else SPEEDS[self.speed]
        try:
            taken = slow.ahead() if slow else None
            step = next(run)
        except StopIteration:
            return self._rest("finished")
        except DivergenceError as trouble:
            return self._fail(trouble.cause, trouble.remedy, change=trouble.change)
        except NotApplicableError as refusal:  # what only the model's own factors can tell
            return self._fail(str(refusal), "")
        if slow and taken:
            self.send(kind="evidence", **slow.show(taken, self.pictures.axes, seconds=SECONDS, made=True))
        self.waiting.append(point(step))
        self.mean.push(step.number, step.elbo)
        self.next_step = max(self.next_step + 1 / pace, time.perf_counter() - 1 / pace) if pace else 0.0
        if run.number >= run.settings.stop_at:
            self._rest("finished")
        return None

    @property
    def _steps(self) -> OneStep | None:
        """What takes steps apart, while somebody looks at it."""
        return getattr(self.pictures, "steps", None) if ONE_STEP in self.watched else None

    def _told_slowly(self) -> OneStep | None:
        """The same where each step is to be told stage by stage."""
        return self._steps if self.speed == "slow" else None

    def _probe(self) -> None:
        message = self.probing.slice()
        if message is None:
            return
        if "rows" in message:
            self.curves.variance.push(table(message.pop("whole", [])))
            message["rows"] = table(message["rows"])
        self.send(number=self._need_run().number, **message)

    def _frame(self, *, grid: bool = False) -> None:
        run, now = self._need_run(), time.perf_counter()
        since, number = self.rate_from
        if now - since > 0.5:
            self.rate, self.rate_from = (run.number - number) / (now - since), (now, run.number)
        elbo, mean = self._mean()
        points = table(self.waiting)
        self.curves.elbo.push(points)
        self.curves.mean.push(mean)
        self.waiting, self.last_frame = [], now
        message = {
            "kind": "frame",
            "number": run.number,
            "points": points,
            "rate": self.rate,
            "elbo": elbo,
            "mean": mean,
        }
        if grid or self.looks.due(now):
            if hasattr(self.pictures, "resting"):
                self.pictures.resting = self.state != "running"
            with self.looks.spending():
                message |= self.pictures.look()
                if (steps := self._steps) and not (self.speed == "slow" and steps.drawn):
                    message = merged(message, steps.show(steps.ahead(), self.pictures.axes))
        if grid:
            with self.grids.spending():
                message["grid"] = self.pictures.grid()
                if hasattr(self.pictures, "walk"):
                    message["walk"] = self.pictures.walk()
        self.send(**message)
        if hasattr(self.pictures, "scores"):
            scores = self.pictures.scores(leisure=self.state != "running")
            if scores is not None:
                self.send(kind="scores", number=run.number, **scores)

    def _mean(self) -> tuple[float | None, np.ndarray[Any, Any]]:
        """The ELBO's running mean, and as a new point (1, 2) of its line where steps were made."""
        run = self._need_run()
        elbo = self.mean.value(run.data.size, run.settings.batch_size)
        return elbo, table([(run.number, elbo)] if self.waiting else [], 2)

    def _look_again(self) -> None:
        self._frame(grid=True)
        self.probing.start(fine=True)

    def _shown_anew(self) -> None:
        """Something else is to be seen: at rest a frame shows it now, in training the next one."""
        if self.state != "running":
            self._frame(grid=True)
        else:
            self.looks.last = self.grids.last = -1e9

    def _rest(self, state: str) -> None:
        self._set_state(state)
        self._save()  # before the last frame: whoever sees that may start another run
        self._look_again()

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
        if self.saved == self.run.number >= self.run.settings.stop_at:
            return  # a finished run keeps the settings that made it, whatever is tried on it afterwards
        try:
            with self.saves.spending():
                save_run(self.run, self.folder)
                self.curves.save(self.folder, self.waiting, self._mean()[1])
            self.saved = self.run.number
            self.send(kind="saved")
        except OSError as error:
            _log.warning("The run could not be saved: %s", error)
            if self.state == "running":
                self.send(
                    kind="unsaved",
                    sentence=f"This run cannot be saved ({error.strerror or error}). Free some space; it goes on meanwhile.",
                )
