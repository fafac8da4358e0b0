"""The drawer, its questions, and what must not be seen before they are answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elbo_room.widgets.actions import Guess, NextQuestion, OpenDrawer, Reveal, TakeVoteBack, Vote
from elbo_room.widgets.screen.drawers.part import Shown
from elbo_room.widgets.screen.prediction_quiz import PANELS
from elbo_room.widgets.sessions.example import catalogue
from elbo_room.widgets.words.votes import question

if TYPE_CHECKING:
    from elbo_room.widgets.controllers.settings import SettingsController
    from elbo_room.widgets.controllers.state import ScreenState
    from elbo_room.widgets.dispatch import Dispatch
    from elbo_room.widgets.painting.painter import Painter
    from elbo_room.widgets.screen.drawer import Drawer
    from elbo_room.widgets.screen.layout import Screen


class QuizController:
    """Opens the drawer; while a question is open it covers the panel that would reveal the answer."""

    def __init__(
        self, state: ScreenState, settings: SettingsController, drawer: Drawer, screen: Screen, painter: Painter
    ) -> None:
        self.state, self.settings, self.drawer = state, settings, drawer
        self.screen, self.painter = screen, painter

    def register(self, actions: Dispatch) -> None:
        """Handle the drawer's tabs, its questions, and the veil."""
        actions.on(OpenDrawer, self.open)
        actions.when(Guess, self.guess)
        actions.when(NextQuestion, self.screen.quiz.turn)
        actions.on(Vote, lambda action: self.screen.vote.vote(action.choice))
        actions.when(TakeVoteBack, self.screen.vote.take_back)
        actions.when(Reveal, self.reveal)

    def open(self, action: OpenDrawer) -> None:
        """Show another tab of the drawer, or close it."""
        self.drawer.open(action.name, self.shown())

    def shown(self) -> Shown:
        """What a drawer may write about."""
        folder, painter = self.state.folder, self.painter
        identity = folder.identity if folder else ""
        recipe = self.state.recipe()
        return Shown(self.state.values, self.settings.knobs, painter.facts, identity, recipe, painter.lines.settings)

    def fill(self) -> bool:
        """Update the drawer when that is due; returns whether another panel is covered now."""
        if not self.drawer.due(running=self.state.phase == "running"):
            return False
        self.drawer.fill(self.shown())
        return self.cover()

    def guess(self) -> None:
        """Keep the guess; the answer follows with the run."""
        self.screen.quiz.make_guess()
        self.screen.quiz.follow(self.painter.facts)

    def veil(self) -> None:
        """Predict mode: panel B is hidden until the room has voted."""
        self.screen.root.add_class("elbo-predict")
        self.painter.facts["veiled"] = True
        self.ask_room()

    def ask_room(self) -> None:
        """While panel B is covered its question is the scene's."""
        facts, tasks = self.painter.facts, catalogue()["presets"][self.screen.scene.value].get("tasks", [])
        shown = [name for name in facts["parts"] if name in self.painter.shown]
        self.screen.vote.offer(question(tasks, shown, facts["labels"]))

    def reveal(self) -> None:
        """The room has voted."""
        self.screen.root.remove_class("elbo-predict")
        self.painter.facts["veiled"] = False
        self.screen.vote.reveal()

    def cover(self) -> bool:
        """Cover the panel that would reveal the answer to an open question; returns whether that is another panel now."""
        root, facts = self.screen.root, self.painter.facts
        if facts.get("veiled"):
            self.ask_room()
        self.screen.vote.follow(facts)
        self.screen.explained.refresh()
        before, asking = facts.get("asking"), self.screen.quiz.covers() if self.drawer.name == "Try this" else None
        facts["asking"] = asking
        for panel in PANELS:
            change = root.add_class if panel == asking else root.remove_class
            change(f"elbo-asking-{panel}")
        (root.add_class if asking else root.remove_class)("elbo-asking")
        return bool(asking != before)
