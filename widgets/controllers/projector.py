"""Larger type for a lecture room, and one panel that is larger than the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elbo_room.widgets.actions import ToggleProjector
from elbo_room.widgets.words import texts

if TYPE_CHECKING:
    from elbo_room.widgets.controllers.state import ScreenState
    from elbo_room.widgets.dispatch import Dispatch
    from elbo_room.widgets.screen.layout import Screen

PANELS = "abcd"


class Projector:
    """Sets the classes that the style sheet reads."""

    def __init__(self, state: ScreenState, screen: Screen) -> None:
        self.state, self.screen = state, screen

    def register(self, actions: Dispatch) -> None:
        """Handle the button."""
        actions.when(ToggleProjector, self.toggle)

    def toggle(self) -> None:
        """Projector on or off."""
        root, on = self.screen.root, "elbo-projector" in self.screen.root._dom_classes
        for name in ("elbo-projector", "elbo-large", *(f"elbo-large-{letter}" for letter in PANELS)):
            root.remove_class(name)
        if not on:
            root.add_class("elbo-projector")
            self.screen.tabs.value = "–"

    def explain(self) -> None:
        """What the keys do, until the next action."""
        self.state.notice = texts.PROJECTOR

    def enlarge(self, panel: str) -> None:
        """One panel is large and the others small; choosing it again makes all equal."""
        root, wanted = self.screen.root, f"elbo-large-{panel}"
        on = wanted in root._dom_classes
        for name in ("elbo-large", *(f"elbo-large-{letter}" for letter in PANELS)):
            root.remove_class(name)
        if not on:
            root.add_class("elbo-large")
            root.add_class(wanted)
