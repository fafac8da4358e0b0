"""A panel's table as a file: the page is sent all its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elbo_room.widgets.actions import SaveTable
from elbo_room.widgets.painting.views import all_views
from elbo_room.widgets.words.tables import comma_separated

if TYPE_CHECKING:
    from elbo_room.widgets.dispatch import Dispatch
    from elbo_room.widgets.screen.layout import Screen


class TableFiles:
    """Answers the buttons of the drawer "Table"."""

    def __init__(self, screen: Screen) -> None:
        self.screen = screen

    def register(self, actions: Dispatch) -> None:
        """Handle the buttons."""
        actions.on(SaveTable, self.save)

    def save(self, action: SaveTable) -> None:
        """Send the page every row of one dataset of a chart.

        Raises:
            ValueError: there is no such table, or it is empty.
        """
        known = action.chart in all_views() and action.part in all_views()[action.chart].tables
        text = comma_separated(self.screen.bus, self.screen.chart(action.chart), action.part) if known else ""
        if not text:
            raise ValueError(
                f"There is no table {action.chart[:40]} {action.part[:40]} now. Open the table of another panel."
            )
        self.screen.tables.save(f"{action.chart}_{action.part}.csv", text)
