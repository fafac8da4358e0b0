"""The worker's loop: commands in, frames out, over one connection; the same in a process and in a thread.

A command is (name, values); the names are the methods of `Worker` that begin with `on_`. What goes back are plain dictionaries of
numbers, strings and numpy arrays. Training goes as fast as it can; a frame leaves `FRAMES` times a second.
"""

import contextlib
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import torch

from elbo_room.models.catalogue import settings_from
from elbo_room.models.estimators import ESTIMATORS
from elbo_room.models.settings import SettingError
from elbo_room.models.training.run import Run
from elbo_room.models.training.settings import InferenceSettings
from elbo_room.widgets.messages import Explore
from elbo_room.widgets.painting.views import panel_b
from elbo_room.widgets.wire.history_file import VARIANCE_COLUMNS, table
from elbo_room.widgets.worker.faults import HungUpError, refusal
from elbo_room.widgets.worker.history import Curves
from elbo_room.widgets.worker.memory import Tidying
from elbo_room.widgets.worker.own_data.user_data import UserDataWorker
from elbo_room.widgets.worker.pace import Speedometer
from elbo_room.widgets.worker.pictures.evidence import CHART
from elbo_room.widgets.worker.pictures.prior_predictive import prior_functions
from elbo_room.widgets.worker.trainer import EVIDENCE_PART, PROBE_PART, Prepared

Factory = Callable[[InferenceSettings], Run]


class Worker(UserDataWorker):
    """One session's trainer, driven by commands."""

    def __init__(self, connection: "Connection[Any, Any]", factory: Factory = Run) -> None:
        super().__init__(connection)
        self.factory = factory
        self.tidying = Tidying()
        self.prior_of: dict[str, Any] | None = None  # settings whose prior is to be drawn when no command waits

    def serve(self) -> None:
        """Serve until the other end closes; the run is saved then."""
        try:
            self.send(kind="ready")
            while self._commands():
                self._work()
                self.tidying.turn()
        except (HungUpError, EOFError, OSError):
            pass
        finally:
            with contextlib.suppress(HungUpError):
                self._save()
            self.tables.close()
            if self.run is not None:
                self.measuring.close()

    def _commands(self) -> bool:
        """Carry out what has come; wait for it when there is nothing else to do. False on `close`."""
        while self.heard(self._wait()):
            name, values = self.connection.recv()
            if name == "close":
                return False
            self._carry_out(name, values)
        self.take_tables()
        self._draw_prior()
        return True

    def _carry_out(self, name: str, values: dict[str, Any]) -> None:
        self.attempt(name, lambda: getattr(self, f"on_{name}")(**values), values.get("folder"))

    def attempt(self, name: str, work: Callable[[], None], folder: str | None = None) -> None:
        """A command that fails is refused with a sentence; the run and everything else stay as they were."""
        answer: dict[str, Any] = {}
        try:
            work()
        except (SettingError, ValueError) as error:
            answer = {"kind": "refused", "command": name, "sentence": str(error)}
        except Exception as error:  # noqa: BLE001 - whatever it is, the page must say it
            answer = refusal(name, error)
        if answer:
            self.send(**answer, state=self.state, folder=folder)

    def _wait(self) -> float | None:
        """The same as `_patience`; a worker that is about to rest tidies up first."""
        patience = self._patience()
        if patience is None:
            self.tidying.rest(self.run)
        return patience

    def _patience(self) -> float | None:
        """How long to wait for a command: not at all while there is work, for ever while there is none."""
        to_do = self.run is not None and (self._to_measure() or self._to_weigh())
        if to_do or self.prior_of is not None or (self.state == "running" and self.speed == "full"):
            return 0.0
        if self.state == "running":
            return max(0.0, min(0.05, self.next_step - time.perf_counter()))
        if self.tables.unanswered:
            return 0.05
        return 1.0 if self.run is not None and self.measuring.away else None

    def _to_measure(self) -> bool:
        """Whether the loop has something to do for panel B."""
        return PROBE_PART not in self.faults.resting and self.measuring.pending()

    def _to_weigh(self) -> bool:
        """Whether a run that rests has its evidence weighed, or to be weighed."""
        job = self.evidence_job
        return (
            self.state != "running"
            and EVIDENCE_PART not in self.faults.resting
            and (job.work is not None or job.due(self.watched, time.perf_counter(), running=False))
        )

    def on_start(
        self, settings: dict[str, Any], folder: str, speed: str = "full", *, resume: bool = False, play: bool = True
    ) -> None:
        """Build a run from settings, or take up the one saved in `folder`; the run before it stays until this one is complete."""
        self._save()
        curves, place = Curves(), Path(folder)
        origin = self._resumed(place) if resume else self._made(settings_from(settings))
        if resume:
            curves.load(place, origin.run.number)
        new = Prepared.of(origin.run, place, curves, self.names, self.view)
        new.keep_data = origin.keep_data
        told = [self._about(new) | origin.about() | {"kind": "started", "folder": folder}, new.selection.about()]
        self._adopt(new)
        self.tidying.soon()
        self.own, self.features, self.speed = origin.own, origin.features, speed
        for message in told:
            self.send(**message)
        self._set_state("running" if play and new.run.number < new.run.settings.stop_at else "paused")
        if self.state == "running":  # the first frame carries the first step
            self.last_frame = 0.0
        else:
            self._frame(grid=True)

    def _about(self, new: Prepared) -> dict[str, Any]:
        run = new.run
        return {
            "settings": vars(run.settings),
            "number": run.number,
            "curves": new.curves.tables(),
            **new.pictures.about(),
        }

    def on_play(self) -> None:
        """Go on."""
        run = self._need_sound_run()
        if run.number >= run.settings.stop_at:
            raise ValueError(
                f"The run has reached its last step, {run.number}. Raise 'Stop at' to go on, or Reset to begin anew."
            )
        self.measuring.drop()  # what is measured at rest takes long, and training is waited for
        self.next_step = time.perf_counter()
        self.speedometer = Speedometer()
        self._set_state("running")

    def on_pause(self) -> None:
        """Stop after the present step and keep everything."""
        if self.state == "running":
            self._rest("paused")

    def on_step(self) -> None:
        """Make one step and rest."""
        self._need_sound_run()
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
        self.faults.forget()
        self._look_again() if self.state != "running" else self.measuring.change()

    def on_view(self, view: str) -> None:
        """Measure from now on what this view of panel B shows."""
        if view not in panel_b():
            raise ValueError(f"Panel B was to show {view!r}; choose one of: {', '.join(panel_b())}.")
        self.view = view
        if self.run is not None:
            self.selection.view = view
            self.faults.forget()
            self.measuring.redirect()

    def on_select(self, index: int | None = None, name: str | None = None, unit: int | None = None) -> None:
        """Look at one parameter of q from now on, chosen from the list or in a drawing; its past is drawn again."""
        self._need_run()
        selection = self.selection
        if index is not None and not 0 <= index < len(selection.choices):
            raise ValueError(
                f"Parameter number {index} was chosen; there are {len(selection.choices)}. Choose one in the list."
            )
        selection.choose(index, name, unit)
        self.send(**selection.about())
        rows = self.curves.variance.table() if selection.whole else table(selection.past(), VARIANCE_COLUMNS)
        self.send(kind="variance", anew=True, rows=rows)
        self.faults.forget()
        self.measuring.redirect()

    def on_estimators(self, names: list[str]) -> None:
        """Measure these estimators from now on."""
        unknown = [name for name in names if name not in ESTIMATORS]
        if unknown or not names:
            raise ValueError(f"Panel B was to show {unknown or 'nothing'}; choose among: {', '.join(ESTIMATORS)}.")
        self.names = tuple(name for name in ESTIMATORS if name in names)
        if self.run is not None:
            self.selection.names = self.names
            self.faults.forget()
            self.measuring.redirect()

    def on_watch(self, names: list[str]) -> None:
        """These charts are in sight: pictures that nobody sees are not drawn."""
        self.watched = frozenset(names)
        if self.run is not None:
            self.pictures.watched = self.watched
            self.faults.forget()
            if CHART not in self.watched:
                self.evidence_job.stop()
            self._shown_anew()

    def on_decode(self, number: int, x: float, y: float, row: int = -1) -> None:
        """Decode one place of the shown plane exactly, or the mean of q of a datum of the cloud."""
        self._need_run()
        self.send(kind="decoded", number=number, values=self.pictures.decode(x, y, row))

    def on_explore(self, **wanted: Any) -> None:
        """Show the latent space in another colour or plane, with places pinned, a walk through it, or data marked."""
        self._need_run()
        self.pictures.explore(Explore(**wanted))
        self.faults.forget()
        self._shown_anew()

    def on_prior(self, settings: dict[str, Any]) -> None:
        """Draw functions from the prior of these settings, whatever is running; of several such wishes only the last is carried out."""
        self.prior_of = settings

    def _draw_prior(self) -> None:
        wanted, self.prior_of = self.prior_of, None
        if wanted is None:
            return
        try:
            settings = settings_from(wanted)
            self.send(kind="prior", **prior_functions(settings, self.data_for(vars(settings)["data"])))
        except ValueError as error:
            self.send(kind="refused", command="prior", sentence=str(error))
        except Exception as error:  # noqa: BLE001 - whatever it is, the page must say it
            self.send(**refusal("prior", error))

    def on_save(self) -> None:
        """Write a checkpoint now."""
        self._save()


def serve(connection: "Connection[Any, Any]", factory: Factory = Run) -> None:
    """Serve one connection on one torch thread: for models this small a second thread only costs."""
    torch.set_num_threads(1)
    Worker(connection, factory).serve()
