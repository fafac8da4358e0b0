"""The worker's loop: commands in, frames out, over one connection; the same in a process and in a thread.

Commands and messages are the types of `elbo_room.widgets.messages`. Training goes as fast as it can; a frame leaves `FRAMES` times
a second.
"""

import contextlib
import time
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import torch

from elbo_room.models.catalogue import settings_from
from elbo_room.models.data import OWN
from elbo_room.models.estimators import ESTIMATORS
from elbo_room.models.probing.minibatch import MINIBATCH
from elbo_room.models.settings import SettingError
from elbo_room.models.training.run import Run
from elbo_room.widgets.dispatch import Dispatch
from elbo_room.widgets.messages import (
    BeginStudy,
    CancelStudy,
    Change,
    Changed,
    Close,
    Command,
    Decode,
    Decoded,
    DrawPrior,
    Explore,
    Export,
    Exported,
    Leave,
    Left,
    MakeStep,
    MeasureEstimators,
    Pause,
    Play,
    ReadTable,
    Ready,
    Refused,
    RenderStates,
    Save,
    SelectParameter,
    SetSpeed,
    Settings,
    ShowState,
    ShowView,
    Start,
    Started,
    UseFeatures,
    Variance,
    Watch,
)
from elbo_room.widgets.painting.views import panel_b
from elbo_room.widgets.wire.history_file import VARIANCE_COLUMNS, table
from elbo_room.widgets.worker.command_queue import CommandQueue
from elbo_room.widgets.worker.exporting import Exporting
from elbo_room.widgets.worker.faults import HungUpError, refusal
from elbo_room.widgets.worker.history import Curves
from elbo_room.widgets.worker.memory import Tidying
from elbo_room.widgets.worker.own_data.user_data import Factory, Origin, UserData
from elbo_room.widgets.worker.pace import Speedometer
from elbo_room.widgets.worker.pictures import Pictures
from elbo_room.widgets.worker.pictures.evidence import CHART
from elbo_room.widgets.worker.pictures.prior_predictive import prior_functions
from elbo_room.widgets.worker.replay import Rendering, Replay, copied
from elbo_room.widgets.worker.trainer import EVIDENCE_PART, PROBE_PART, REPLAY_PART, Prepared, Trainer


class Worker(Trainer):
    """One session's trainer, driven by commands."""

    def __init__(self, connection: "Connection[Any, Any]", factory: Factory = Run) -> None:
        super().__init__(connection)
        self.user_data = UserData(factory, self.send, self.attempt)
        self.tidying, self.queue = Tidying(), CommandQueue()
        self.exporting = Exporting()
        self.prior_of: Settings | None = None  # settings whose prior will be drawn when no command is waiting
        self.commands = Dispatch()
        self._register()

    def _register(self) -> None:
        on, when = self.commands.on, self.commands.when
        on(Start, self.start)
        when(Play, self.play)
        when(Pause, self.pause)
        when(MakeStep, self.make_step)
        on(SetSpeed, self.set_speed)
        on(Change, self.change)
        on(ShowView, self.show_view)
        on(SelectParameter, self.select)
        on(MeasureEstimators, self.measure_estimators)
        on(Watch, self.watch)
        on(Decode, self.decode)
        on(Explore, self.explore)
        on(ShowState, self.show_state)
        when(RenderStates, self.render_states)
        on(DrawPrior, self.draw_prior)
        on(ReadTable, self.user_data.read_table)
        on(UseFeatures, lambda wanted: self.user_data.use_features(wanted, self.run))
        on(Export, self.export)
        on(BeginStudy, lambda wanted: self.desk.begin(wanted.name, self._need_run()))
        when(CancelStudy, self.desk.cancel)
        when(Save, self._save)
        when(Leave, self.leave)

    def serve(self) -> None:
        """Serve until the other end closes; the run is saved then."""
        try:
            self.send(Ready())
            self.pulse.start()
            while self._commands():
                self._work()
                self.tidying.turn()
        except (HungUpError, EOFError, OSError):
            pass
        finally:
            self.pulse.stop()
            with contextlib.suppress(HungUpError):
                self._put_away()
            self.thread.shutdown()
            self.user_data.close()
            self.desk.close()
            if self.run is not None:
                self.measuring.close()

    def _commands(self) -> bool:
        """Carry out the commands that have arrived; wait for one when there is nothing else to do. False on `close`."""
        while self._fetch():
            command = self.queue.take()
            if isinstance(command, Close):
                return False
            self._carry_out(command)
        self.user_data.take_tables()
        self._send_files()
        self._draw_prior()
        self._replay()
        self._render()
        return True

    def _fetch(self) -> bool:
        """Take up all commands that have arrived; whether there is one to carry out."""
        while self.heard(0.0 if self.queue else self._wait()):
            self.queue.put(self.connection.recv())
        return bool(self.queue)

    def _carry_out(self, command: Command) -> None:
        folder = command.folder if isinstance(command, Start) else None
        self.attempt(type(command), lambda: self.commands(command), folder)

    def attempt(self, kind: type[Command], work: Callable[[], None], folder: str | None = None) -> None:
        """A command that fails is refused with a sentence; the run and everything else stay as they were."""
        try:
            work()
            return
        except (SettingError, ValueError) as error:
            sentence = str(error)
        except Exception as error:  # noqa: BLE001 - whatever it is, the page must say it
            sentence = refusal(kind, error)
        self.send(Refused(kind, sentence, self.state, folder))

    def _wait(self) -> float | None:
        """The same as `_patience`; a worker that is about to rest tidies up first."""
        patience = self._patience()
        if patience is None:
            self.tidying.rest(self.run)
        return patience

    def _patience(self) -> float | None:
        """How long to wait for a command: not at all while there is work, indefinitely while there is none."""
        to_do = self.run is not None and (self._to_measure() or self._to_weigh())
        if (
            to_do
            or self.prior_of is not None
            or self.wanted is not None
            or self.rendering is not None
            or (self.state == "running" and self.speed == "full")
        ):
            return 0.0
        if self.state == "running":
            return max(0.0, min(0.05, self.next_step - time.perf_counter()))
        if self.user_data.tables.unanswered or not self.saver.free or self.exporting.busy:
            return 0.05
        if self.desk.patience is not None:
            return self.desk.patience
        return 1.0 if self.run is not None and self.measuring.away else None

    def _to_measure(self) -> bool:
        """Whether the loop has something to do for panel B."""
        return PROBE_PART not in self.faults.resting and self.measuring.pending()

    def _to_weigh(self) -> bool:
        """Whether a resting run's evidence is being estimated or is due."""
        job = self.evidence_job
        return (
            self.state != "running"
            and EVIDENCE_PART not in self.faults.resting
            and (job.work is not None or job.due(self.watched, time.perf_counter(), running=False))
        )

    def start(self, wanted: Start) -> None:
        """Build a run, or resume a saved one; the previous run stays until this one is complete."""
        self._put_away()
        curves, place = Curves(), Path(wanted.folder)
        origin = (
            self.user_data.resumed(place)
            if wanted.resume
            else self.user_data.made(settings_from(dict(wanted.settings)))
        )
        if wanted.resume:
            curves.load(place, origin.run.number)
        else:
            origin.run.with_changes(wanted.changes)
        new = Prepared.of(origin.run, place, curves, self.names, self.view)
        new.keep_data = origin.keep_data
        new.states.begin(origin.run, place if wanted.resume else None)
        started, parameters = self._started(new, origin), new.selection.about()
        self._adopt(new)
        self.tidying.soon()
        self.user_data.adopt(origin)
        self.speed = wanted.speed
        self.send(started)
        self.send(parameters)
        self.desk.review(new.run)
        self._tell_record()
        if wanted.resume:  # from what is on the disk
            self.saved = self.saver.asked = new.run.number
        else:
            self._begin_save(new.run, place)
        self._set_state("running" if wanted.play and not new.run.ended else "paused")
        if self.state == "running":  # the first frame carries the first step
            self.last_frame = 0.0
        else:
            self._frame(grid=True)

    def _started(self, new: Prepared, origin: Origin) -> Started:
        return Started(
            number=new.run.number,
            settings=vars(new.run.settings),
            folder=str(new.folder),
            curves=new.curves.tables(),
            about=new.pictures.about(),
            featureless=origin.featureless,
            features_of=origin.features_of,
        )

    def play(self) -> None:
        """Go on."""
        run = self._need_sound_run()
        if run.ended:
            raise ValueError(
                f"The run has reached its last step, {run.number}. Raise 'Stop at' to continue, or Reset to start again."
            )
        self.measuring.drop()  # a measurement at rest takes long, and the user is waiting for training
        self.next_step = time.perf_counter()
        self.speedometer = Speedometer()
        self._set_state("running")

    def export(self, wanted: Export) -> None:
        """Make a file of what the run has learned at its present step, from a copy of it."""
        run = self._need_run()
        copy = copied(run)
        copy.number, copy.log, copy.initial_settings, copy.changes = (
            run.number,
            run.log,
            run.initial_settings,
            [*run.changes],
        )
        table = self.user_data.own
        stored = (
            table.path if table and table.path.endswith(".h5ad") and vars(run.settings).get("data") == OWN else None
        )
        self.exporting.ask(copy, wanted, self._measured(), stored)

    def _measured(self) -> list[tuple[int, dict[str, float]]]:
        """Every variance with its interval, by step; and ELBOs of steps that were made before the run was opened again."""
        names = [*ESTIMATORS, MINIBATCH]
        found: list[tuple[int, dict[str, float]]] = []
        for step, value, low, high, series in self.curves.variance.table().tolist():
            name = f"variance, {names[int(series)]}"
            found.append((int(step), {name: value, f"{name}, low": low, f"{name}, high": high}))
        log = self._need_run().log.table()
        first = log[0, 0] if len(log) else float("inf")
        earlier = self.curves.elbo.table()
        found += [
            (int(row[0]), {"elbo, before it was opened again": float(row[1])}) for row in earlier if row[0] < first
        ]
        found += [(step, {name: value}) for step, scores in self.scored for name, value in scores.items()]
        return found

    def _send_files(self) -> None:
        for found in self.exporting.answers():
            self.attempt(Export, partial(self._send_file, found))

    def _send_file(self, found: Exported | Exception) -> None:
        if isinstance(found, Exception):
            raise found
        self.send(found)

    def leave(self) -> None:
        """Save the run and hold none.

        Raises:
            ValueError: it cannot be saved, so it stays.
        """
        if self.run is not None:
            if self.state == "running":
                self._set_state("paused")
            if self.run.number > 0:
                self._save()
            if self.unsaved:
                raise ValueError(
                    f"The run on the screen cannot be saved ({self.unsaved}), so it stays there. Free some space and "
                    "choose the scene again, or press Run to train the scene now."
                )
            self.measuring.close()
            self.evidence_job.stop()
            self.desk.cancel()
            self.run = self.folder = self.keep_data = self.replay = self.wanted = None
            self.state = "idle"
        self.send(Left())

    def pause(self) -> None:
        """Stop after the current step and keep everything."""
        if self.state == "running":
            self._rest("paused")

    def make_step(self) -> None:
        """Make one step and rest."""
        self._need_sound_run()
        self.state = "running"
        self._train()
        if self.state == "running":
            self._rest("paused")

    def set_speed(self, wanted: SetSpeed) -> None:
        """Set the pace."""
        self.speed, self.next_step = wanted.speed, time.perf_counter()

    def change(self, wanted: Change) -> None:
        """Change live settings of the run; they act at the next step."""
        run = self._need_run()
        run.change(**wanted.values)
        run.drop_planned(wanted.values)
        self.states.note(run)
        self.send(Changed(number=run.number, values=wanted.values))
        self._tell_record()
        if self.state == "finished" and not run.ended:
            self._set_state("paused")
        self._review(wanted.values)
        self.faults.forget()
        self._look_again() if self.state != "running" else self.measuring.change()
        if self.state == "paused" and self.folder is not None:  # training would save it with its next steps
            self._begin_save(run, self.folder)

    def show_view(self, wanted: ShowView) -> None:
        """Measure from now on what this view of panel B shows."""
        view = wanted.view
        if view not in panel_b():
            raise ValueError(f"The variance panel was to show {view!r}; choose one of: {', '.join(panel_b())}.")
        self.view = view
        if self.run is not None:
            self.selection.view = view
            self.faults.forget()
            self.measuring.redirect()

    def select(self, wanted: SelectParameter) -> None:
        """Look at one parameter of q from now on, chosen from the list or in a drawing; its past is drawn again."""
        run, selection, index = self._need_run(), self.selection, wanted.index
        if index is not None and not 0 <= index < len(selection.choices):
            raise ValueError(
                f"Parameter number {index} was chosen; there are {len(selection.choices)}. Choose one in the list."
            )
        selection.choose(index, wanted.name, wanted.unit)
        self.send(selection.about())
        rows = self.curves.variance.table() if selection.whole else table(selection.past(), VARIANCE_COLUMNS)
        self.send(Variance(number=run.number, rows=rows, replaces=True))
        self.faults.forget()
        self.measuring.redirect()

    def measure_estimators(self, wanted: MeasureEstimators) -> None:
        """Measure these estimators from now on."""
        names = wanted.names
        unknown = [name for name in names if name not in ESTIMATORS]
        if unknown or not names:
            raise ValueError(
                f"The variance panel was to show {unknown or 'nothing'}; choose among: {', '.join(ESTIMATORS)}."
            )
        self.names = tuple(name for name in ESTIMATORS if name in names)
        if self.run is not None:
            self.selection.names = self.names
            self.faults.forget()
            self.measuring.redirect()

    def watch(self, wanted: Watch) -> None:
        """These charts are visible: hidden pictures are not drawn."""
        self.watched = frozenset(wanted.names)
        if self.run is not None:
            self.pictures.watched = self.watched
            self.faults.forget()
            if CHART not in self.watched:
                self.evidence_job.stop()
            self._show_again()

    def decode(self, wanted: Decode) -> None:
        """Decode one place of the shown plane exactly, or the mean of q of a row of the map."""
        self._need_run()
        self.send(Decoded(wanted.question, self._shown().decode(wanted.x, wanted.y, wanted.row)))

    def _shown(self) -> Pictures:
        """The pictures on the page: of the newest step, or of the one that is replayed."""
        return self.replay.pictures if self.replay else self.pictures

    def explore(self, wanted: Explore) -> None:
        """Show the run from another side."""
        self._need_run()
        self.pictures.explore(wanted)
        if self.replay:
            self.replay.pictures.explore(wanted)
        self.faults.forget()
        self._show_again()

    def show_state(self, wanted: ShowState) -> None:
        """Show an earlier step, of several such requests only the last one; or the newest step again."""
        self._need_run()
        if wanted.step is not None:
            self.states.nearest(wanted.step)  # refused here where nothing is kept
            self.wanted = wanted.step
            return
        self.wanted, before, self.replay = None, self.replay, None
        if before is not None:
            self.faults.forget()
            self._show_again()

    def _replay(self) -> None:
        wanted, self.wanted = self.wanted, None
        if wanted is not None:
            self.faults.attempt(REPLAY_PART, partial(self._show_kept, wanted))

    def render_states(self) -> None:
        """Draw the kept states for a page that is saved, one a turn of the loop."""
        run = self._need_run()
        self.states.nearest(0)  # refused where nothing is kept
        self.rendering = Rendering(run, self.states, self.pictures, self.watched)

    def _render(self) -> None:
        job = self.rendering
        if job is None:
            return
        found = self.faults.attempt(REPLAY_PART, job.slice)
        if found is not None:
            self.send(found)
        if found is None or job.ended:
            self.rendering = None

    def _show_kept(self, step: int) -> None:
        if self.replay is None:
            self.replay = Replay(self._need_run(), self.states, self.pictures)
        self.send(self.replay.show(step, self.watched))

    def draw_prior(self, wanted: DrawPrior) -> None:
        """Draw functions from the prior of these settings, whatever is running; of several such requests only the last is carried out."""
        self.prior_of = wanted.settings

    def _draw_prior(self) -> None:
        wanted, self.prior_of = self.prior_of, None
        if wanted is None:
            return
        self.attempt(DrawPrior, partial(self._send_prior, wanted))

    def _send_prior(self, wanted: Settings) -> None:
        settings = settings_from(dict(wanted))
        self.send(prior_functions(settings, self.user_data.named(vars(settings)["data"])))


def serve(connection: "Connection[Any, Any]", factory: Factory = Run) -> None:
    """Serve one connection on one torch thread: for models this small a second thread only costs."""
    torch.set_num_threads(1)
    Worker(connection, factory).serve()
