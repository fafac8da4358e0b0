"""The drawer "Table": what the four panels draw, as numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from elbo_room.widgets.screen.drawers.part import DrawerPart, Shown
from elbo_room.widgets.words.tables import tabulated

if TYPE_CHECKING:
    from elbo_room.widgets.actions import Action
    from elbo_room.widgets.screen.layout import Screen


class Table(DrawerPart):
    """The charts in sight as tables."""

    name = "Table"
    tooltip = "What the four panels draw, as numbers"

    def __init__(self, post: Callable[[Action], None], screen: Screen) -> None:
        super().__init__(post, screen)
        self.widget = screen.tables

    def fill(self, shown: Shown) -> None:
        """What the charts in sight show now."""
        del shown
        screen = self.screen
        screen.tables.tables = [tabulated(screen.bus, screen.chart(name)) for name in screen.in_order()]
