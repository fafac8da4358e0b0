"""Which run the worker holds, and which it was asked to start: their folders stay locked meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elbo_room.widgets.controllers.state import Requested
from elbo_room.widgets.messages import Changed, Recorded, Saved, Started, Unsaved
from elbo_room.widgets.sessions.runs import kept_until, note_cell

if TYPE_CHECKING:
    from elbo_room.models.settings import Values
    from elbo_room.widgets.controllers.state import ScreenState
    from elbo_room.widgets.dispatch import Dispatch
    from elbo_room.widgets.messages import Refused
    from elbo_room.widgets.screen.page import Page
    from elbo_room.widgets.sessions.runs import RunFolder


class HeldRun:
    """Follows the outcome of every start."""

    def __init__(self, state: ScreenState, page: Page) -> None:
        self.state, self.page = state, page
        self.opened_with: Values = dict(state.values)  # the settings that the lab's cell opens it with

    def register(self, messages: Dispatch) -> None:
        """Handle what the worker reports about its run."""
        messages.on(Started, self.started)
        messages.on(Recorded, self.recorded)
        messages.on(Changed, self.changed)
        messages.when(Saved, self.note_saved)
        messages.when(Unsaved, self.note_saved)

    def request(self, folder: RunFolder, *, opened: bool = False) -> None:
        """A run with the form's settings is starting in this folder."""
        state = self.state
        state.run_values, state.dirty, state.phase = dict(state.values), False, "starting"
        state.requested[str(folder.path)] = Requested(folder, state.run_values, opened)

    def recorded(self, message: Recorded) -> None:
        """What makes the worker's run again."""
        self.state.record = message

    def changed(self, message: Changed) -> None:
        """A change that was planned has been made: the form shows it, unless it shows other settings already."""
        state = self.state
        if not message.planned or state.requested or state.run_values is None:
            return
        state.run_values |= message.values
        if not state.dirty:
            state.values = {**state.values, **message.values}

    def started(self, message: Started) -> None:
        """The worker holds this run from now on, and has saved the one before."""
        state = self.state
        request = state.requested.pop(message.folder, None)
        if request is not None:
            if state.folder is not None:
                state.folder.release()
            self._hold(request.folder)
            state.held_values, state.record = request.values, None
        self.note_saved()

    def refused(self, message: Refused) -> bool:
        """The worker still holds the run before, or none at all; whether an earlier run was to be opened instead of one that is left."""
        state = self.state
        request = state.requested.pop(message.folder or "", None)
        if request is not None:
            request.folder.release()
        if state.requested:  # another start is still to be answered
            return False
        if message.state == "idle":
            self.without_run("failed")
            return False
        state.phase, state.run_values = message.state, state.held_values
        state.dirty = state.values != state.run_values
        return request is not None and request.opened

    def without_run(self, phase: str) -> None:
        """The worker holds no run that could continue."""
        self.state.phase, self.state.run_values, self.state.held_values = phase, None, None

    def let_go(self) -> bool:
        """The worker holds no run any more; returns whether none is starting either, so that the screen is free."""
        state = self.state
        if state.folder is not None:
            state.folder.release()
        state.folder = state.held_values = state.saved_number = None
        if state.requested:
            return False
        state.run_values, self.page.run_id = None, ""
        return True

    def forget_requests(self) -> bool:
        """No start will be answered any more; returns whether one was pending."""
        requests, self.state.requested = self.state.requested, {}
        for request in requests.values():
            request.folder.release()
        return bool(requests)

    def note_saved(self) -> None:
        """Check up to which step the run is saved; a folder that could not be locked before is locked once it is there."""
        if self.state.folder is not None:
            self.state.folder.take()
        self.state.saved_number = kept_until(self.state.folder)

    def _hold(self, folder: RunFolder) -> None:
        """The run on the screen is kept here from now on; this cell finds it again after a restart of the kernel."""
        self.state.folder = folder
        self.page.run_id = folder.identity
        if self.state.cell is not None:
            note_cell(folder, self.state.cell, self.opened_with)

    def release(self) -> None:
        """Release this session's runs for others; its worker has left."""
        self.forget_requests()
        if self.state.folder is not None:
            self.state.folder.release()
            self.state.folder = None
