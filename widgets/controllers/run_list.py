"""The list of runs: names, pins, and the bin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elbo_room.widgets.actions import DeleteRun, PinRun, RenameRun, RestoreRun
from elbo_room.widgets.sessions.run_bin import delete, deleted_runs, restore
from elbo_room.widgets.sessions.run_labels import pin, rename

if TYPE_CHECKING:
    from elbo_room.widgets.controllers.comparison import RunComparison
    from elbo_room.widgets.controllers.state import ScreenState
    from elbo_room.widgets.dispatch import Dispatch


class RunList:
    """What a user does to the kept runs, other than opening and comparing them."""

    def __init__(self, state: ScreenState, comparison: RunComparison) -> None:
        self.state, self.comparison = state, comparison

    def register(self, actions: Dispatch) -> None:
        """Handle the buttons of the table's rows."""
        actions.on(RenameRun, lambda action: rename(action.identity, action.name))
        actions.on(PinRun, lambda action: pin(action.identity, pinned=action.pinned))
        actions.on(DeleteRun, self.delete)
        actions.when(RestoreRun, self.restore)

    def delete(self, action: DeleteRun) -> None:
        """Move a run into the bin.

        Raises:
            ValueError: it is on the screen, or on another page's.
        """
        if self.state.folder is not None and action.identity == self.state.folder.identity:
            raise ValueError("This run is the one on the screen. Open another one, or press Run; then delete it.")
        delete(action.identity)
        self.comparison.forget(action.identity)
        self.state.notice = "The run is in the bin for 30 days: Undo in the list restores it."

    def restore(self) -> None:
        """Move the run that was deleted last back to the list.

        Raises:
            ValueError: the bin is empty.
        """
        restore(next(iter(deleted_runs()), ""))
        self.state.notice = "The run is in the list again."
