"""The lab on one screen: `Explorer()` in a notebook or in the app. It assembles the screen, its controllers and the session."""

from __future__ import annotations

import threading
from dataclasses import asdict, is_dataclass
from typing import TYPE_CHECKING, Any

import ipywidgets as ipw
import traitlets

from elbo_room.models.settings import SettingError, Values, knobs_of, validate
from elbo_room.widgets.actions import (
    PageReady,
    PressKey,
    Quietly,
    SetKnob,
    Shared,
    ShowSelection,
    TakeUp,
)
from elbo_room.widgets.controllers.address import AddressController
from elbo_room.widgets.controllers.comparison import RunComparison
from elbo_room.widgets.controllers.downloads import Downloads
from elbo_room.widgets.controllers.estimators import EstimatorController
from elbo_room.widgets.controllers.features import FeatureController
from elbo_room.widgets.controllers.held_run import HeldRun
from elbo_room.widgets.controllers.idle_watch import IdleWatch
from elbo_room.widgets.controllers.keys import KeyController
from elbo_room.widgets.controllers.latent import LatentController
from elbo_room.widgets.controllers.own_data import OwnDataController
from elbo_room.widgets.controllers.phone_votes import PhoneVotes
from elbo_room.widgets.controllers.projector import Projector
from elbo_room.widgets.controllers.quiz import QuizController
from elbo_room.widgets.controllers.replay import ReplayController
from elbo_room.widgets.controllers.run_list import RunList
from elbo_room.widgets.controllers.runs import RunController
from elbo_room.widgets.controllers.saved_page import SavedPageController
from elbo_room.widgets.controllers.scenes import SceneController
from elbo_room.widgets.controllers.seeds import SeedSweep
from elbo_room.widgets.controllers.settings import SettingsController
from elbo_room.widgets.controllers.state import ScreenState
from elbo_room.widgets.controllers.studies import StudyController
from elbo_room.widgets.controllers.table_files import TableFiles
from elbo_room.widgets.controllers.views import ViewController
from elbo_room.widgets.controllers.words import ScreenWords
from elbo_room.widgets.controllers.worker_watch import WorkerWatch
from elbo_room.widgets.dispatch import Dispatch
from elbo_room.widgets.notebook.closing import close_all
from elbo_room.widgets.notebook.reruns import replace_earlier, running_cell
from elbo_room.widgets.painting.painter import Painter
from elbo_room.widgets.screen.drawer import Drawer
from elbo_room.widgets.screen.layout import Screen
from elbo_room.widgets.screen.settings_form import BAR, Forms
from elbo_room.widgets.sessions.example import all_knobs, catalogue
from elbo_room.widgets.sessions.link import ProcessLink, ThreadLink
from elbo_room.widgets.sessions.runs import run_of_cell
from elbo_room.widgets.sessions.session import Session
from elbo_room.widgets.sessions.shared_link import SharedLab, shared_lab

if TYPE_CHECKING:
    from collections.abc import Callable

    from elbo_room.widgets.actions import Action
    from elbo_room.widgets.messages import Message
    from elbo_room.widgets.sessions.link import Link

OF_THE_PAGE = (PressKey, PageReady, Shared)  # the notice stays after such an action


class Explorer(ipw.VBox):
    """Train a model live and see the variance of its gradient and the shape of its latent space.

    >>> import elbo_room as er
    >>> lab = er.Explorer({"data": "pinwheel"})  # in a notebook the last line of a cell: lab
    >>> lab.state  # the finished run of the scene that is nearest to these settings
    'example'
    >>> lab.close()

    Args:
        settings: a dictionary, a `Settings`, or the text that Share copies; missing ones take their defaults.
        model: your own model (`elbo_room.models.core.Model`), with `q` and `data`; it then trains in a thread of this kernel.
        q: its `Posterior`.
        data: its `Dataset`, or your own data for the lab's models: a file's path, a table (N, D), a `Dataset`.

    `selection` holds the row numbers of the selected data, in the order of the data set: what a lasso drawn on the map of the latent
    space holds, or a click on a class in its key. Read it in another cell, `observe` it, or set it to select from Python:
    `lab.selection = [3, 14, 15]`. On the screen the others fade, panel D marks the selected data's KL, and the card shows
    their mean and its reconstruction. A new run on the same data keeps it.

    Raises:
        SettingError: a setting is not allowed; the message states what is.
    """

    selection = traitlets.Tuple(help="row numbers of the selected data")

    def __init__(self, settings: Any = None, *, model: Any = None, q: Any = None, data: Any = None) -> None:
        shared = shared_lab(all_knobs(), settings) if isinstance(settings, str) else None
        values = _read(shared.values if shared else settings, own_data=model is None and data is not None)
        self.current = ScreenState(values, own_model=model is not None or data is not None)
        self.turn = threading.RLock()  # held while an action or a message changes the screen's text
        self.session = Session(_link_to(model, q, data))
        kept = set(vars(self))
        self._build_screen()
        self._build_controllers()
        self._parts = set(vars(self)) - kept  # what `close` lets go of
        super().__init__([self.screen.root])
        self.add_class("elbo-host")
        self._first_paint()
        if shared is not None and (shared.changes or shared.screen or shared.notes):
            self._show_shared(shared)
        self._begin()

    def _begin(self) -> None:
        """The screen is painted: start the worker, and let the page's actions be carried out."""
        replace_earlier(self, self.session)
        self._take_up()
        self.session.start(self, self.idle)

    @property
    def values(self) -> Values:
        """The settings that the form shows."""
        return self.current.values

    @property
    def state(self) -> str:
        """Of the run on the screen: example, starting, running, paused, finished or failed."""
        return self.current.phase

    # assembling

    def _build_screen(self) -> None:
        post = self.post
        self.forms = Forms(all_knobs(), lambda name, value: post(SetKnob(name, value)), self.values["model"])
        presets = [(preset["label"], name) for name, preset in catalogue()["presets"].items()]
        bar = [self.forms.bar[name].widget for name in BAR]
        self.screen = Screen(post, self.forms.widget, bar, presets)
        self.drawer = Drawer(self.screen)
        self.painter = Painter(self.screen, catalogue())

    def _build_controllers(self) -> None:
        state, screen, painter, session = self.current, self.screen, self.painter, self.session
        self.settings = SettingsController(state, self.forms, screen, session)
        self.held = HeldRun(state, screen.page)
        self.estimators = EstimatorController(state, self.settings, screen, painter, session)
        self.views = ViewController(state, self.settings, self.estimators, screen, painter, session)
        self.runs = RunController(state, self.settings, self.held, self.views, screen, painter, session)
        self.seeds = SeedSweep(state, self.settings, self.runs, painter.lines)
        self.comparison = RunComparison(state, painter, screen.runs)
        self.run_list = RunList(state, self.comparison)
        self.table_files = TableFiles(screen)
        self.downloads = Downloads(state, screen, session, lambda: self.selection)
        self.own_data = OwnDataController(state, self.settings, screen, session)
        self.features = FeatureController(state, self.settings, self.runs, screen, session)
        self.latent = LatentController(state, screen, painter.map, session, lambda: self.selection, self._select)
        self.replay = ReplayController(state, screen, painter, session, self._hasten)
        self.scenes = SceneController(
            state, self.settings, self.held, self.views, self.latent, self.replay, screen, painter, session
        )
        self.projector = Projector(state, screen)
        self.keys_pressed = KeyController(state, self.settings, self.runs, self.projector, screen)
        self.quiz = QuizController(state, self.settings, self.drawer, screen, painter)
        self.phones = PhoneVotes(screen.vote)
        self.address = AddressController(
            state, self.settings, self.scenes, self.runs, self.quiz, self.views, self.estimators, screen
        )
        self.worker = WorkerWatch(state, self.held, self.views, screen, session)
        self.studies = StudyController(state, screen, session)
        self.words = ScreenWords(state, self.settings, self.quiz, self.seeds, self.studies, screen, painter)
        self.idle = IdleWatch(state, screen.page, painter, session, self.words.refresh)
        self.saved_page = SavedPageController(state, self.replay, screen, painter, session)
        self._register()

    def _register(self) -> None:
        """Let every controller take its actions, and messages before and after the painter has drawn them."""
        self.actions, self.messages, self.drawn = actions, messages, drawn = Dispatch(), Dispatch(), Dispatch()
        self.settings.register(actions)
        self.estimators.register(actions)
        self.scenes.register(actions, messages)
        self.held.register(messages)
        self.views.register(actions, messages, drawn)
        self.latent.register(actions, drawn)
        self.replay.register(actions, messages, drawn)
        self.saved_page.register(actions, messages, drawn)
        self.features.register(actions, messages, drawn)
        self.runs.register(actions, messages, drawn)
        self.seeds.register(actions, drawn)
        self.comparison.register(actions, drawn)
        self.run_list.register(actions)
        self.table_files.register(actions)
        self.downloads.register(actions, messages)
        self.own_data.register(actions, messages)
        self.projector.register(actions)
        self.keys_pressed.register(actions)
        self.quiz.register(actions)
        self.studies.register(actions, messages)
        self.phones.register(actions)
        self.address.register(actions)
        self.worker.register(actions, messages)
        actions.on(Quietly, lambda quiet: actions(quiet.action))

    def _first_paint(self) -> None:
        if self.current.own_model:  # of which no run was recorded
            self.current.phase, self.current.dirty = "paused", True
            self.screen.goal.value = "Your own settings: press Run and watch."
            self.current.notice = "Press Run to train with these settings."
        else:
            self.scenes.settle()
        self.settings.show()
        self.estimators.follow()
        self.words.refresh()

    def _show_shared(self, shared: SharedLab) -> None:
        """The text that Share copied: its live changes and its panels."""
        if self.current.own_model:
            self.current.plan = list(shared.changes)
            self.address.show_panels(shared.screen)
        else:
            self.address.open(shared)
        self.settings.show()
        self.estimators.follow()
        self.words.refresh()

    def _take_up(self) -> None:
        """After a restart of the kernel a cell resumes the run that it showed, except with a user's own model."""
        self.current.cell = cell = None if self.current.own_model else running_cell()
        if cell and (identity := run_of_cell(cell, self.held.opened_with)):
            self.post(TakeUp(identity))

    # the selection

    @traitlets.validate("selection")  # type: ignore[untyped-decorator]
    def _whole_rows(self, proposal: Any) -> tuple[int, ...]:
        rows = [int(row) for row in proposal["value"]]
        if any(row < 0 for row in rows):
            raise traitlets.TraitError(
                f"Row {min(rows)} was selected; rows are counted from 0. Pass row numbers of the data."
            )
        return tuple(sorted(set(rows)))

    @traitlets.observe("selection")  # type: ignore[untyped-decorator]
    def _selected(self, _: Any) -> None:
        if threading.current_thread() is not self.session.pump:  # the pump shows its own changes itself
            self.post(ShowSelection())

    def _select(self, rows: tuple[int, ...]) -> None:
        self.selection = rows

    # what the session calls

    def post(self, action: Action) -> None:
        """Queue an action; the pump carries it out."""
        self.session.post(action)

    def act(self, action: Action) -> None:
        """Carry out one action, as a rule on the pump's thread; a refusal becomes the caption."""
        with self.turn:
            if isinstance(action, Quietly):
                self.actions(action)
                return
            if not isinstance(action, OF_THE_PAGE):
                self.current.notice = ""
            try:
                self.actions(action)
            except (SettingError, ValueError) as refusal:
                self.current.notice = str(refusal)
            if isinstance(action, SetKnob):
                self.forms.answered(action.name, action.value)
            self.views.ask_prior()
            self.settings.show()
            self.estimators.follow()
            self.words.counts.at_once()
            self.words.refresh()

    def show(self, message: Message) -> None:
        """Show one message of the worker."""
        with self.turn:
            self.messages(message)
            self.painter.show(message)
            self.drawn(message)
            self.estimators.follow()
            self.words.refresh()

    def lost(self, reason: str) -> None:
        """The worker is gone."""
        self.worker.lost(reason)

    def frozen(self, seconds: float) -> None:
        """The worker is silent."""
        self.worker.frozen(seconds)

    def thawed(self) -> None:
        """The worker speaks again."""
        self.worker.thawed()

    def fault(self, sentence: str) -> None:
        """Report an internal error."""
        self.current.notice = sentence

    def flush(self) -> None:
        """Send what is pending; the newest number of a slow run is not kept back for the next one."""
        with self.turn:
            self.phones.follow(self.painter.facts)
            self.words.fill_drawer()
        drawn = self.screen.bus.flush()
        with self.turn:
            self.words.say(drawn=drawn)

    def _hasten(self) -> None:
        """Send what was drawn now, with its words."""
        self.words.counts.at_once()
        self.words.refresh()
        self.flush()

    def close(self) -> None:
        """Stop the session, let the worker save, and take the widgets away; `values` and `selection` stay."""
        if not hasattr(self, "session") or self.session.closed.is_set():  # construction was refused, or closed before
            return
        self.session.close()
        self.phones.close()
        self.held.release()
        close_all([self, *self.forms.all()])
        self.children = ()
        for name in self._parts:  # a notebook may keep this object for ever, as the output of its cell
            delattr(self, name)


def _read(settings: Any, *, own_data: bool) -> Values:
    """All settings, from a `Settings` or a dictionary."""
    chosen = asdict(settings) if is_dataclass(settings) and not isinstance(settings, type) else dict(settings or {})
    chosen |= {"data": "own"} if own_data else {}
    return validate(knobs_of(all_knobs(), chosen), chosen)


def _link_to(model: Any, q: Any, data: Any) -> Callable[[], Link]:
    """How a worker is reached: a process, or a thread of this kernel for what came from its notebook."""
    if model is None and data is None:
        return ProcessLink
    from elbo_room.widgets.worker.own_data.own_model import factory

    make = factory(model, q, data)
    return lambda: ThreadLink(make)
