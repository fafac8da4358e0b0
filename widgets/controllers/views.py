"""Which view each panel shows, and what the worker needs to know about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elbo_room.widgets.actions import Look, SplitTerms
from elbo_room.widgets.messages import (
    DrawPrior,
    Evidence,
    Frame,
    PriorDrawn,
    SelectParameter,
    Started,
    State,
    Watch,
)
from elbo_room.widgets.painting.views import views_of

if TYPE_CHECKING:
    from elbo_room.models.settings import Values
    from elbo_room.widgets.controllers.estimators import EstimatorController
    from elbo_room.widgets.controllers.settings import SettingsController
    from elbo_room.widgets.controllers.state import ScreenState
    from elbo_room.widgets.dispatch import Dispatch
    from elbo_room.widgets.painting.painter import Painter
    from elbo_room.widgets.screen.layout import Screen
    from elbo_room.widgets.sessions.session import Session

PRIOR_GROUPS = ("Data", "Model", "Prior")  # the knobs that functions drawn from the prior depend on


class ViewController:
    """The four panels."""

    def __init__(
        self,
        state: ScreenState,
        settings: SettingsController,
        estimators: EstimatorController,
        screen: Screen,
        painter: Painter,
        session: Session,
    ) -> None:
        self.state, self.settings, self.estimators = state, settings, estimators
        self.screen, self.painter, self.session = screen, painter, session
        self.prior_asked: Values | None = None
        self.moved = False  # panel B switched to the noise of minibatches by itself

    def register(self, actions: Dispatch, messages: Dispatch, drawn: Dispatch) -> None:
        """Handle what a person does with the panels, and what was drawn on them."""
        actions.on(Look, lambda action: self.look(action.panel, action.name))
        actions.on(SplitTerms, lambda action: self.screen.chart("elbo").set(split=action.on))
        actions.on(SelectParameter, self.select_parameter)
        messages.on(PriorDrawn, self.say_prior)
        drawn.when(Started, self.started)
        for kind in (State, Frame, Evidence):
            drawn.when(kind, self.show_minibatches)

    def look(self, panel: str, name: str) -> None:
        """Show this view in its panel."""
        if name not in views_of(self.screen.model)[panel]:
            return
        self.screen.look(panel, name)
        self.watch()
        if panel == "b":
            self.painter.look(name)

    def watch(self) -> None:
        """Send the worker the names of the visible charts."""
        self.session.send(Watch(self.screen.in_sight()))

    def tell_worker(self) -> None:
        """Send a new worker what the panels show."""
        self.watch()
        self.estimators.tell_worker()

    def select_parameter(self, command: SelectParameter) -> None:
        """Panel B looks at this parameter of q."""
        if self.state.run_values is not None and command.index != self.painter.facts.get("parameter", 0):
            self.session.send(command)

    def ask_prior(self) -> None:
        """While panel C shows the prior: redraw it if the form shows other data, another model or another prior."""
        values = self.state.values
        wanted = {knob["name"]: values[knob["name"]] for knob in self.settings.knobs if knob["group"] in PRIOR_GROUPS}
        if self.screen.shows("prior_predictive") and wanted != self.prior_asked:
            self.prior_asked = wanted
            self.session.send(DrawPrior(values))

    def say_prior(self, message: PriorDrawn) -> None:
        """Functions were drawn from the prior."""
        self.state.notice = self.state.notice or message.sentence

    def started(self) -> None:
        """Another run: panel B returns to its previous view, and the panels may show other charts."""
        self.moved, before = False, self.moved
        if before and self.screen.view.value == "variance_against_rows":
            self.look("b", "variance")
        self.watch()

    def show_minibatches(self) -> None:
        """A run whose ĝ does not vary from step to step shows the noise of smaller minibatches instead."""
        if self.painter.facts.get("noiseless") and self.screen.view.value == "variance" and not self.moved:
            self.moved = True
            self.look("b", "variance_against_rows")
