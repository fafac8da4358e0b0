"""A user's own table: uploaded or named, read by the worker, and shown with settings that suit it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elbo_room.models.settings import FIRST_MODEL
from elbo_room.widgets.actions import Upload
from elbo_room.widgets.messages import ReadTable, Refused, Settings, TableRead
from elbo_room.widgets.painting.views import OPENING
from elbo_room.widgets.screen.own_table import keep
from elbo_room.widgets.sessions.local_use import REFUSED, local_use, shown_path, shown_sentence, without_path

if TYPE_CHECKING:
    from elbo_room.widgets.controllers.settings import SettingsController
    from elbo_room.widgets.controllers.state import ScreenState
    from elbo_room.widgets.dispatch import Dispatch
    from elbo_room.widgets.screen.layout import Screen
    from elbo_room.widgets.sessions.session import Session

OWN = "own"  # the user's data; the name of `elbo_room.models.data.OWN`, which the kernel must not import


class OwnDataController:
    """The drawer "Your data"."""

    def __init__(self, state: ScreenState, settings: SettingsController, screen: Screen, session: Session) -> None:
        self.state, self.settings, self.screen, self.session = state, settings, screen, session
        self.suited: Settings = {}  # what the table in use proposed: another proposal replaces the form's model

    def register(self, actions: Dispatch, messages: Dispatch) -> None:
        """Handle the drawer's actions and the worker's answers."""
        actions.on(Upload, self.upload)
        actions.on(ReadTable, self.read)
        messages.on(TableRead, self.show)
        messages.on(Refused, self.refused)

    def upload(self, action: Upload) -> None:
        """Keep an uploaded file and read it."""
        try:
            self._read(ReadTable(str(keep(action.name, action.content))))
        except (OSError, ValueError) as error:
            self.screen.own.refuse(without_path(error))

    def read(self, command: ReadTable) -> None:
        """Read the table in use with other columns, or, in local use, a file whose path was typed."""
        request = self.screen.own.request
        if local_use() or (request is not None and command.path == request.path):
            self._read(command)
        else:
            self.screen.own.refuse(REFUSED)

    def _read(self, command: ReadTable) -> None:
        self.screen.own.refuse(f"Reading {shown_path(command.path)} …")
        self.session.send(command)

    def refused(self, message: Refused) -> None:
        """The drawer has room for the whole reason."""
        if message.command is ReadTable:
            self.screen.own.refuse(shown_sentence(message.sentence))

    def show(self, message: TableRead) -> None:
        """A table was read: show it, and settings that suit it."""
        state, request = self.state, self.screen.own.request
        again = request is not None and message.path == request.path  # a new worker read it, or a column was chosen
        before, self.suited = self.suited, message.suited
        same = again and before == self.suited
        self.screen.own.show(message)
        if same and state.values["data"] == OWN:
            state.dirty = True
            return
        if message.suited or before or state.values["model"] != FIRST_MODEL:
            self.settings.take({"seed": state.values["seed"], **message.suited, "data": OWN})
            self.screen.wished = OPENING | dict(message.views)
            self.settings.name_scene()
        else:
            self.settings.set("data", OWN)
        state.notice = message.sentence
