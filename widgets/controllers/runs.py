"""Starting, stopping and opening runs."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from elbo_room.models.settings import knobs_of, validate
from elbo_room.widgets.actions import ChooseSpeed, OpenRun, Reset, Reshape, Run, Step, TakeUp, TryRemedy
from elbo_room.widgets.messages import MakeStep, Pause, Play, Refused, SetSpeed, Start, Started, State
from elbo_room.widgets.painting.views import ONE_STEP
from elbo_room.widgets.sessions.example import all_knobs
from elbo_room.widgets.sessions.runs import in_use, new_run, open_run, saved_runs
from elbo_room.widgets.words import texts

if TYPE_CHECKING:
    from collections.abc import Callable

    from elbo_room.widgets.controllers.held_run import HeldRun
    from elbo_room.widgets.controllers.settings import SettingsController
    from elbo_room.widgets.controllers.state import ScreenState
    from elbo_room.widgets.controllers.views import ViewController
    from elbo_room.widgets.dispatch import Dispatch
    from elbo_room.widgets.painting.painter import Painter
    from elbo_room.widgets.screen.layout import Screen
    from elbo_room.widgets.sessions.runs import RunFolder
    from elbo_room.widgets.sessions.session import Session

LEAVING = 6.0  # seconds that a page may take to save a run with its last steps; after that a copy is opened


@dataclass(frozen=True)
class Waiting:
    """How long to wait for a run that another page is saving, and which run was on the screen at the start."""

    until: float  # on the monotonic clock
    folder: RunFolder | None


class RunController:
    """The run bar, and what the worker reports of the run."""

    def __init__(
        self,
        state: ScreenState,
        settings: SettingsController,
        held: HeldRun,
        views: ViewController,
        screen: Screen,
        painter: Painter,
        session: Session,
    ) -> None:
        self.state, self.settings, self.held, self.views = state, settings, held, views
        self.screen, self.painter, self.session = screen, painter, session
        self.before_start: list[Callable[[], None]] = []  # called before each start of a run
        self.plays = False  # the last start trains at once
        self.before_steps: str | None = None  # what panel C showed before steps were shown one by one

    def register(self, actions: Dispatch, messages: Dispatch, drawn: Dispatch) -> None:
        """Handle the actions of the run bar, and the worker's reports about the run, some of them once they have been drawn."""
        actions.when(Run, self.run)
        actions.when(Step, self.step)
        actions.when(Reset, self.reset)
        actions.when(TryRemedy, self.try_remedy)
        actions.on(Reshape, self.reshape)
        actions.on(ChooseSpeed, lambda action: self.set_speed(action.speed))
        actions.on(OpenRun, lambda action: self.open(action.identity, action.waiting))
        actions.on(TakeUp, self.take_up)
        messages.on(State, self.follow)
        messages.on(Refused, self.refused)
        drawn.when(Started, self.tell_slowly)

    def run(self) -> None:
        """Start, pause or go on."""
        state, values = self.state, self.state.values
        more = state.phase == "finished" and values["stop_at"] > self.painter.facts["number"]
        if state.phase == "running":
            self.session.send(Pause())
        elif not state.dirty and (state.phase == "paused" or more):
            self.session.send(Play())
        elif state.phase != "starting":
            if state.phase == "finished" and not state.dirty and not self.screen.lock.value:
                self.settings.next_seed()
            self.start()

    def start(self, *, play: bool = True) -> None:
        """Start a run with the form's settings."""
        self.plays = play
        for prepare in self.before_start:
            prepare()
        folder = new_run()
        self.held.request(folder)
        self.painter.facts["stop_at"] = self.state.values["stop_at"]
        plan, self.state.plan = self.state.plan, []
        self.session.send(Start(self.state.values, str(folder.path), self.screen.speed.value, play=play, changes=plan))

    def step(self) -> None:
        """Make one step, of a new run where there is none; a training run is paused first."""
        if self.state.run_values is None or self.state.dirty:
            self.start(play=False)
        elif self.state.phase == "running":
            self.session.send(Pause())
            return
        self.session.send(MakeStep())

    def reset(self) -> None:
        """Back to step 0 with the same seed."""
        state = self.state
        if state.run_values is not None:
            state.values |= {"seed": state.run_values["seed"]}
        first, changes = state.recipe()
        if changes and not state.dirty:
            state.values, state.plan = validate(self.settings.knobs, first), list(changes)
        count = len(state.plan)
        self.start(play=False)
        again = "" if not count else " with its live change" if count == 1 else f" with its {count:,} live changes"
        state.notice = (
            f"Back at step 0 with seed {state.values['seed']}: Run makes the same run again{again}, bit for bit."
        )
        if count:
            state.notice += " A control that you move now keeps your value."

    def reshape(self, action: Reshape) -> None:
        """Another architecture, at step 0; it trains at once if the run on the screen does."""
        state = self.state
        trains = state.phase == "running" or (state.phase == "starting" and self.plays)
        kept = state.if_kept("; the previous run is kept")
        self.settings.set(action.name, action.value)
        if not state.dirty:
            return
        self.start(play=trains)
        knob = self.settings.form.fields[action.name].knob
        shown = texts.shown_value(knob, state.values[action.name])
        state.notice = f"{knob['label']}: {shown}. A new network begins at step 0{kept}."
        if not trains:
            state.notice += " Press Run to train it."

    def try_remedy(self) -> None:
        """Change what the failure's message proposes, and go on."""
        change = self.painter.facts.pop("remedy", None)
        for name, value in (change or {}).items():
            self.settings.set(name, max(value, self.settings.form.fields[name].knob["low"]))
        if change:
            self.session.send(Play())

    def set_speed(self, speed: str) -> None:
        """Slow: panel C shows each step stage by stage; another speed restores its previous chart."""
        self.session.send(SetSpeed(speed))
        shown, offered = self.screen.lists["c"], [name for _, name in self.screen.lists["c"].options]
        if speed == "slow" and ONE_STEP in offered and shown.value != ONE_STEP:
            self.before_steps = shown.value
            self.views.look("c", ONE_STEP)
        elif speed != "slow" and shown.value == ONE_STEP and self.before_steps is not None:
            self.views.look("c", self.before_steps if self.before_steps in offered else offered[0])
            self.before_steps = None

    def tell_slowly(self) -> None:
        """Show a new run's steps slowly if that is wanted."""
        if self.screen.speed.value == "slow":
            self.set_speed("slow")

    def open(self, identity: str | None, waiting: Waiting | None = None) -> None:
        """Show an earlier run; if another page is still saving it, wait for that.

        Raises:
            ValueError: no run is chosen, or it is on the screen, or its settings are of an unknown kind.
        """
        state = self.state
        if not identity:
            raise ValueError("Choose one run in the list, then open it.")
        if state.folder is not None and identity == state.folder.identity:
            raise ValueError("This run is the one on the screen.")
        if waiting and (state.requested or waiting.folder is not state.folder):
            return  # another run was started or opened meanwhile
        waiting = waiting or Waiting(time.monotonic() + LEAVING, state.folder)
        if time.monotonic() < waiting.until and in_use(identity):
            state.notice = "Another page shows this run, or is just saving it. It opens in a moment."
            self.session.post_later(0.1, OpenRun(identity, waiting))
            return
        about = next((run for run in saved_runs() if run["identity"] == identity), None)
        kept = about["settings"] if about else {}
        values = validate(knobs_of(all_knobs(), kept), kept)  # before the folder is taken: they may be refused
        folder = open_run(identity)
        state.values = values
        self.held.request(folder, opened=True)
        self.settings.name_scene()
        self.session.send(Start({}, str(folder.path), self.screen.speed.value, resume=True, play=False))
        self.screen.tabs.value = "–"

    def take_up(self, action: TakeUp) -> None:
        """The kernel was restarted, and its cell was run again."""
        self.open(action.identity)
        self.state.notice = (
            "This cell's earlier run was resumed where it was saved: Continue goes on, Reset starts again."
        )

    def follow(self, message: State) -> None:
        """The run trains, rests or has failed; while a start is unanswered, this refers to the previous run."""
        if self.state.requested:
            return
        self.state.phase = message.state
        if message.state == "failed":
            self.state.notice = f"{message.cause} {message.remedy}"
            self.painter.facts["remedy"] = message.change

    def refused(self, message: Refused) -> None:
        """A start was refused: the page shows the run that the worker still holds, with the reason as its caption."""
        if message.command is Start and self.held.refused(message):
            self.settings.undo()
            self.settings.show()
