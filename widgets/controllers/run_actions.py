"""What a person's actions on a run mean: run, step, reset, undo, set a knob, scene, seed, open an earlier run."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from elbo_room.models.settings import FIRST_MODEL, Knob, Values, check, knobs_of, settled, validate
from elbo_room.widgets.messages import (
    Change,
    MakeStep,
    Message,
    Pause,
    Play,
    ReadTable,
    Refused,
    Saved,
    SetSpeed,
    Start,
    Started,
    TableRead,
    Unsaved,
)
from elbo_room.widgets.painting.views import ONE_STEP, OPENING
from elbo_room.widgets.screen.own_table import keep
from elbo_room.widgets.sessions.example import all_knobs, catalogue
from elbo_room.widgets.sessions.local_use import REFUSED, local_use
from elbo_room.widgets.sessions.runs import RunFolder, in_use, kept_until, new_run, note_cell, open_run, saved_runs
from elbo_room.widgets.words import texts

if TYPE_CHECKING:
    from collections.abc import Callable

    from elbo_room.widgets.notebook.reruns import Cell
    from elbo_room.widgets.painting.painter import Painter
    from elbo_room.widgets.screen.layout import Screen
    from elbo_room.widgets.screen.settings_form import Forms, SettingsForm
    from elbo_room.widgets.sessions.session import Session


LEAVING = 6.0  # seconds that a page may take to put a run away, whose last steps are not lost then; after that a copy is opened
OWN = "own"  # the data that a person gives; the name of `elbo_room.models.data.OWN`, which the kernel must not import


@dataclass(frozen=True)
class Requested:
    """A run that the worker was asked to start and has not answered for; until it does, the run before is the one it holds."""

    folder: RunFolder
    values: Values  # its settings, live changes included
    opened: bool  # it is an earlier run, opened again


@dataclass(frozen=True)
class Waiting:
    """Until when a run that another page puts away is waited for, and which run was on the screen when that began."""

    until: float  # on the monotonic clock
    folder: RunFolder | None


class RunActions:
    """Part of the explorer: every `_do_…` is one action, carried out on the pump's thread."""

    values: Values  # what the form shows
    run_values: (
        Values | None
    )  # what the run on the screen, or the one that is starting, was started with, live changes included
    held_values: Values | None  # the same of the run that the worker holds; another one while a new run is starting
    folder: RunFolder | None  # of the run that the worker holds; locked, since the worker may save the run at any time
    requested: dict[str, Requested]  # by the path of its folder
    saved_number: int | None  # the step that this run is saved up to
    own_model: bool
    state: str
    before_steps: str | None = None  # what panel C showed before steps were told one by one
    cell: Cell | None  # that shows this lab, where its runs can be taken up
    opened_with: Values  # the settings that it opens the lab with
    dirty: bool  # the form shows settings that only a new run takes up
    notice: str
    screen: Screen
    forms: Forms
    painter: Painter
    session: Session
    _do_look: Callable[[str, str], None]

    @property
    def knobs(self) -> list[Knob]:
        """The knobs of the family of models that the form shows."""
        return all_knobs()[self.values["model"]]

    @property
    def form(self) -> SettingsForm:
        """The form of that family."""
        return self.forms.use(self.values["model"])

    def _do_run(self) -> None:
        if self.state == "running":
            self.session.send(Pause())
        elif (self.state == "paused" and not self.dirty) or (
            self.state == "finished" and not self.dirty and self.values["stop_at"] > self.painter.facts["number"]
        ):
            self.session.send(Play())
        elif self.state != "starting":
            if self.state == "finished" and not self.dirty and not self.screen.lock.value:
                self._set_seed(self.values["seed"] + 1)
            self._start()

    def _start(self, *, play: bool = True) -> None:
        folder = new_run()
        self._request(folder)
        self.painter.facts["stop_at"] = self.values["stop_at"]
        self.session.send(Start(self.values, str(folder.path), self.screen.speed.value, play=play))

    def _do_step(self) -> None:
        if self.run_values is None or self.dirty:
            self._start(play=False)
        elif self.state == "running":
            self.session.send(Pause())
            return
        self.session.send(MakeStep())

    def _do_reset(self) -> None:
        if self.run_values is not None:
            self.values |= {name: self.run_values[name] for name in ("seed",)}
        self._start(play=False)
        self.notice = f"Back at step 0 with seed {self.values['seed']}: Run makes the same run again, bit for bit."

    def _do_undo(self) -> None:
        if self.run_values is not None:
            self.values, self.dirty = dict(self.run_values), False
            self._offer_estimators()
            self._name_scene()

    def _do_remedy(self) -> None:
        change = self.painter.facts.pop("remedy", None)
        for name, value in (change or {}).items():
            self._do_set(name, max(value, self.form.fields[name].knob["low"]))
        if change:
            self.session.send(Play())

    def _do_set(self, name: str, value: Any) -> None:
        if name == "model":
            self._take({"model": value, "seed": self.values["seed"]})
            return self._name_scene()
        knob = self.form.fields[name].knob
        wanted = {**self.values, name: check(knob, value)}
        moved: list[str] = []
        if not knob["live"]:  # a live change must not restart the run by moving other knobs
            wanted, moved = settled(self.knobs, wanted, name)
        whole = validate(self.knobs, wanted)
        if whole[name] == self.values[name]:
            return None
        self.values = whole
        if knob["live"] and not self._other_model():
            if self.run_values is not None:
                self.run_values[name] = whole[name]
                self.session.send(Change({name: whole[name]}))
            return None
        self.dirty = self.run_values is None or whole != self.run_values
        if self.state == "running":
            self.session.send(Pause())
        self.notice = f"{knob['label']} changed: Run starts a new run with it{self._if_kept('; this one is kept')}."
        if moved:
            also = ", ".join(f"{self.form.fields[other].knob['label']} is now {self._label(other)}" for other in moved)
            self.notice = f"{knob['label']} changed, and what did not go with it too: {also}. Run starts a new run."
        return None

    def _if_kept(self, words: str) -> str:
        """These words where the run on the screen can be opened again, none where there is no run or nothing of it was saved."""
        return words if self.saved_number is not None and not self.own_model else ""

    def _label(self, name: str) -> str:
        """What the chosen part of a knob is called."""
        choices = self.form.fields[name].knob["choices"]
        return str(next(choice["label"] for choice in choices if choice["name"] == self.values[name]))

    def _other_model(self) -> bool:
        """Whether the form shows another family of models than the run on the screen."""
        return self.run_values is not None and self.run_values["model"] != self.values["model"]

    def _take(self, values: Values) -> None:
        """Show these settings, of whichever family of models; Run takes them up."""
        self.values = validate(knobs_of(all_knobs(), values), values)
        self.dirty = True
        self._offer_estimators()
        if self.state == "running":
            self.session.send(Pause())
        self.notice = f"Press Run to train this model{self._if_kept('; the run before it is kept')}."

    def _do_scene(self, name: str) -> None:
        preset = catalogue()["presets"][name]
        self._take({"seed": self.values["seed"], **preset["settings"]})
        self.screen.goal.value = preset["goal"]
        if "shown" in preset:  # the estimators that its questions are about
            self.screen.shown.value = preset["shown"]
        self.screen.wished = OPENING | preset.get("views", {})
        self.notice = f"Press Run to train this scene{self._if_kept('; the run before it is kept')}."

    def _do_upload(self, name: str, content: bytes) -> None:
        try:
            self._read_table(str(keep(name, content)))
        except (OSError, ValueError) as error:
            self.screen.own.refuse(str(error))

    def _do_table(self, path: str, labels: str | None = None, batch: str | None = None) -> None:
        """Read the table in use with other columns, or, in local use, a file whose path was typed."""
        given = self.screen.own.given
        if local_use() or (given is not None and path == given.path):
            self._read_table(path, labels, batch)
        else:
            self.screen.own.refuse(REFUSED)

    def _read_table(self, path: str, labels: str | None = None, batch: str | None = None) -> None:
        self.screen.own.refuse(f"Reading {path} …")
        self.session.send(ReadTable(path, labels, batch))

    def _table(self, message: TableRead) -> None:
        """A table was read: show it, and settings that suit it."""
        given = self.screen.own.given
        again = given is not None and message.path == given.path  # a new worker read it, or a column was chosen
        self.screen.own.show(message)
        if again and self.values["data"] == OWN:
            self.dirty = True
            return
        suited = catalogue()["presets"]["scvi"]["settings"] if message.counts else {}
        if suited or self.values["model"] != FIRST_MODEL:
            self._take({"seed": self.values["seed"], **suited, "data": OWN})
            self.screen.wished = OPENING | (catalogue()["presets"]["scvi"]["views"] if suited else {})
            self._name_scene()
        else:
            self._do_set("data", OWN)
        self.notice = message.sentence

    def _name_scene(self) -> None:
        """Settings that came from elsewhere: which scene they are, or what they differ in from the nearest one."""
        name, words = texts.departure(self.values, catalogue())
        preset = catalogue()["presets"][name]
        self.screen.name_scene(name, f"Like “{preset['label']}”, but: {words}." if words else preset["goal"])

    def _do_speed(self, speed: str) -> None:
        """Slow: panel C tells each step stage by stage; another speed brings back what it showed before."""
        self.session.send(SetSpeed(speed))
        shown, offered = self.screen.lists["c"], [name for _, name in self.screen.lists["c"].options]
        if speed == "slow" and ONE_STEP in offered and shown.value != ONE_STEP:
            self.before_steps = shown.value
            self._do_look("c", ONE_STEP)
        elif speed != "slow" and shown.value == ONE_STEP and self.before_steps is not None:
            self._do_look("c", self.before_steps if self.before_steps in offered else offered[0])
            self.before_steps = None

    def _set_seed(self, seed: int) -> None:
        self._do_set("seed", seed if seed <= self.form.fields["seed"].knob["high"] else 0)

    def _do_next_seed(self) -> None:
        self._set_seed(self.values["seed"] + 1)

    def _do_open_run(self, identity: str | None, waiting: Waiting | None = None) -> None:
        if not identity:
            raise ValueError("Choose one run in the list, then open it.")
        if self.folder is not None and identity == self.folder.identity:
            raise ValueError("This run is the one on the screen.")
        if waiting and (self.requested or waiting.folder is not self.folder):
            return  # another run was started or opened meanwhile
        waiting = waiting or Waiting(time.monotonic() + LEAVING, self.folder)
        if time.monotonic() < waiting.until and in_use(identity):
            self.notice = "Another page shows this run, or is just putting it away. It opens in a moment."
            self.session.post_later(0.1, "open_run", identity=identity, waiting=waiting)
            return
        about = next((run for run in saved_runs() if run["identity"] == identity), None)
        kept = about["settings"] if about else {}
        values = validate(knobs_of(all_knobs(), kept), kept)  # before the folder is taken: they may be refused
        folder = open_run(identity)
        self.values = values
        self._request(folder, opened=True)
        self._offer_estimators()
        self._name_scene()
        self.session.send(Start({}, str(folder.path), self.screen.speed.value, resume=True, play=False))
        self.screen.tabs.value = "–"

    def _do_take_up(self, identity: str) -> None:
        """The kernel was restarted, and its cell was run again."""
        self._do_open_run(identity)
        self.notice = (
            "The run that this cell showed before is taken up where it was saved: Continue goes on, Reset starts anew."
        )

    def _request(self, folder: RunFolder, *, opened: bool = False) -> None:
        """A run with the form's settings is starting in this folder."""
        self.run_values, self.dirty, self.state = dict(self.values), False, "starting"
        self.requested[str(folder.path)] = Requested(folder, self.run_values, opened)

    def _note_run(self, message: Message) -> None:
        """Which run the worker holds, and how far it is saved."""
        if isinstance(message, Started):
            self._run_started(message)
        elif isinstance(message, Refused) and message.command is Start:
            self._start_refused(message)
        elif isinstance(message, Saved | Unsaved):
            self.saved_number = kept_until(self.folder)

    def _run_started(self, message: Started) -> None:
        """The worker holds this run from now on, and has saved the one before."""
        request = self.requested.pop(message.folder, None)
        if request is not None:
            if self.folder is not None:
                self.folder.release()
            self._hold(request.folder)
            self.held_values = request.values
        self.saved_number = kept_until(self.folder)

    def _start_refused(self, message: Refused) -> None:
        """The worker still holds the run before, or none at all: the page shows this one again, with the reason as its words."""
        request = self.requested.pop(message.folder or "", None)
        if request is not None:
            request.folder.release()
        if self.requested:  # another start is still to be answered
            return None
        if message.state == "idle":
            return self._without_run("failed")
        self.state, self.run_values = message.state, self.held_values
        if request is not None and request.opened:
            self._do_undo()
            self.form.show(self.values)
        self.dirty = self.values != self.run_values
        return None

    def _without_run(self, state: str) -> None:
        """The worker holds no run that could go on."""
        self.state, self.run_values, self.held_values = state, None, None

    def _forget_requests(self) -> bool:
        """No start will be answered any more; whether one was waited for."""
        requests, self.requested = self.requested, {}
        for request in requests.values():
            request.folder.release()
        return bool(requests)

    def _hold(self, folder: RunFolder) -> None:
        """The run on the screen is kept here from now on; this cell finds it again after a restart of the kernel."""
        self.folder = folder
        self.screen.page.run_id = folder.identity
        if self.cell is not None:
            note_cell(folder, self.cell, self.opened_with)

    def _offer_estimators(self) -> None:
        """Offer under Estimators those that this family of models can have at all."""
        choices = next(knob["choices"] for knob in self.knobs if knob["name"] == "estimator")
        usable = [choice for choice in choices if not choice.get("unavailable")]
        options = [(texts.estimator_line(choice, catalogue()), choice["name"]) for choice in usable]
        shown = self.screen.shown
        if list(shown.options) != options:
            kept = [name for name in shown.value if name in dict(options).values()]
            shown.options = options
            shown.value = kept or [name for _, name in options[:5]]

    def _release(self) -> None:
        """Let other sessions have the runs of this one, whose worker has left."""
        self._forget_requests()
        if self.folder is not None:
            self.folder.release()
            self.folder = None
