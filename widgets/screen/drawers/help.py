"""The drawer "Help": what the panels show, and the keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from elbo_room.widgets.screen.drawers.part import DrawerPart, Shown
from elbo_room.widgets.words import texts

if TYPE_CHECKING:
    from elbo_room.widgets.actions import Action
    from elbo_room.widgets.screen.layout import Screen


class Help(DrawerPart):
    """Keys and panels."""

    name = "Help"
    tooltip = "Keys and panels"
    follows = False

    def __init__(self, post: Callable[[Action], None], screen: Screen) -> None:
        super().__init__(post, screen)
        self.widget = screen.text

    def fill(self, shown: Shown) -> None:
        """The same text always."""
        del shown
        self.screen.text.show(self.name, texts.HELP)
