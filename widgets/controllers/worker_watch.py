"""The worker comes and goes: what a new one is sent, and what happens to the run of one that stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elbo_room.widgets.actions import WorkerNotStarted
from elbo_room.widgets.messages import Fault, ReadTable, Ready, Refused, Saved, Start, Unsaved, UseFeatures
from elbo_room.widgets.sessions.local_use import shown_sentence
from elbo_room.widgets.sessions.runs import kept_until

if TYPE_CHECKING:
    from elbo_room.widgets.controllers.held_run import HeldRun
    from elbo_room.widgets.controllers.state import ScreenState
    from elbo_room.widgets.controllers.views import ViewController
    from elbo_room.widgets.dispatch import Dispatch
    from elbo_room.widgets.screen.layout import Screen
    from elbo_room.widgets.sessions.session import Session


class WorkerWatch:
    """Greets a worker, reports what it could not do, and starts another when it is gone."""

    def __init__(
        self, state: ScreenState, held: HeldRun, views: ViewController, screen: Screen, session: Session
    ) -> None:
        self.state, self.held, self.views, self.screen, self.session = state, held, views, screen, session
        self.silence = ""  # the sentence about a worker that is silent
        self.unsaved = ""  # the sentence about a run that cannot be saved

    def register(self, actions: Dispatch, messages: Dispatch) -> None:
        """Handle reports about the worker itself."""
        actions.on(WorkerNotStarted, lambda action: self.lost(action.reason))
        messages.when(Ready, self.greet)
        messages.on(Refused, self.say_refusal)
        messages.on(Unsaved, self.say_unsaved)
        messages.on(Saved, self.saved_again)
        messages.on(Fault, self.say)

    def greet(self) -> None:
        """A worker is ready: send it what this screen shows."""
        self.state.ready = True
        self.screen.page.banner = ""
        self.views.tell_worker()
        if self.screen.own.request:
            self.session.send(self.screen.own.request)
        if self.screen.own.features:
            self.session.send(UseFeatures(self.screen.own.features))

    def say(self, message: Unsaved | Fault | Refused) -> None:
        """Report in the caption what the worker could not do."""
        self.state.notice = shown_sentence(message.sentence)

    def say_unsaved(self, message: Unsaved) -> None:
        """The same for a run that cannot be saved; it is tried again every few seconds."""
        self.say(message)
        self.unsaved = self.state.notice

    def saved_again(self, message: Saved) -> None:
        """The sentence about a run that cannot be saved is true no more."""
        if self.unsaved and self.state.notice in ("", self.unsaved):
            self.state.notice = f"The run is saved again, up to step {message.number:,}."
        self.unsaved = ""

    def frozen(self, seconds: float) -> None:
        """The worker lives but is silent: report it until it speaks again."""
        number = None if self.state.own_model else self.state.saved_number
        kept = "" if number is None else f" Your run is kept up to step {number:,}."
        self.silence = (
            f"The trainer has not answered for {seconds:.0f} s: it was stopped, or this computer is very busy.{kept} "
            "It goes on by itself as soon as it can; if it does not, reload the page."
        )
        self.screen.page.banner = self.silence

    def thawed(self) -> None:
        """It speaks again, or is gone, which has a sentence of its own."""
        if self.screen.page.banner == self.silence:
            self.screen.page.banner = ""

    def say_refusal(self, message: Refused) -> None:
        """The same for a command; for a table, the drawer reports it."""
        if message.command is not ReadTable:
            self.say(message)

    def lost(self, reason: str) -> None:
        """The worker is gone: report it, start another, and resume the saved run if there is one."""
        state = self.state
        number, unanswered = kept_until(state.folder), self.held.forget_requests()
        had_run = unanswered or state.run_values is not None
        state.run_values, state.saved_number = state.held_values or state.run_values, number
        words = " ".join((f"The trainer stopped ({reason}).", *self._what_is_kept(number, had_run, unanswered)))
        if not self.session.restart_worker():
            self.screen.page.banner = f"{words} It stopped too often to be restarted automatically. Reload the page."
            self.held.without_run("failed")
            return
        self.screen.page.banner = f"{words} A new trainer is starting."
        if state.folder is not None and number is not None and not state.own_model:
            state.phase = "starting"
            self.session.send(Start({}, str(state.folder.path), resume=True, play=False))
        else:
            self.held.without_run("example" if state.run_values is None else "failed")

    def _what_is_kept(self, number: int | None, had_run: bool, unanswered: bool) -> list[str]:
        """The sentences about the run of a trainer that stopped; empty if there was no run."""
        if not had_run:
            return []
        if self.state.own_model:
            return ["A run of your own model cannot be resumed: press Run to start it again at step 0."]
        if number is None:
            return ["Nothing of your run was saved yet."]
        return [
            *(["The new run did not start."] if unanswered else []),
            f"Your {'earlier ' * unanswered}run is kept up to step {number:,}.",
        ]
