"""Whether the page is in use: what the session asks about it, and what happens to an unwatched run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elbo_room.widgets.messages import Pause, Save

if TYPE_CHECKING:
    from collections.abc import Callable

    from elbo_room.widgets.controllers.state import ScreenState
    from elbo_room.widgets.painting.painter import Painter
    from elbo_room.widgets.screen.page import Page
    from elbo_room.widgets.sessions.session import Session


class IdleWatch:
    """A run rests while its page is silent, and a page that comes back explains why; `refresh` updates its text."""

    def __init__(
        self, state: ScreenState, page: Page, painter: Painter, session: Session, refresh: Callable[[], None]
    ) -> None:
        self.state, self.page, self.painter, self.session, self.refresh = state, page, painter, session, refresh
        self.rested = False  # the run was paused because the page was not in use

    def last_seen(self) -> float | None:
        """The time of the page's last message, on the monotonic clock."""
        return self.page.last_seen

    def hidden(self) -> bool:
        """Whether the page was hidden then."""
        return self.page.hidden

    def alone(self) -> None:
        """The page has been silent for too long: the run is paused and saved."""
        self.rested = self.state.phase == "running"
        self.session.send(Pause())
        self.session.send(Save())

    def heard_again(self, seconds: float) -> None:
        """The page is back after a long silence: explain why the run is paused and how to continue."""
        if self.rested and self.state.phase == "paused":
            number = self.painter.facts["number"]
            self.state.notice = f"Paused at step {number:,}, because this page was silent for {seconds:.0f} s. Press Continue to resume."
            self.refresh()
        self.rested = False
