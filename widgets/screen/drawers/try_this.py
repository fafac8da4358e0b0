"""The drawer "Try this": the scene's questions, answered by the run."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from elbo_room.widgets.screen.drawers.part import DrawerPart, Shown
from elbo_room.widgets.sessions.example import catalogue

if TYPE_CHECKING:
    from elbo_room.widgets.actions import Action
    from elbo_room.widgets.screen.layout import Screen


class TryThis(DrawerPart):
    """Predict, run, and let the run answer."""

    name = "Try this"
    tooltip = "Predict, run, and let the run answer"
    aside = True

    def __init__(self, post: Callable[[Action], None], screen: Screen) -> None:
        super().__init__(post, screen)
        self.widget = screen.quiz.widget

    def fill(self, shown: Shown) -> None:
        """The questions of the scene that is chosen, and the answer once the run has one."""
        quiz = self.screen.quiz
        quiz.offer(catalogue()["presets"][self.screen.scene.value].get("tasks", []))
        quiz.follow(shown.facts)
