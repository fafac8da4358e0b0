"""Whether somebody looks: what the session asks about the page, and what becomes of a run that nobody watches."""

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
    """A run rests while its page is silent, and a page that comes back says why; `refresh` brings its words up to date."""

    def __init__(
        self, state: ScreenState, page: Page, painter: Painter, session: Session, refresh: Callable[[], None]
    ) -> None:
        self.state, self.page, self.painter, self.session, self.refresh = state, page, painter, session, refresh
        self.rested = False  # the run was paused because nobody looked

    def last_seen(self) -> float | None:
        """When the page was last heard of, on the monotonic clock."""
        return self.page.last_seen

    def hidden(self) -> bool:
        """Whether the page was hidden then."""
        return self.page.hidden

    def alone(self) -> None:
        """The page has been silent for too long: the run rests, and is saved."""
        self.rested = self.state.phase == "running"
        self.session.send(Pause())
        self.session.send(Save())

    def heard_again(self, seconds: float) -> None:
        """The page speaks again after so long a silence: it says why the run rests and how it goes on."""
        if self.rested and self.state.phase == "paused":
            number = self.painter.facts["number"]
            self.state.notice = (
                f"Paused at step {number:,}, because this page was silent for {seconds:.0f} s. Press Continue to go on."
            )
            self.refresh()
        self.rested = False
