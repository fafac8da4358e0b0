"""The worker's loop: commands in, frames out, over one connection; the same in a process and in a thread.

A command is (name, values); the names are the methods of `Worker` that begin with `on_`. What goes back are plain dictionaries of
numbers, strings and numpy arrays. Training goes as fast as it can; a frame leaves `FRAMES` times a second.
"""

import logging
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import torch

from models.inference.checkpoint import load_run, save_run
from models.inference.guard import DivergenceError
from models.inference.run import Run
from models.inference.settings import Settings
from models.settings import SettingError
from widgets.worker.history import Curves, point
from widgets.worker.pictures import Pictures
from widgets.worker.probing import Probing

FRAMES = 12.0  # a second
GRIDS = 1.0  # a second
SAVES = 5.0  # seconds between two checkpoints
SPEEDS = {"slow": 3.0, "normal": 60.0, "full": None}  # steps a second
_log = logging.getLogger(__name__)

Factory = Callable[[Settings], Run]


class Worker:
    """One session's trainer. It holds at most one run."""

    def __init__(self, connection: "Connection[Any, Any]", factory: Factory = Run) -> None:
        self.connection, self.factory = connection, factory
        self.run: Run | None = None
        self.folder: Path | None = None
        self.state, self.speed = "idle", "full"
        self.waiting: list[tuple[float, ...]] = []
        self.next_step = self.last_frame = self.last_grid = self.last_save = 0.0
        self.rate, self.rate_from = 0.0, (0.0, 0)
        self.against = False

    def serve(self) -> None:
        """Serve until the other end closes; the run is saved then."""
        self.send(kind="ready")
        try:
            while self._commands():
                self._work()
        except (EOFError, OSError):
            pass
        finally:
            self._save()

    def send(self, **message: Any) -> None:
        """Send one message to the kernel."""
        self.connection.send(message)

    # commands

    def _commands(self) -> bool:
        """Carry out what has come; wait for it when there is nothing else to do. False on `close`."""
        while self.connection.poll(self._patience()):
            name, values = self.connection.recv()
            if name == "close":
                return False
            try:
                getattr(self, f"on_{name}")(**values)
            except (SettingError, ValueError) as refusal:
                self.send(kind="refused", command=name, sentence=str(refusal))
            except Exception as error:  # noqa: BLE001 - whatever it is, the page must say it
                _log.exception("The command %s failed.", name)
                self._fail(
                    f"The worker could not do {name!r}: {type(error).__name__}: {error}.", "Reset, or reload the page."
                )
        return True

    def _patience(self) -> float | None:
        """How long to wait for a command: not at all while there is work, for ever while there is none."""
        probing = self.run is not None and self.probing.work is not None
        if probing or (self.state == "running" and self.speed == "full"):
            return 0.0
        return max(0.0, min(0.05, self.next_step - time.perf_counter())) if self.state == "running" else None

    def on_start(
        self, settings: dict[str, Any], folder: str, speed: str = "full", *, resume: bool = False, play: bool = True
    ) -> None:
        """Build a run from settings, or take up the one saved in `folder`."""
        self._save()
        self.state, self.folder = "idle", Path(folder)
        curves = Curves()
        run = load_run(self.folder) if resume else self.factory(Settings(**settings))
        if resume:
            curves.load(self.folder, run.number)
        self._adopt(run, curves)
        self.speed = speed
        self.send(
            kind="started",
            settings=vars(run.settings),
            number=run.number,
            curves=curves.tables(),
            **self.pictures.about(),
        )
        self._set_state("running" if play and run.number < run.settings.stop_at else "paused")
        self._frame(grid=True)
        self.probing.start()

    def _adopt(self, run: Run, curves: Curves) -> None:
        self.run, self.curves, self.waiting = run, curves, []
        self.pictures, self.probing = Pictures(run), Probing(run)
        now = time.perf_counter()
        self.next_step = self.last_grid = self.last_frame = now
        self.last_save = now
        self.rate, self.rate_from = 0.0, (now, run.number)

    def on_play(self) -> None:
        """Go on."""
        run = self._need_run()
        if run.number >= run.settings.stop_at:
            raise ValueError(
                f"The run has reached its last step, {run.number}. Raise 'Stop at' to go on, or Reset to begin anew."
            )
        self.probing.work = None
        self.next_step = time.perf_counter()
        self.rate_from = (self.next_step, run.number)
        self._set_state("running")

    def on_pause(self) -> None:
        """Stop after the present step and keep everything."""
        if self.state == "running":
            self._rest("paused")

    def on_step(self) -> None:
        """Make one step and rest."""
        self._need_run()
        self.state = "running"
        self._train()
        if self.state == "running":
            self._rest("paused")

    def on_speed(self, speed: str) -> None:
        """Set the pace: slow, normal or full."""
        self.speed, self.next_step = speed, time.perf_counter()

    def on_change(self, **values: Any) -> None:
        """Change live settings of the run; they act at the next step."""
        run = self._need_run()
        run.change(**values)
        self.send(kind="changed", number=run.number, values=values)
        if self.state == "finished" and run.number < run.settings.stop_at:
            self._set_state("paused")
        if self.state != "running":
            self._look_again()

    def on_against(self, *, show: bool) -> None:
        """Measure variance against B from now on, or no longer."""
        self.against = show
        if show and self.run is not None:
            self.probing.start_ladder()

    def on_decode(self, number: int, x: float, y: float) -> None:
        """Decode one point of the shown plane exactly."""
        self._need_run()
        self.send(kind="decoded", number=number, values=self.pictures.decode(x, y))

    def on_traverse(self, dimension: int) -> None:
        """Decode along one dimension."""
        self._need_run()
        self.send(kind="traversed", dimension=dimension, values=self.pictures.traverse(dimension))

    def on_save(self) -> None:
        """Write a checkpoint now."""
        self._save()

    def _need_run(self) -> Run:
        if self.run is None:
            raise ValueError("There is no run yet. Press Run to start one.")
        return self.run

    # work

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
        message = {"kind": "frame", "number": run.number, "points": points, "rate": self.rate, **self.pictures.look()}
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


def serve(connection: "Connection[Any, Any]", factory: Factory = Run) -> None:
    """Serve one connection on one torch thread: for models this small a second thread only costs."""
    torch.set_num_threads(1)
    Worker(connection, factory).serve()


def warm_up() -> None:
    """Touch once what the first step would otherwise wait for: the optimiser's imports, the data, autograd."""
    torch.set_num_threads(1)
    run = Run(Settings(stop_at=2))
    for _ in run:
        pass
    Pictures(run).look()
