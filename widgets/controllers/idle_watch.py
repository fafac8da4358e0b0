"""Whether somebody looks: what the session asks about the page, and what becomes of a run that nobody watches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elbo_room.widgets.messages import Pause, Save

if TYPE_CHECKING:
    from collections.abc import Callable

    from elbo_room.widgets.painting.painter import Painter
    from elbo_room.widgets.screen.layout import Screen
    from elbo_room.widgets.sessions.session import Session


class IdleWatch:
    """Part of the explorer: a run rests while its page is silent, and whoever comes back reads why."""

    state: str
    notice: str
    screen: Screen
    painter: Painter
    session: Session
    rested = False  # the run was paused because nobody looked
    _refresh: Callable[[], None]

    def last_seen(self) -> float | None:
        """When the page was last heard of, on the monotonic clock."""
        return self.screen.page.last_seen

    def hidden(self) -> bool:
        """Whether the page was hidden then."""
        return self.screen.page.hidden

    def alone(self) -> None:
        """The page has been silent for too long: the run rests, and is saved."""
        self.rested = self.state == "running"
        self.session.send(Pause())
        self.session.send(Save())

    def heard_again(self, seconds: float) -> None:
        """The page speaks again after so long a silence: it says why the run rests and how it goes on."""
        if self.rested and self.state == "paused":
            number = self.painter.facts["number"]
            self.notice = (
                f"Paused at step {number:,}, because this page was silent for {seconds:.0f} s. Press Continue to go on."
            )
            self._refresh()
        self.rested = False
