"""Which pages are open and visible, and how many more frames may be sent: at most `WINDOW` unacknowledged, none to a hidden page."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

WINDOW = 2  # frames that may be under way
LOST = 3.0  # seconds without a frame after which an idle page that is behind must have lost one
TABS = 8  # pages remembered; tabs can close silently


class FlowControl:
    """Counts frames and acknowledgements, for each page (JupyterLab may show one kernel's lab in several tabs).

    The page that is furthest decides: a slower tab draws the newest of what it gets, and a tab that closed silently
    blocks none.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start without pages."""
        self._clock = clock
        self._pages: dict[str, dict[str, Any]] = {}
        self._sent_at = 0.0
        self.frames = self.acks = 0

    @property
    def hidden(self) -> bool:
        """Whether no page is visible."""
        return not self._visible()

    @property
    def in_flight(self) -> int:
        """Frames that the furthest visible page has not acknowledged."""
        return self.frames - max((page["acked"] for page in self._visible()), default=self.frames)

    @property
    def left(self) -> bool:
        """Whether a frame may leave now."""
        return not self.hidden and self.in_flight < WINDOW

    def spend(self) -> int:
        """Count a frame that leaves and return its number."""
        self.frames += 1
        self._sent_at = self._clock()
        return self.frames

    def heard(self, client: str, content: dict[str, Any]) -> bool:
        """Process a page's message; return whether it needs everything again."""
        kind = content.get("kind")
        if kind == "gone":
            self._pages.pop(client, None)
            return False
        page = self._page(client)
        if kind == "ack":
            return self._acknowledged(page, content)
        if kind == "hidden":
            page["hidden"] = True
        again = kind in ("ready", "visible", "resync")
        if again:
            page.update(hidden=False, acked=self.frames)
        return again

    def _acknowledged(self, page: dict[str, Any], content: dict[str, Any]) -> bool:
        number, idle = content.get("frame"), bool(content.get("idle"))
        if not isinstance(number, int) or not 0 <= number <= self.frames:
            return False
        self.acks += not idle
        page.update(acked=max(page["acked"], number), hidden=bool(content.get("hidden")))
        lost = idle and self.frames > page["acked"] and self._clock() - self._sent_at > LOST
        if lost:
            page["acked"] = self.frames  # they were lost with a connection and will never be acknowledged
        return lost

    def _page(self, client: str) -> dict[str, Any]:
        if client not in self._pages:
            if len(self._pages) >= TABS:
                del self._pages[min(self._pages, key=lambda name: self._pages[name]["seen"])]
            self._pages[client] = {"acked": self.frames, "hidden": False, "seen": 0.0}
        self._pages[client]["seen"] = self._clock()
        return self._pages[client]

    def _visible(self) -> list[dict[str, Any]]:
        return [page for page in self._pages.values() if not page["hidden"]]
