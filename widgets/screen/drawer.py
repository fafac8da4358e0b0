"""The drawer at the foot of the screen: one of `drawers.DRAWERS` at a time. What is open follows the run."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from elbo_room.widgets.screen.drawers.part import CLOSED, DrawerPart, Shown

if TYPE_CHECKING:
    from elbo_room.widgets.screen.layout import Screen

RUNNING, RESTING = 1.0, 0.2  # seconds between refreshes of what is open


class Drawer:
    """Fills what is open: at once on opening, and again soon after something that it shows has changed."""

    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        self.part: DrawerPart | None = None  # what is open
        self._stale, self._filled = False, 0.0

    @property
    def name(self) -> str:
        """Of the drawer that is open."""
        return self.part.name if self.part else CLOSED

    def open(self, name: str, shown: Shown) -> None:
        """Show another drawer, or none."""
        screen, self.part = self.screen, self.screen.drawers.get(name)
        screen.drawer_title.value = f"<h2>{self.name}</h2>" if self.part else ""
        for widget in screen.drawer_body.children:
            widget.layout.display = None if self.part and widget is self.part.widget else "none"
        (screen.drawer.add_class if self.part and self.part.aside else screen.drawer.remove_class)("elbo-aside")
        self.fill(shown)
        screen.drawer.layout.display = None if self.part else "none"  # last, so that nothing moves once it is visible

    def changed(self) -> None:
        """Something that the drawer may show has changed."""
        self._stale = self.part is not None and self.part.follows

    def due(self, *, running: bool) -> bool:
        """Whether to fill it now; during training, only occasionally."""
        return self._stale and time.monotonic() - self._filled >= (RUNNING if running else RESTING)

    def fill(self, shown: Shown) -> None:
        """Bring what is open up to date; unchanged traits cost nothing."""
        self._stale, self._filled = False, time.monotonic()
        if self.part:
            self.part.fill(shown)
