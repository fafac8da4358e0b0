"""The lab on one screen: `Explorer()` in a notebook or in the app. It decides what each action means; the session carries it out."""

from __future__ import annotations

import threading
from dataclasses import asdict, is_dataclass
from typing import TYPE_CHECKING, Any

import ipywidgets as ipw

from elbo_room.models.settings import SettingError, Values, decode, knobs_of, validate
from elbo_room.widgets.controllers.idle_watch import IdleWatch
from elbo_room.widgets.controllers.screen_actions import ScreenActions
from elbo_room.widgets.messages import (
    Fault,
    FeaturesRead,
    MeasureEstimators,
    Message,
    PriorDrawn,
    ReadTable,
    Ready,
    Refused,
    ShowView,
    Start,
    Started,
    State,
    TableRead,
    Unsaved,
    UseFeatures,
    Watch,
)
from elbo_room.widgets.notebook.closing import close_all
from elbo_room.widgets.notebook.reruns import replace_earlier, running_cell
from elbo_room.widgets.painting.painter import Painter
from elbo_room.widgets.painting.views import ONE_STEP
from elbo_room.widgets.screen.drawer import Drawer
from elbo_room.widgets.screen.layout import Screen
from elbo_room.widgets.screen.settings_form import BAR, Forms
from elbo_room.widgets.screen.text_throttle import TextThrottle
from elbo_room.widgets.sessions.example import all_knobs, catalogue, example
from elbo_room.widgets.sessions.link import ProcessLink, ThreadLink
from elbo_room.widgets.sessions.runs import RunFolder, kept_until, run_of_cell
from elbo_room.widgets.sessions.session import Session
from elbo_room.widgets.words.caption import caption
from elbo_room.widgets.words.evidence_words import heading
from elbo_room.widgets.words.remedies import SavedRun
from elbo_room.widgets.words.snapshot import Snapshot
from elbo_room.widgets.words.waiting import waiting

if TYPE_CHECKING:
    from collections.abc import Callable

    from elbo_room.widgets.controllers.run_actions import Requested
    from elbo_room.widgets.notebook.reruns import Cell
    from elbo_room.widgets.sessions.link import Link

BUTTON = {"running": "Pause", "paused": "Continue", "starting": "Starting …"}


class Explorer(ScreenActions, IdleWatch, ipw.VBox):
    """Train a model live and see the variance of its gradient and the shape of its latent space.

    >>> import elbo_room as er
    >>> lab = er.Explorer({"data": "pinwheel"})  # in a notebook the last line of a cell: lab
    >>> lab.state
    'paused'
    >>> lab.close()

    Args:
        settings: a dictionary, a `Settings`, or the text that Share copies; what is left out takes its default.
        model: a model of your own (`elbo_room.models.core.Model`), with `q` and `data`; it then trains in a thread of this kernel.
        q: its `Posterior`.
        data: its `Dataset`, or data of your own for the lab's models: a file's path, a table (N, D), a `Dataset`.

    Attributes:
        selection: the row numbers of the selected data, in the order of the data set: what a lasso drawn on the map of the latent
            space holds, or a click on a class in its key. Read it in another cell, `observe` it, or set it to select from Python:
            `lab.selection = [3, 14, 15]`. On the screen the others fade, panel D marks the selected data's KL, and the card shows
            their mean and what the decoder makes of it. A new run of the same data keeps it.

    Raises:
        SettingError: a setting is not allowed; the sentence says what is.
    """

    def __init__(self, settings: Any = None, *, model: Any = None, q: Any = None, data: Any = None) -> None:
        self.values: Values = self._read(settings, own_data=model is None and data is not None)
        self.folder: RunFolder | None = None
        self.run_values: Values | None = None
        self.held_values: Values | None = None
        self.requested: dict[str, Requested] = {}
        self.cell: Cell | None = None
        self.saved_number: int | None = None
        self.state, self.dirty, self.ready = "example", False, False
        self.own_model = model is not None or data is not None
        self.moved_view = False  # panel B was turned to the noise of minibatches without being asked
        self.notice, self.in_voila, self.counts = "", False, TextThrottle()
        self.turn = threading.RLock()  # held while an action or a message changes what the screen says
        self._build()
        self.session = Session(self, self._link(model, q, data))
        super().__init__([self.screen.root])
        self.add_class("elbo-host")
        replace_earlier(self, self.session)
        self._first_paint(settings is not None or self.own_model)
        self._take_up()
        self.session.start()

    # building

    def _take_up(self) -> None:
        """After a restart of the kernel a cell goes on with the run that it showed; with a model of your own it cannot."""
        self.opened_with, self.cell = dict(self.values), None if self.own_model else running_cell()
        if self.cell and (identity := run_of_cell(self.cell, self.opened_with)):
            self.post("take_up", identity=identity)

    def _read(self, settings: Any, *, own_data: bool = False) -> Values:
        if isinstance(settings, str):
            settings = decode(all_knobs(), settings)
        given = asdict(settings) if is_dataclass(settings) and not isinstance(settings, type) else dict(settings or {})
        given |= {"data": "own"} if own_data else {}
        return validate(knobs_of(all_knobs(), given), given)

    def _link(self, model: Any, q: Any, data: Any) -> Callable[[], Link]:
        if not self.own_model:
            return ProcessLink
        from elbo_room.widgets.worker.own_data.own_model import factory

        make = factory(model, q, data)
        return lambda: ThreadLink(make)

    def _build(self) -> None:
        post = self.post
        changed = lambda name, value: post("set", name=name, value=value)  # noqa: E731
        self.forms = Forms(all_knobs(), changed, self.values["model"])
        presets = [(preset["label"], name) for name, preset in catalogue()["presets"].items()]
        bar = [self.forms.bar[name].widget for name in BAR]
        self.screen = Screen(post, self.forms.widget, bar, presets, self._pointer)
        self.screen.page.on_message(lambda content: post("page", content=content))
        self.drawer = Drawer(self.screen)
        self.painter = Painter(self.screen, catalogue())
        self._offer_estimators()
        self.screen.shown.observe(lambda change: post("shown", names=list(change["new"])), "value")

    def _pointer(self, chart: str) -> Callable[[str, dict[str, Any]], None]:
        return lambda kind, content: self.post("pointer", chart=chart, kind=kind, content=content)

    def _first_paint(self, own: bool) -> None:
        if not own:
            for message in example():
                self.painter.show(message)
        self.state = "paused" if own else "example"
        self.dirty = own
        first = next(iter(catalogue()["presets"].values()))
        self.screen.goal.value = "Your own settings: press Run and watch." if own else first["goal"]
        if own:
            self.notice = "Press Run to train with these settings."
        self.form.show(self.values)
        self._refresh()

    # what a person does

    def act(self, action: str, values: dict[str, Any]) -> None:
        """Carry out one action, as a rule on the pump's thread; a refusal becomes the caption's sentence."""
        with self.turn:
            self._act(action, values)

    def _act(self, action: str, values: dict[str, Any]) -> None:
        if action == "pointer":  # thirty a second, and no word on the screen depends on it
            return self._do_pointer(**values)
        self.notice = "" if action != "page" else self.notice
        try:
            getattr(self, f"_do_{action}")(**values)
        except (SettingError, ValueError) as refusal:
            self.notice = str(refusal)
        if action == "set":
            self.forms.answered(**values)
        self._ask_prior()
        self.form.show(self.values)
        self.counts.at_once()
        return self._refresh()

    def _do_worker_lost(self, reason: str) -> None:
        self.lost(reason)

    # what the worker says

    def show(self, message: Message) -> None:
        """Show one message of the worker."""
        with self.turn:
            self._show(message)

    def _show(self, message: Message) -> None:
        if isinstance(message, Ready):
            self._greet()
        elif (
            isinstance(message, State) and not self.requested
        ):  # else it is that of the run before the one that is starting
            self.state = message.state
            if self.state == "failed":
                self.notice = f"{message.cause} {message.remedy}"
                self.painter.facts["remedy"] = message.change
        elif isinstance(message, TableRead):
            self._table(message)
        elif isinstance(message, FeaturesRead):
            self._features(message)
        elif isinstance(message, PriorDrawn):
            self.notice = self.notice or message.sentence
        elif isinstance(message, Refused) and message.command is ReadTable:
            self.screen.own.refuse(message.sentence)  # the drawer has room for all of it
        elif isinstance(message, Refused | Unsaved | Fault):
            self.notice = message.sentence
        self._note_run(message)
        self.painter.show(message)
        self._noise_of_minibatches(message)
        if isinstance(message, Started):
            self._explore_again(message.about.get("choices", {}))
            self._features_told(message)
            self.session.send(Watch(self.screen.in_sight()))  # its panels may show other charts now
        self.follow(message)
        self._refresh()

    def _noise_of_minibatches(self, message: Message) -> None:
        """A run whose ĝ does not vary from step to step shows the noise of smaller minibatches instead; the next run no longer."""
        shown, noiseless = self.screen.view.value, self.painter.facts.get("noiseless")
        if isinstance(message, Started):
            self.moved_view, before = False, self.moved_view
            if before and shown == "variance_against_rows":
                self._do_look("b", "variance")
        elif noiseless and shown == "variance" and not self.moved_view:
            self.moved_view = True
            self._do_look("b", "variance_against_rows")

    def _greet(self) -> None:
        """A worker is ready: tell it what this screen shows."""
        self.ready = True
        self.screen.page.banner = ""
        self.session.send(Watch(self.screen.in_sight()))
        self.session.send(MeasureEstimators(list(self.screen.shown.value)))
        self.session.send(ShowView(self.screen.view.value))
        if self.screen.own.given:
            self.session.send(self.screen.own.given)
        if self.screen.own.features:
            self.session.send(UseFeatures(self.screen.own.features))

    def lost(self, reason: str) -> None:
        """The worker is gone: say so, start another, and take up the saved run when there is one."""
        number, unanswered = kept_until(self.folder), self._forget_requests()
        had_run = unanswered or self.run_values is not None
        self.run_values, self.saved_number = self.held_values or self.run_values, number
        told = " ".join((f"The trainer stopped ({reason}).", *self._what_is_kept(number, had_run, unanswered)))
        if not self.session.restart_worker():
            self.screen.page.banner = f"{told} It stopped too often to be started again by itself. Reload the page."
            self._without_run("failed")
            return
        self.screen.page.banner = f"{told} A new trainer is starting."
        if self.folder is not None and number is not None and not self.own_model:
            self.state = "starting"
            self.session.send(Start({}, str(self.folder.path), resume=True, play=False))
        else:
            self._without_run("example" if self.run_values is None else "failed")

    def _what_is_kept(self, number: int | None, had_run: bool, unanswered: bool) -> list[str]:
        """The words about the run of a trainer that stopped, none where there was no run."""
        if not had_run:
            return []
        if self.own_model:
            return ["A run of your own model cannot be taken up: press Run to start it again at step 0."]
        if number is None:
            return ["Nothing of your run was saved yet."]
        return [
            *(["The new run did not start."] if unanswered else []),
            f"Your {'earlier ' * unanswered}run is kept up to step {number:,}.",
        ]

    def fault(self, sentence: str) -> None:
        """Say that the lab itself failed at something."""
        self.notice = sentence

    def _refresh(self) -> None:
        """Bring every word on the screen up to date; unchanged traits cost nothing."""
        screen, facts = self.screen, self.painter.facts
        facts.update(state=self.state, estimator=self.values["estimator"], stop_at=self.values["stop_at"])
        facts["above"] = "log_evidence" if screen.shows("log_evidence") else "elbo"
        facts["unrun"] = self.dirty or self.run_values is None
        facts["stepping"] = screen.shows(ONE_STEP)
        self._cover()
        saved = SavedRun(self.run_values is not None, self.saved_number, self.own_model, self.cell is not None)
        screen.page.remedies = saved.remedies()
        facts["biased"] = self.values["estimator"] == "score_xi" and self.values["xi_from"] == "same_draws"
        screen.run.description = "Run" if self.dirty and self.state != "running" else BUTTON.get(self.state, "Run")
        screen.undo.layout.display = None if self.dirty and self.run_values is not None else "none"
        screen.remedy.layout.display = None if self.state == "failed" and facts.get("remedy") else "none"
        self._say()
        active = list(catalogue()["estimators"]).index(self.values["estimator"])
        for name in ("variance", "variance_against_draws", "variance_against_rows"):
            screen.chart(name).set(active=active)
        for name in screen.in_sight():
            screen.chart(name).waiting = waiting(name, facts)
        shown = screen.chart(screen.view.value)
        shown.heading = heading(screen.view.value, facts, self._word("noise", "iid"))
        self.drawer.changed()

    def _word(self, name: str, silent: str) -> str:
        """What a choice is called, or nothing for the usual one."""
        knob = self.form.fields[name].knob
        return next((part["label"] for part in knob["choices"] if part["name"] == self.values[name] != silent), "")

    def _say(self, *, drawn: bool = False) -> None:
        """Status line and caption, both of the same moment; while the model trains their numbers change only now and then."""
        screen, facts = self.screen, self.painter.facts
        if facts.get("stepping"):  # a step that is told stage by stage has its words with it
            self.counts.at_once()
        due = self.counts.due(self.state, drawn=drawn)
        if due:
            screen.status.value = " · ".join(part for part in (Snapshot.of(facts).status(), self.seed_word()) if part)
        if due or self.notice:
            screen.caption.value = screen.page.announce = self.notice or caption(facts)

    def flush(self) -> None:
        """Send what is pending; the newest number of a slow run is not kept back for the next one."""
        if self.drawer.due(running=self.state == "running"):
            with self.turn:
                self.drawer.fill(self.values, self.knobs, self.painter.facts)
                if self._cover():  # another question: the caption keeps its answer to itself
                    self.counts.at_once()
                    self._refresh()
        drawn = self.screen.bus.flush()
        with self.turn:
            self._say(drawn=drawn)

    def close(self) -> None:
        """Stop the session, let the worker save, and take the widgets away; `values` and `selection` stay."""
        if not hasattr(self, "session") or self.session.closed.is_set():  # construction was refused, or closed before
            return
        self.session.close()
        self._release()
        close_all([self, *self.forms.all()])
        self.children = ()
        del (
            self.screen,
            self.forms,
            self.painter,
            self.drawer,
        )  # a notebook may keep this object for ever, as the output of its cell
