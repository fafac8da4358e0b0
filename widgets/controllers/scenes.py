"""A scene opens with its recorded run; a run of one's own that was on the screen is saved first, and is under Runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elbo_room.widgets.actions import ChooseScene
from elbo_room.widgets.messages import Leave, Left, Refused, Started
from elbo_room.widgets.painting.views import OPENING
from elbo_room.widgets.sessions.example import catalogue, estimators_of, example

if TYPE_CHECKING:
    from elbo_room.widgets.controllers.held_run import HeldRun
    from elbo_room.widgets.controllers.latent import LatentController
    from elbo_room.widgets.controllers.replay import ReplayController
    from elbo_room.widgets.controllers.settings import SettingsController
    from elbo_room.widgets.controllers.state import ScreenState
    from elbo_room.widgets.controllers.views import ViewController
    from elbo_room.widgets.dispatch import Dispatch
    from elbo_room.widgets.painting.painter import Painter
    from elbo_room.widgets.screen.layout import Screen
    from elbo_room.widgets.sessions.session import Session

NEW = "This run has the scene's settings: press Run to make your own."


class SceneController:
    """Chooses scenes, and draws their recorded runs."""

    def __init__(
        self,
        state: ScreenState,
        settings: SettingsController,
        held: HeldRun,
        views: ViewController,
        latent: LatentController,
        replay: ReplayController,
        screen: Screen,
        painter: Painter,
        session: Session,
    ) -> None:
        self.state, self.settings, self.held, self.views, self.latent = state, settings, held, views, latent
        self.replay, self.screen, self.painter, self.session = replay, screen, painter, session
        self.wanted = ""  # the scene that is drawn as soon as the worker has let its run go

    def register(self, actions: Dispatch, messages: Dispatch) -> None:
        """Handle the choice of a scene, and the worker's answers."""
        actions.on(ChooseScene, lambda action: self.choose(action.name))
        messages.when(Left, self.left)
        messages.on(Refused, self.refused)

    def choose(self, name: str) -> None:
        """A scene's settings and its recorded run; a model or data of one's own stay on the screen until Run."""
        self.settings.choose_scene(name)
        if not self.state.own_model:
            self.draw(name)

    def settle(self) -> None:
        """The settings came from elsewhere: draw the recorded run of the scene that they are, or that they are nearest to."""
        name, words = self.settings.name_scene()
        preset = catalogue()["presets"][name]
        self.screen.wished = OPENING | preset.get("views", {})
        self.screen.legend.wished = estimators_of(name)
        self.draw(name)
        if words:
            self.state.notice = (
                f"Shown is the finished run of the scene “{preset['label']}”. Your settings differ from it: {words}. "
                "Press Run to train with yours."
            )

    def draw(self, name: str) -> None:
        """Draw the recorded run of a scene once no run of one's own is on the screen."""
        self.wanted = name
        if self.state.held_values is not None or self.state.requested:
            self.session.send(Leave())
        else:
            self._draw()

    def left(self) -> None:
        """The worker has saved its run and holds none."""
        kept = self.state.if_kept(" Your previous run is under Runs.")
        if self.held.let_go() and self.wanted:
            self._draw()
            self.state.notice = f"{self.state.notice or NEW}{kept}" if kept else self.state.notice

    def refused(self, message: Refused) -> None:
        """The run on the screen could not be saved, so it stays."""
        if message.command is Leave:
            self.wanted = ""

    def _draw(self) -> None:
        name, self.wanted = self.wanted, ""
        state, lines = self.state, self.painter.lines
        state.phase, state.run_values, state.dirty, state.notice = "example", None, False, ""
        lines.leave()
        self.replay.leave()
        for message in example(name):
            self.painter.show(message)
            self.replay.record(name, message)
            if type(message) is Started:
                self.latent.explore_again(message)
        self.screen.offer([str(self.screen.parameter.options[0][0])], 0)  # the first is all of ν
        self.views.started()
        self.views.show_minibatches()
