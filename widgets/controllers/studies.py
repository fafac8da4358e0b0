"""What is found on request, beside the training: the button of a panel begins it, shows how far it is, and cancels it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elbo_room.widgets.actions import PressStudy
from elbo_room.widgets.messages import BeginStudy, CancelStudy, Refused, Studying
from elbo_room.widgets.painting.views import all_views

if TYPE_CHECKING:
    from elbo_room.widgets.controllers.state import ScreenState
    from elbo_room.widgets.dispatch import Dispatch
    from elbo_room.widgets.screen.layout import Screen
    from elbo_room.widgets.sessions.session import Session

NO_RUN = "It is found for your own run. Press Run first, then '{asks}'."


class StudyController:
    """The studies of the run on the screen."""

    def __init__(self, state: ScreenState, screen: Screen, session: Session) -> None:
        self.state, self.screen, self.session = state, screen, session
        self.name = ""  # of the one in progress
        self.share = 0.0

    def register(self, actions: Dispatch, messages: Dispatch) -> None:
        """Handle the buttons and the worker's answers."""
        actions.on(PressStudy, self.press)
        actions.on(BeginStudy, self.session.send)
        actions.on(CancelStudy, self.session.send)
        messages.on(Studying, self.show)
        messages.on(Refused, self.refused)

    def press(self, action: PressStudy) -> None:
        """Begin what the panel shows, or cancel it."""
        view = all_views()[self.screen.lists[action.panel].value]
        if self.name == view.study:
            self.session.send(CancelStudy())
        elif self.state.run_values is None:
            self.state.notice = NO_RUN.format(asks=view.asks)
        else:
            self.session.send(BeginStudy(view.study))

    def show(self, message: Studying) -> None:
        """How far the study is, or that it has ended."""
        if message.share is None:
            self.name = "" if self.name == message.name else self.name
        else:
            self.name, self.share = message.name, message.share
        if message.sentence:
            self.state.notice = message.sentence

    def refused(self, message: Refused) -> None:
        """Why it was not begun."""
        if message.command is BeginStudy:
            self.state.notice = message.sentence

    def refresh(self) -> None:
        """The words of the buttons."""
        for panel, made in self.screen.studies.items():
            name = self.screen.lists[panel].value
            view = all_views().get(name or "")
            if view is None or not view.study:
                continue
            busy = self.name == view.study
            made.description = f"Cancel, {100 * self.share:.0f} %" if busy else view.asks
            made.tooltip = (
                "End it; nothing else is affected"
                if busy
                else f"{view.asks}: beside the training, in a process of its own"
            )
