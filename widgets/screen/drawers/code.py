"""The drawer "Code": this run in Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from elbo_room.widgets.screen.code_view import CodeView
from elbo_room.widgets.screen.drawers.part import DrawerPart, Shown
from elbo_room.widgets.words import texts

if TYPE_CHECKING:
    from elbo_room.widgets.actions import Action
    from elbo_room.widgets.screen.layout import Screen


class Code(DrawerPart):
    """Python that makes this run again, step for step."""

    name = "Code"
    tooltip = "This run in Python"

    def __init__(self, post: Callable[[Action], None], screen: Screen) -> None:
        super().__init__(post, screen)
        self.view = CodeView(label="This run in Python")
        self.widget = self.view

    def fill(self, shown: Shown) -> None:
        """The code of these settings."""
        values, changes = shown.recipe
        self.view.show(texts.code(values or shown.values, shown.knobs, self.screen.own.in_python(), changes))
