"""The drawer "Estimators": which estimators panel B measures."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import ipywidgets as ipw

from elbo_room.widgets.screen.drawers.part import DrawerPart
from elbo_room.widgets.screen.panels import box

if TYPE_CHECKING:
    from elbo_room.widgets.actions import Action
    from elbo_room.widgets.screen.layout import Screen


class Estimators(DrawerPart):
    """Choose what panel B measures."""

    name = "Estimators"
    tooltip = "Which estimators panel B measures"
    follows = False

    def __init__(self, post: Callable[[Action], None], screen: Screen) -> None:
        super().__init__(post, screen)
        self.widget = box(ipw.VBox, [screen.shown], "elbo-shelf")
