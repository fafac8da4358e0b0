"""Feature learner → response model on the screen: a trained run's ẑ become the x of a conditional model, its labels the y."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elbo_room.widgets.messages import FeaturesRead, Started, UseFeatures
from elbo_room.widgets.painting.views import OPENING
from elbo_room.widgets.screen.own_table import NO_RUN
from elbo_room.widgets.sessions.example import all_knobs
from elbo_room.widgets.sessions.runs import home

if TYPE_CHECKING:
    from collections.abc import Callable

    from elbo_room.models.settings import Values
    from elbo_room.widgets.screen.layout import Screen
    from elbo_room.widgets.sessions.runs import RunFolder
    from elbo_room.widgets.sessions.session import Session

FEATURES = "features"  # the name of `elbo_room.models.data.own.FEATURES`, which the kernel must not import
RESPONSE_MODEL = {
    "model": "conditional", "data": FEATURES, "response": "categorical", "depth": 0, "step_size": 0.02, "stop_at": 1500,
}  # fmt: skip


class FeatureActions:
    """Part of the explorer: a run's features are made by its worker, and another model starts on them."""

    values: Values
    run_values: Values | None
    folder: RunFolder | None
    notice: str
    said_of_features = ""  # what the caption says once their model has started
    screen: Screen
    session: Session
    _take: Callable[[Values], None]
    _start: Callable[[], None]
    _name_scene: Callable[[], None]

    def _do_features(self) -> None:
        """Ask for the features of the run on the screen."""
        if self.run_values is None or self.folder is None:
            raise ValueError(NO_RUN)
        data = next(knob for knob in all_knobs()[self.run_values["model"]] if knob["name"] == "data")
        label = next(choice["label"] for choice in data["choices"] if choice["name"] == self.run_values["data"])
        path = home().parent / "tables" / f"features of run {self.folder.identity}.npz"
        self.session.send(UseFeatures(str(path), title=f"run {self.folder.identity} ({label})"))

    def _features(self, message: FeaturesRead) -> None:
        """They are there: where they were asked for now, a conditional model starts on them."""
        self.screen.own.features = message.path
        if not message.made:
            return
        self.screen.wished = OPENING | {"d": "scores"}
        self._take({"seed": self.values["seed"], **RESPONSE_MODEL})
        self._name_scene()
        self.screen.tabs.value = "–"
        self.session.post("response_model")  # after what these changes post themselves, which would take its words away
        self.said_of_features = f"{message.sentence} That run is kept under Runs."

    def _do_response_model(self) -> None:
        self._start()

    def _features_told(self, message: Started) -> None:
        """A run has begun: whether its features can be used, and whose features it is trained on itself."""
        self.screen.own.offer_features(message.featureless)
        if message.features_of:
            self.screen.goal.value = f"Does a model of the features of {message.features_of} know the labels?"
            self.notice, self.said_of_features = self.said_of_features or self.notice, ""
