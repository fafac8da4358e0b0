"""The drawer "Your data": a table of the user's own, or the features of the run on the screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from elbo_room.widgets.screen.drawers.part import DrawerPart

if TYPE_CHECKING:
    from elbo_room.widgets.actions import Action
    from elbo_room.widgets.screen.layout import Screen


class YourData(DrawerPart):
    """Train on a file of your own."""

    name = "Your data"
    tooltip = "Train on your own file"
    follows = False

    def __init__(self, post: Callable[[Action], None], screen: Screen) -> None:
        super().__init__(post, screen)
        self.widget = screen.own.widget
