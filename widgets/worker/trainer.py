"""The training side of a worker: steps, probes in between, frames for the screen, checkpoints. `serve` adds the commands."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from elbo_room.models.estimators import NotApplicableError
from elbo_room.models.inference.next_step import Anatomy
from elbo_room.models.training.changes import Change as LiveChange
from elbo_room.models.training.checkpoint import Snapshot
from elbo_room.models.training.guard import DivergenceError
from elbo_room.models.training.run import Run
from elbo_room.widgets.messages import (
    Changed,
    Evidence,
    Frame,
    Grid,
    Grouping,
    Message,
    Phase,
    Picture,
    Recorded,
    Saved,
    Scores,
    Settings,
    State,
    StatesKept,
    Unsaved,
    Variance,
    Walk,
)
from elbo_room.widgets.painting.views import ONE_STEP
from elbo_room.widgets.wire.history_file import MEAN_COLUMNS, table
from elbo_room.widgets.worker.evidence_job import EvidenceJob
from elbo_room.widgets.worker.faults import Faults, HungUpError, reason
from elbo_room.widgets.worker.history import Curves, RunningMean, point
from elbo_room.widgets.worker.measuring.cores import Pressure
from elbo_room.widgets.worker.measuring.measurements import Measuring
from elbo_room.widgets.worker.measuring.rows import Probed
from elbo_room.widgets.worker.measuring.selection import FIRST, Selection
from elbo_room.widgets.worker.pace import CommandPoll, Pace, Speedometer
from elbo_room.widgets.worker.pictures import Pictures, pictures_of
from elbo_room.widgets.worker.pictures.cells import merged
from elbo_room.widgets.worker.pictures.one_step import SECONDS, OneStep
from elbo_room.widgets.worker.pictures.overflow import finite
from elbo_room.widgets.worker.pulse import Pulse
from elbo_room.widgets.worker.replay import Rendering, Replay
from elbo_room.widgets.worker.saving import FIRST_SAVE, Job, Outcome, Parts, Saver
from elbo_room.widgets.worker.states import KeptStates
from elbo_room.widgets.worker.studies.desk import StudyDesk

FRAMES = 10.0  # a second
BURST = 0.006  # seconds of steps between two looks at the commands, which costs a twentieth of a small model's step
LOOKS, LOOK_SHARE = 6.0, 0.015  # at the latent space per second; and their largest share of the worker's time
GRIDS, GRID_SHARE = 1.0, 0.01
STATE_SAVES, STATE_SAVE_SHARE = (
    1 / 30,
    0.003,
)  # the states of replay, megabytes: what a crash takes of them is no part of the run
TOLD = 1.0  # seconds from one list of the kept states to the next while a run trains
# What a part that watches the run is called on the page when it fails.
PICTURES_PART, MAP_PART, STEPS_PART = "drawing of panels C and D", "decoded map", "view of one step"
SCORES_PART, REPLAY_PART = "scoring of the map against the labels", "replay"
PROBE_PART, EVIDENCE_PART = "measurement of the gradient's variance", "estimate of log p(x)"
SPEEDS = {"slow": 3.0, "normal": 60.0, "full": None}  # steps a second
OF_THE_MODEL = ("Data", "Model", "Prior")  # groups of knobs on which p(x, z) depends
SCORES_KEPT = 2000  # of a run's map
_log = logging.getLogger(__name__)


@dataclass
class Prepared:
    """A new run with everything that watches it, complete before it replaces the run on the screen: any part may fail to be built."""

    run: Run
    folder: Path
    curves: Curves
    pictures: Pictures
    evidence_job: EvidenceJob
    selection: Selection
    states: KeptStates
    keep_data: Callable[[Path], None] | None = None  # notes in the folder which data it was trained on

    @classmethod
    def of(cls, run: Run, folder: Path, curves: Curves, names: tuple[str, ...], view: str) -> "Prepared":
        """Build what watches a run."""
        return cls(
            run, folder, curves, pictures_of(run), EvidenceJob(run), Selection(run, names, view), KeptStates(run)
        )


class Trainer:
    """Holds at most one run and everything that is shown of it."""

    def __init__(self, connection: "Connection[Any, Any]") -> None:
        self.connection, self.heard = connection, CommandPoll(connection)
        self.sending, self.pulse = threading.Lock(), Pulse(self.send)
        self.run: Run | None = None
        self.folder: Path | None = None
        self.keep_data: Callable[[Path], None] | None = None
        self.sound = True  # False once a step broke off: what it left may be half of a step
        self.state: Phase = "idle"
        self.speed = "full"
        self.waiting: list[tuple[float, ...]] = []
        self.mean = RunningMean()
        self.scored: deque[tuple[int, dict[str, float]]] = deque(maxlen=SCORES_KEPT)  # of the map, by step
        self.next_step = self.last_frame = 0.0
        self.looks, self.grids = Pace(LOOKS, LOOK_SHARE), Pace(GRIDS, GRID_SHARE)
        self.thread = ThreadPoolExecutor(
            1, "elbo-room-save"
        )  # writes; it is there before the measuring process is forked
        self.saver, self.saved = Saver(self.thread), -1  # the step that was saved last
        self.unsaved = ""  # why the last attempt to save failed, if it did
        self.state_saves = Pace(STATE_SAVES, STATE_SAVE_SHARE)
        self.told, self.told_at = -1, -1e9  # the newest state that the page knows, and when it was told
        self.replay: Replay | None = None  # while an earlier step is shown
        self.rendering: Rendering | None = None  # while a page is saved
        self.wanted: int | None = None  # the step that is replayed when no command is waiting
        self.speedometer, self.rate = Speedometer(), 0.0
        self.view = "variance"
        self.names: tuple[str, ...] = FIRST
        self.watched: frozenset[str] = frozenset()  # the charts that are in sight
        self.faults = Faults(self.send)
        self.desk = StudyDesk(self.send)
        self.pressure = Pressure()
        self.measuring: Measuring  # of the present run

    def send(self, message: Message) -> None:
        """Send one message to the kernel.

        Raises:
            HungUpError: the receiving end is closed.
        """
        try:
            with self.sending:
                self.connection.send(message)
        except (OSError, EOFError) as error:
            raise HungUpError from error
        self.pulse.spoken = time.monotonic()

    def _adopt(self, new: Prepared) -> None:
        """Replace the previous run by a prepared one. Nothing here can fail."""
        if self.run is not None:
            self.measuring.close()
        self.run, self.folder, self.curves, self.waiting = new.run, new.folder, new.curves, []
        self.pictures, self.evidence_job, self.selection = new.pictures, new.evidence_job, new.selection
        self.measuring = Measuring(new.run, new.selection, self.heard, self.pressure)
        self.keep_data, self.states, self.replay, self.wanted = new.keep_data, new.states, None, None
        self.rendering = None
        self.state_saves, self.told, self.told_at = Pace(STATE_SAVES, STATE_SAVE_SHARE), -1, -1e9
        self.mean = RunningMean((step, elbo) for step, elbo in new.curves.recent.tolist())
        self.scored.clear()
        self.pictures.watched, self.pictures.attempt = self.watched, self.faults.attempt
        self.pictures.findings = self.desk.findings
        self.faults.forget()
        now = time.perf_counter()
        self.next_step = self.last_frame = now
        self.looks, self.grids = Pace(LOOKS, LOOK_SHARE), Pace(GRIDS, GRID_SHARE)
        self.saver, self.saved = Saver(self.thread), -1
        self.sound, self.unsaved = True, ""
        self.speedometer, self.rate = Speedometer(), 0.0

    def _need_run(self) -> Run:
        if self.run is None:
            raise ValueError("There is no run yet. Press Run to start one.")
        return self.run

    def _need_sound_run(self) -> Run:
        run = self._need_run()
        if not self.sound:
            raise ValueError(
                "Training of this run failed, and it cannot continue from there. Press Run to start again; what was saved "
                "of it before is under Runs."
            )
        return run

    def _work(self) -> None:
        """One turn of the loop; whatever it raises ends the training, never the worker."""
        try:
            if self.run is not None:
                self._turn(time.perf_counter())
        except Exception as error:  # noqa: BLE001 - whatever it is, the page must say it
            self._break_off(error)

    def _turn(self, now: float) -> None:
        self._note_outcome(self.saver.collect())
        self._measure(now)
        if self.desk.work():
            self._show_again()
        if self.state == "running" and now >= self.next_step and not self.measuring.holds:
            self._train_on(min(now + BURST, self.last_frame + 1 / FRAMES))
        self._weigh(now)
        if (
            self.state != "running" or self.measuring.holds
        ):  # while training waits there is nothing new to save or to draw
            return
        self._save_aside()
        if now - self.last_frame >= 1 / FRAMES:
            self._frame(grid=self.grids.due(now))

    def _weigh(self, now: float) -> None:
        """A slice of the evidence, when one is due."""
        job, running = self.evidence_job, self.state == "running"
        if EVIDENCE_PART in self.faults.resting:
            return
        if job.stale(running=running):
            job.stop()
        if job.due(self.watched, now, running=running):
            self.faults.attempt(EVIDENCE_PART, job.start)
        if not job.may(now, running=running):
            return
        if picture := self.faults.attempt(EVIDENCE_PART, job.slice):
            self.send(Evidence(number=self._need_run().number, picture=picture))
        elif EVIDENCE_PART in self.faults.resting:
            job.stop()

    def _train_on(self, until: float) -> None:
        """Steps until then, at least one; where steps are paced, one."""
        with self.pressure.training():
            self._train()
            while self.state == "running" and self.speed == "full" and time.perf_counter() < until:
                self._train()

    def _train(self) -> None:
        run, slow = self._need_run(), self._told_slowly()
        pace = 1 / SECONDS if slow else SPEEDS[self.speed]
        taken = self.faults.attempt(STEPS_PART, slow.peek_next_step) if slow else None
        known = len(run.changes)
        try:
            step = next(run)
        except StopIteration:
            return self._rest("finished")
        except DivergenceError as trouble:
            return self._fail(trouble.cause, trouble.remedy, change=trouble.change)
        except NotApplicableError as refusal:  # only the model's own factors can decide this
            return self._fail(str(refusal), "")
        except Exception as error:  # noqa: BLE001 - whatever it is, the page must say it
            return self._break_off(error)
        if slow and taken:
            self._show_step(slow, taken)
        self.states.keep(run)
        self.waiting.append(point(step))
        self.mean.push(step.number, step.elbo)
        self.next_step = max(self.next_step + 1 / pace, time.perf_counter() - 1 / pace) if pace else 0.0
        if len(run.changes) != known:
            self._tell_planned(run, run.changes[known:])
        if run.ended:
            self._rest("finished")
        return None

    def _tell_planned(self, run: Run, made: Sequence[LiveChange]) -> None:
        """Changes that the run's own plan has made."""
        self.states.note(run)
        for each in made:
            if each.values:
                self.send(Changed(number=each.step, values=dict(each.values), planned=True))
                self._review(each.values)
        self._tell_record()
        self.measuring.change()

    def _review(self, changed: Settings) -> None:
        """What studies have found goes where these settings are the model's."""
        run = self._need_run()
        if any(knob["group"] in OF_THE_MODEL and knob["name"] in changed for knob in run.knobs):
            self.desk.review(run)

    def _tell_record(self) -> None:
        """What makes the run again."""
        run = self._need_run()
        changes, planned = ([each.written for each in part] for part in (run.changes, run.planned))
        self.send(Recorded(number=run.number, initial=vars(run.initial_settings), changes=changes, planned=planned))

    def _show_step(self, steps: OneStep, taken: Anatomy) -> None:
        """Show the step that was just made, stage by stage."""
        show = partial(steps.show, taken, self.pictures.axes, seconds=SECONDS, made=True)
        if picture := self.faults.attempt(STEPS_PART, show):
            self.send(Evidence(number=self._need_run().number, picture=finite(picture, self.pictures.about)))

    @property
    def _steps(self) -> OneStep | None:
        """What breaks steps down, while its chart is visible."""
        seen = ONE_STEP in self.watched and STEPS_PART not in self.faults.resting
        return self.pictures.steps if seen else None

    def _told_slowly(self) -> OneStep | None:
        """The same where each step is shown stage by stage."""
        return self._steps if self.speed == "slow" else None

    def _measure(self, now: float) -> None:
        """Begin a measurement that is due, and send the results."""
        run, running = self._need_run(), self.state == "running"
        duration = run.settings.stop_at / self.rate if self.rate else None
        work = lambda: list(self.measuring.work(now, duration, running=running))  # noqa: E731
        for found in self.faults.attempt(PROBE_PART, work) or ():
            if isinstance(found, Probed):
                self.curves.variance.push(found.whole)
                self.send(Variance(number=run.number, rows=found.rows, complete=found.complete))
            else:
                self.send(replace(found, number=run.number))  # the run may have moved on since

    def _frame(self, *, grid: bool = False) -> None:
        run, now = self._need_run(), time.perf_counter()
        self.rate = self.speedometer.read(now, run.number)
        elbo, mean = self._mean()
        points = table(self.waiting)
        self.curves.elbo.push(points)
        self.curves.mean.push(mean)
        self.waiting, self.last_frame = [], now
        frame = Frame(number=run.number, points=points, mean=mean, rate=self.rate, elbo=elbo)
        if self.replay is None and (grid or self.looks.due(now)):
            with self.looks.spending():
                frame = replace(frame, picture=self.faults.attempt(PICTURES_PART, self._look) or {})
        if self.replay is None and grid:
            with self.grids.spending():
                decoded, walk = self.faults.attempt(MAP_PART, self._plane) or (None, None)
                frame = replace(frame, grid=decoded, walk=walk)
        self.send(frame)
        self._tell_states(now)
        if self.replay is None and (scores := self.faults.attempt(SCORES_PART, self._scores)) is not None:
            self.scored.append((run.number, {name: float(value) for name, value in dict(scores).items()}))  # type: ignore[arg-type]
            self.send(Scores(number=run.number, grouping=scores))

    def _tell_states(self, now: float) -> None:
        """The steps that replay can show, where there are new ones; during training only now and then."""
        kept = self.states
        if not kept.steps or kept.steps[-1] == self.told or (self.state == "running" and now - self.told_at < TOLD):
            return
        self.told, self.told_at = kept.steps[-1], now
        self.send(StatesKept(list(kept.steps), kept.bytes, kept.most, kept.changes()))

    def _look(self) -> Picture:
        """What the panels show of the present parameters."""
        self.pictures.resting = self.state != "running"
        seen = self.pictures.look()
        if (steps := self._steps) and not (self.speed == "slow" and steps.drawn):
            seen = merged(seen, steps.show(steps.peek_next_step(), self.pictures.axes))
        return finite(seen, self.pictures.about)

    def _plane(self) -> tuple[Grid | None, Walk | None]:
        """What the map of the latent space decodes to, and the walk through it."""
        if PICTURES_PART in self.faults.resting:
            return None, None
        return self.pictures.grid(), self.pictures.walk()

    def _scores(self) -> Grouping | None:
        """New scores of the map against the labels, or None; there is no map while the pictures rest."""
        if PICTURES_PART in self.faults.resting:
            return None
        return self.pictures.scores(leisure=self.state != "running")

    def _mean(self) -> tuple[float | None, np.ndarray[Any, Any]]:
        """The ELBO as a number, and the new point (1, 2) of the running mean's line where steps were made."""
        run = self._need_run()
        window = (run.data.size, run.settings.batch_size)
        found = self.mean.point(*window) if self.waiting else None
        return self.mean.value(*window), table([found] if found else [], MEAN_COLUMNS)

    def _look_again(self) -> None:
        self._frame(grid=True)
        self.measuring.change()

    def _show_again(self) -> None:
        """The view has changed: at rest a frame is sent now, in training the next one shows it; a replayed step is drawn again."""
        if self.replay is not None:
            self.wanted = self.replay.step
        elif self.state != "running":
            self._frame(grid=True)
        else:
            self.looks.last = self.grids.last = -1e9

    def _rest(self, state: Phase) -> None:
        self.states.keep(self._need_run(), last=True)
        self._set_state(state)
        self._save()  # before the last frame, after which another run may be started
        self._look_again()

    def _fail(self, cause: str, remedy: str, change: Settings | None = None) -> None:
        """End the training with a reason; the run stays on the screen."""
        self.state = "failed"
        number = self.run.number if self.run else 0
        if self.run is not None:
            self.measuring.drop()
            self.faults.attempt("last picture", self._frame)
        self.send(State(number=number, state="failed", cause=cause, remedy=remedy, change=change))
        self._save()

    def _break_off(self, error: Exception) -> None:
        """The same for an unforeseen exception; the state it left may be half of a step and is never saved."""
        _log.exception("Training broke off.")
        self.sound = False
        number = self.run.number if self.run else 0
        remedy = "Press Run to start again, perhaps with smaller settings."
        self._fail(f"Training broke off after step {number:,} ({reason(error)}).", remedy)

    def _set_state(self, state: Phase) -> None:
        self.state = state
        self.send(State(number=self._need_run().number, state=state))

    def _save(self) -> None:
        """Write the run into its folder, and wait for that; a failure is reported, once for each reason."""
        self._note_outcome(self.saver.collect(None))
        if self.run is None or self.folder is None or not self.sound:
            return
        if self.saved == self.run.number >= self.run.settings.stop_at:
            return  # a finished run keeps the settings that made it, whatever is tried on it afterwards
        if job := self._job(self.run, self.folder):
            self._note_outcome(self.saver.now(job))

    def _save_aside(self) -> None:
        """Save in the background what training has made, where that is due; the first step is on the disk before it is shown."""
        run = self._need_run()
        if self.folder is None or run.number <= self.saver.asked:
            return
        first = self.saver.asked < 1
        if first:
            self._note_outcome(self.saver.collect(FIRST_SAVE))
        if first or self.saver.due():
            self._begin_save(run, self.folder)
        if first:
            self._note_outcome(self.saver.collect(FIRST_SAVE))

    def _begin_save(self, run: Run, folder: Path) -> None:
        if self.saver.free and (job := self._job(run, folder)):
            self.saver.begin(job)

    def _note_outcome(self, outcome: Outcome | None) -> None:
        """Report how a save ended."""
        if outcome is None:
            return
        if outcome.error is None:
            self.saved, self.unsaved, self.keep_data = outcome.number, "", None
            self.send(Saved(number=self.saved))
            return
        error = outcome.error
        _log.warning("The run could not be saved: %s", reason(error))
        self._report_unsaved((isinstance(error, OSError) and error.strerror) or reason(error))

    def _put_away(self) -> None:
        """Write all that is kept of the run: it leaves."""
        self.state_saves.last = -1e9
        self._save()

    def _job(self, run: Run, folder: Path) -> Job | None:
        """Copy the run and what is kept with it, to be written later; None, reported, where there is no memory for that."""
        try:
            return self._copied(run, folder)
        except Exception as error:  # noqa: BLE001 - whatever it is, the page must say it
            self._note_outcome(Outcome(run.number, error))
            return None

    def _copied(self, run: Run, folder: Path) -> Job:
        state = Snapshot.of(run).packed
        curves = self.curves.packed_later(self.waiting, self._mean()[1], self.mean.kept)
        states = None
        if self.state != "running" or self.state_saves.due(time.perf_counter()):
            states = self.states.packed_later(folder)
        parts = Parts(state, curves, states, self.keep_data, self.state_saves)
        return Job(run.number, partial(parts.write, folder))

    def _report_unsaved(self, why: str) -> None:
        if why == self.unsaved and self.state == "running":
            return
        self.unsaved = why
        kept = f"What is kept of it ends at step {self.saved:,}" if self.saved >= 0 else "Nothing of it is kept"
        remedy = "Free some space, or make the folder of the runs writable; training itself is not affected."
        sentence = f"This run cannot be saved ({why}). {kept}. {remedy}"
        self.send(Unsaved(sentence))
