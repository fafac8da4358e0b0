"""What every drawer is: a name, a tooltip, a widget, and how it is filled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import ipywidgets as ipw

if TYPE_CHECKING:
    from elbo_room.models.settings import Knob, Values
    from elbo_room.widgets.actions import Action
    from elbo_room.widgets.screen.layout import Screen

CLOSED = "–"  # the value of the tabs while no drawer is open


@dataclass(frozen=True)
class Shown:
    """What a drawer may write about: the settings in the form, their knobs, and the numbers on the screen."""

    values: Values
    knobs: list[Knob]
    facts: dict[str, Any]
    identity: str = ""  # of the run on the screen
    recipe: tuple[Values, Sequence[tuple[int, Any]]] = (
        {},
        (),
    )  # what makes the run again: first settings, live changes
    run_settings: Mapping[str, Any] = field(default_factory=dict)  # of what panel A draws, live changes included


class DrawerPart:
    """One drawer. It is made with the screen; `fill` brings it up to date when it is opened and whenever the screen changes."""

    name: ClassVar[str]
    tooltip: ClassVar[str]
    aside: ClassVar[bool] = False  # as wide as the controls, so that all panels stay in sight
    follows: ClassVar[bool] = True  # what it shows changes with the screen
    widget: ipw.Widget

    def __init__(self, post: Callable[[Action], None], screen: Screen) -> None:
        self.post, self.screen = post, screen

    def fill(self, shown: Shown) -> None:
        """Bring it up to date; unchanged traits cost nothing."""
