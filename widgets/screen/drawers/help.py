"""The drawer "Help": a tour of the screen, what the panels show, and the keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from elbo_room.widgets.painting.views import all_views
from elbo_room.widgets.screen.drawers.part import CLOSED, DrawerPart, Shown
from elbo_room.widgets.screen.help_view import HelpView
from elbo_room.widgets.words.help_words import KEYS, NOTES, TOUR, panel_words

if TYPE_CHECKING:
    from elbo_room.widgets.actions import Action
    from elbo_room.widgets.screen.layout import Screen


class Help(DrawerPart):
    """A tour, panels and keys."""

    name = "Help"
    tooltip = "A tour in four steps, what the panels show, keys"

    def __init__(self, post: Callable[[Action], None], screen: Screen) -> None:
        super().__init__(post, screen)
        self.view = HelpView(lambda: setattr(screen.tabs, "value", CLOSED), tour=TOUR, shortcuts=KEYS, notes=NOTES)
        self.widget = self.view

    def fill(self, shown: Shown) -> None:
        """The panels as they are now."""
        del shown
        shows = self.screen.by_panel()
        self.view.panels = [panel_words(panel, chart.title, all_views()[chart.name]) for panel, chart in shows]
