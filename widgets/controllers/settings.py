"""The settings that the form shows: knobs, scenes, the seed, and what they mean for the run on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elbo_room.models.settings import Knob, Values, check, knobs_of, settled, validate
from elbo_room.widgets.actions import HoldXi, NextSeed, SetKnob, UndoChange
from elbo_room.widgets.messages import Change, Pause
from elbo_room.widgets.painting.views import OPENING
from elbo_room.widgets.screen.architecture import offers
from elbo_room.widgets.sessions.example import all_knobs, catalogue, estimators_of
from elbo_room.widgets.words import texts

if TYPE_CHECKING:
    from elbo_room.widgets.controllers.state import ScreenState
    from elbo_room.widgets.dispatch import Dispatch
    from elbo_room.widgets.screen.layout import Screen
    from elbo_room.widgets.screen.settings_form import Forms, SettingsForm
    from elbo_room.widgets.sessions.session import Session


class SettingsController:
    """Changes `state.values`; live changes go to the worker, others wait for Run."""

    def __init__(self, state: ScreenState, forms: Forms, screen: Screen, session: Session) -> None:
        self.state, self.forms, self.screen, self.session = state, forms, screen, session

    def register(self, actions: Dispatch) -> None:
        """Handle what a person does with settings."""
        actions.on(SetKnob, lambda action: self.set(action.name, action.value))
        actions.on(HoldXi, self.hold_xi)
        actions.when(NextSeed, self.next_seed)
        actions.when(UndoChange, self.undo)

    @property
    def knobs(self) -> list[Knob]:
        """The knobs of the model family in the form."""
        return all_knobs()[self.state.values["model"]]

    @property
    def form(self) -> SettingsForm:
        """The form of that family."""
        return self.forms.use(self.state.values["model"])

    def show(self) -> None:
        """Update the form, and what the drawing of the network offers."""
        self.form.show(self.state.values)
        self.screen.offer_architecture(offers(self.knobs, self.state.values))

    def set(self, name: str, value: object) -> None:
        """Set one knob.

        Raises:
            SettingError: the value is not allowed; the sentence explains what is.
        """
        state = self.state
        if name == "model":
            self.take({"model": value, "seed": state.values["seed"]})
            self.name_scene()
            return
        knob = self.form.fields[name].knob
        wanted = {**state.values, name: check(knob, value)}
        moved: list[str] = []
        if not knob["live"]:  # a live change must not restart the run by changing other knobs
            wanted, moved = settled(self.knobs, wanted, name)
        whole = validate(self.knobs, wanted)
        if whole[name] == state.values[name]:
            return
        state.values = whole
        self._unplan(name)
        if knob["live"] and not self._other_model():
            if state.run_values is not None:
                state.run_values[name] = whole[name]
                self.session.send(Change({name: whole[name]}))
            return
        state.dirty = state.run_values is None or whole != state.run_values
        if state.phase == "running":
            self.session.send(Pause())
        state.notice = f"{knob['label']} changed: Run starts a new run with it{state.if_kept('; this one is kept')}."
        if moved:
            also = ", ".join(f"{self.form.fields[other].knob['label']} is now {self._label(other)}" for other in moved)
            state.notice = f"{knob['label']} changed, and so did what conflicted with it: {also}. Run starts a new run."

    def _unplan(self, name: str) -> None:
        """A hand on a control: no change of it is planned any more; another model or network has no plan at all."""
        if self.form.fields[name].knob["live"]:
            kept = [
                (step, {key: value for key, value in values.items() if key != name}) for step, values in self.state.plan
            ]
            self.state.plan = [(step, values) for step, values in kept if values]
        elif name != "seed":
            self.state.plan = []

    def _label(self, name: str) -> str:
        """The label of a knob's chosen part."""
        choices = self.form.fields[name].knob["choices"]
        return str(next(choice["label"] for choice in choices if choice["name"] == self.state.values[name]))

    def _other_model(self) -> bool:
        """Whether the form shows another model family than the run on the screen."""
        return self.state.run_values is not None and self.state.run_values["model"] != self.state.values["model"]

    def hold_xi(self, action: HoldXi) -> None:
        """A drag along the parabola of a run: ξ is held there from now on."""
        if self.state.run_values is None:
            return
        knob = self.form.fields["xi_value"].knob
        self.set("xi_value", float(f"{min(max(action.value, knob['low']), knob['high']):.4g}"))
        self.set("xi_from", "fixed")

    def next_seed(self) -> None:
        """The seed after this one; after the last one the first."""
        self.set("seed", self.following_seed())

    def following_seed(self) -> int:
        """The seed after the form's."""
        seed = int(self.state.values["seed"]) + 1
        return seed if seed <= self.form.fields["seed"].knob["high"] else 0

    def undo(self) -> None:
        """Back to the settings of the run on the screen."""
        if self.state.run_values is not None:
            self.state.values, self.state.dirty = dict(self.state.run_values), False
            self.name_scene()

    def take(self, values: Values) -> None:
        """Show these settings, of any model family; Run uses them."""
        state = self.state
        self.replace(validate(knobs_of(all_knobs(), values), values))
        if state.phase == "running":
            self.session.send(Pause())
        state.notice = f"Press Run to train this model{state.if_kept('; the previous run is kept')}."

    def replace(self, values: Values) -> None:
        """Show these settings, which are valid."""
        self.state.values, self.state.dirty, self.state.plan = values, True, []

    def choose_scene(self, name: str) -> None:
        """A scene's settings, its goal, and what its panels open with."""
        preset = catalogue()["presets"][name]
        self.take({"seed": self.state.values["seed"], **preset["settings"]})
        self.screen.name_scene(name, preset["goal"])
        self.screen.legend.wished = estimators_of(name)
        self.screen.wished = OPENING | preset.get("views", {})
        kept = self.state.if_kept("; the previous run is kept")
        self.state.notice = f"Press Run to train this scene{kept}."

    def name_scene(self) -> tuple[str, str]:
        """Settings from elsewhere: which scene they are, or how they differ from the nearest one; both are returned."""
        name, words = texts.departure(self.state.values, catalogue())
        preset = catalogue()["presets"][name]
        self.screen.name_scene(name, f"Like “{preset['label']}”, but: {words}." if words else preset["goal"])
        return name, words
