"""What the keys do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elbo_room.models.settings import idle, objection
from elbo_room.widgets.actions import PressKey
from elbo_room.widgets.controllers.projector import PANELS

if TYPE_CHECKING:
    from collections.abc import Callable

    from elbo_room.widgets.controllers.projector import Projector
    from elbo_room.widgets.controllers.runs import RunController
    from elbo_room.widgets.controllers.settings import SettingsController
    from elbo_room.widgets.controllers.state import ScreenState
    from elbo_room.widgets.dispatch import Dispatch
    from elbo_room.widgets.screen.layout import Screen


class KeyController:
    """Keys that do what buttons do, and those that turn a knob."""

    def __init__(
        self,
        state: ScreenState,
        settings: SettingsController,
        runs: RunController,
        projector: Projector,
        screen: Screen,
    ) -> None:
        self.state, self.settings, self.projector, self.screen = state, settings, projector, screen
        self.keys: dict[str, Callable[[], None]] = {
            "space": runs.run,
            ".": runs.step,
            "r": runs.reset,
            "p": projector.toggle,
            "e": self.next_estimator,
            "[": lambda: self.turn_draws(0.5),
            "]": lambda: self.turn_draws(2.0),
            "y": self.freeze,
            "k": projector.explain,
        }

    def register(self, actions: Dispatch) -> None:
        """Handle every key."""
        actions.on(PressKey, self.press)

    def press(self, action: PressKey) -> None:
        """Do what the key does."""
        if action.key in PANELS:
            self.projector.enlarge(action.key)
        else:
            self.keys[action.key]()

    def _refuse_idle(self, name: str) -> None:
        knob = self.settings.form.fields[name].knob
        if reason := idle(knob, self.state.values):
            raise ValueError(f"{knob['label']}: {reason}")

    def next_estimator(self) -> None:
        """The next estimator that applies."""
        self._refuse_idle("estimator")
        values, offered = self.state.values, self.settings.form.fields["estimator"].knob["choices"]
        fitting = [part["name"] for part in offered if objection(part, values) is None]
        names = fitting if values["estimator"] in fitting else [values["estimator"], *fitting]
        self.settings.set("estimator", names[(names.index(values["estimator"]) + 1) % len(names)])

    def turn_draws(self, factor: float) -> None:
        """Halve or double the number of draws, within their limits."""
        self._refuse_idle("draws")
        knob = self.settings.form.fields["draws"].knob
        self.settings.set("draws", min(knob["high"], max(knob["low"], int(self.state.values["draws"] * factor))))

    def freeze(self) -> None:
        """Fix the y axes of the curves, or release them."""
        for name in ("elbo", "variance"):
            chart = self.screen.chart(name)
            chart.set(frozen=not chart.params.get("frozen", False))
