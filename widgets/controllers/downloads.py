"""Files of a run's results: the worker makes one, the page saves it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from elbo_room.widgets.messages import Export, Exported

if TYPE_CHECKING:
    from collections.abc import Callable

    from elbo_room.widgets.controllers.state import ScreenState
    from elbo_room.widgets.dispatch import Dispatch
    from elbo_room.widgets.screen.layout import Screen
    from elbo_room.widgets.sessions.session import Session


class Downloads:
    """Passes the wish on, with the selected rows, and the file to the browser."""

    def __init__(
        self, state: ScreenState, screen: Screen, session: Session, selection: Callable[[], tuple[int, ...]]
    ) -> None:
        self.state, self.screen, self.session, self.selection = state, screen, session, selection

    def register(self, actions: Dispatch, messages: Dispatch) -> None:
        """Handle the buttons, and what was made."""
        actions.on(Export, self.ask)
        messages.on(Exported, self.save)

    def ask(self, action: Export) -> None:
        """Have a file made.

        Raises:
            ValueError: there is no run of one's own.
        """
        if self.state.run_values is None:
            raise ValueError(
                "There is no run of your own yet, so there is nothing to save. Press Run; then press again."
            )
        self.session.send(replace(action, rows=self.selection()))
        self.state.notice = "The file is being made; your browser saves it when it is ready."

    def save(self, message: Exported) -> None:
        """Hand a piece of a file to the browser, which saves the file with the last one."""
        self.screen.replay.save(message.name, message.content, message.begin, message.size)
        size = message.size
        if message.begin + len(message.content) < size:
            return
        amount = f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{max(1, round(size / 1e3))} kB"
        self.state.notice = f"{message.name} is saved ({amount})."
