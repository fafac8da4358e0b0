"""The drawer "Formula": what is computed, with the settings in the form."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import ipywidgets as ipw

from elbo_room.widgets.screen.drawers.part import DrawerPart, Shown
from elbo_room.widgets.sessions.example import catalogue
from elbo_room.widgets.words import formulas

if TYPE_CHECKING:
    from elbo_room.widgets.actions import Action
    from elbo_room.widgets.screen.layout import Screen


class Formula(DrawerPart):
    """Model, ELBO, estimator and update, typeset; each term lights with its control and its curve."""

    name = "Formula"
    tooltip = "What is computed"

    def __init__(self, post: Callable[[Action], None], screen: Screen) -> None:
        super().__init__(post, screen)
        self.widget = ipw.HTML()
        self.widget.add_class("elbo-formula-sheet")

    def fill(self, shown: Shown) -> None:
        """The formulas of these settings."""
        self.widget.value = formulas.sheet(shown.values, catalogue())
