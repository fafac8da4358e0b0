"""Feature learner → response model on the screen: a trained run's ẑ become the x of a conditional model, its labels the y."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elbo_room.widgets.actions import TrainOnFeatures, UseRunFeatures
from elbo_room.widgets.messages import FeaturesRead, Started, UseFeatures
from elbo_room.widgets.painting.views import OPENING
from elbo_room.widgets.screen.own_table import NO_RUN
from elbo_room.widgets.sessions.example import all_knobs
from elbo_room.widgets.sessions.runs import home

if TYPE_CHECKING:
    from elbo_room.widgets.controllers.runs import RunController
    from elbo_room.widgets.controllers.settings import SettingsController
    from elbo_room.widgets.controllers.state import ScreenState
    from elbo_room.widgets.dispatch import Dispatch
    from elbo_room.widgets.screen.layout import Screen
    from elbo_room.widgets.sessions.session import Session

FEATURES = "features"  # the name of `elbo_room.models.data.own.FEATURES`, which the kernel must not import
RESPONSE_MODEL = {
    "model": "conditional", "data": FEATURES, "response": "categorical", "depth": 0, "step_size": 0.02, "stop_at": 1500,
}  # fmt: skip


class FeatureController:
    """A run's features are made by its worker, and another model starts on them."""

    def __init__(
        self, state: ScreenState, settings: SettingsController, runs: RunController, screen: Screen, session: Session
    ) -> None:
        self.state, self.settings, self.runs, self.screen, self.session = state, settings, runs, screen, session
        self.sentence = ""  # the caption once their model has started

    def register(self, actions: Dispatch, messages: Dispatch, drawn: Dispatch) -> None:
        """Handle the button and the worker's answers."""
        actions.when(UseRunFeatures, self.ask)
        actions.when(TrainOnFeatures, self.runs.start)
        messages.on(FeaturesRead, self.read)
        drawn.on(Started, self.started)

    def ask(self) -> None:
        """Ask for the features of the run on the screen.

        Raises:
            ValueError: there is no run.
        """
        values, folder = self.state.run_values, self.state.folder
        if values is None or folder is None:
            raise ValueError(NO_RUN)
        data = next(knob for knob in all_knobs()[values["model"]] if knob["name"] == "data")
        label = next(choice["label"] for choice in data["choices"] if choice["name"] == values["data"])
        path = home().parent / "tables" / f"features of run {folder.identity}.npz"
        self.session.send(UseFeatures(str(path), f"run {folder.identity} ({label})"))

    def read(self, message: FeaturesRead) -> None:
        """The features are ready: if they were requested now, a conditional model starts on them."""
        self.screen.own.features = message.path
        if not message.made:
            return
        self.screen.wished = OPENING | {"d": "scores"}
        self.settings.take({"seed": self.state.values["seed"], **RESPONSE_MODEL})
        self.settings.name_scene()
        self.screen.tabs.value = "–"
        self.session.post(TrainOnFeatures())  # after what these changes post, which would take its words away
        self.sentence = f"{message.sentence} That run is kept under Runs."

    def started(self, message: Started) -> None:
        """A run has started: whether its features can be used, and whose features it is trained on."""
        self.screen.own.offer_features(message.featureless)
        if message.features_of:
            self.screen.goal.value = f"Can a model predict the labels from the features of {message.features_of}?"
            self.state.notice, self.sentence = self.sentence or self.state.notice, ""
