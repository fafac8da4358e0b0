"""Which estimators panel B measures, and what its legend says of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from elbo_room.models.settings import objection
from elbo_room.widgets.actions import CompareBy, TickEstimator
from elbo_room.widgets.messages import MeasureEstimators, ShowView
from elbo_room.widgets.sessions.example import catalogue
from elbo_room.widgets.words.estimator_words import MOST_SHOWN, Measure, multiples, rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from elbo_room.models.settings import Knob, Values
    from elbo_room.widgets.controllers.settings import SettingsController
    from elbo_room.widgets.controllers.state import ScreenState
    from elbo_room.widgets.dispatch import Dispatch
    from elbo_room.widgets.painting.painter import Painter
    from elbo_room.widgets.screen.layout import Screen
    from elbo_room.widgets.sessions.session import Session

FIRST = 5  # shown unless the user ticks others
CURVE, BILL = (
    "variance",
    "variance_cost",
)  # views of panel B; the measurement of the second one gives points of the first, too


class EstimatorController:
    """The legend: ticks, multiples, and what they compare."""

    def __init__(
        self, state: ScreenState, settings: SettingsController, screen: Screen, painter: Painter, session: Session
    ) -> None:
        self.state, self.settings, self.screen, self.painter, self.session = state, settings, screen, painter, session
        self.names: list[str] = self._usable()[:FIRST]
        self.measure: Measure = "variance"
        self.asked = CURVE  # what the worker was told to measure
        self._listed: tuple[Any, ...] = ()  # what the rows on the screen were made from
        self._compared: tuple[Any, ...] = ()  # the same for the multiples

    def register(self, actions: Dispatch) -> None:
        """Handle ticks, and the choice of what is compared."""
        actions.on(TickEstimator, self.tick)
        actions.on(CompareBy, self.compare_by)

    @property
    def _knob(self) -> Knob:
        return next(knob for knob in self.settings.knobs if knob["name"] == "estimator")

    def _usable(self) -> list[str]:
        """Those that apply to this model family at all."""
        return [choice["name"] for choice in self._knob["choices"] if not choice.get("unavailable")]

    def tick(self, action: TickEstimator) -> None:
        """Measure this estimator, too, or no longer.

        Raises:
            ValueError: none would be left, or too many, or it does not apply to this model.
        """
        name, usable = action.name, self._usable()
        if action.on and name not in usable:
            self.screen.legend.restore()
            raise ValueError(f"{name!r} does not apply to this model. Tick one of: {', '.join(usable)}.")
        wanted = {*self.names, name} if action.on else {*self.names} - {name}
        if not 1 <= len(wanted) <= MOST_SHOWN:
            self.screen.legend.restore()
            raise ValueError(
                f"{len(wanted)} estimators were ticked; the variance panel shows 1 to {MOST_SHOWN} at a time. "
                f"{'Untick another one first.' if wanted else 'Tick another one first.'}"
            )
        self.choose([each for each in usable if each in wanted])

    def choose(self, names: Sequence[str]) -> None:
        """Measure these from now on; what was measured of them is drawn again."""
        if list(names) == self.names:
            return
        self.names = list(names)
        self.painter.choose(self.names)
        self.session.send(MeasureEstimators(self.names))

    def compare_by(self, action: CompareBy) -> None:
        """Compare variances, or what one accuracy costs."""
        self.measure = action.measure

    def view(self) -> str:
        """What the worker measures: panel B's view, and next to the curve the costs, if the legend compares those."""
        shown = str(self.screen.view.value)
        values: Values = self.state.run_values or self.state.values
        priced = self.measure != "variance" and not objection(self._knob, values)
        return BILL if priced and shown == CURVE else shown

    def tell_worker(self) -> None:
        """Send a new worker what to measure."""
        self.session.send(MeasureEstimators(self.names))
        self._ask()

    def _ask(self) -> None:
        self.asked = self.view()
        self.session.send(ShowView(self.asked))

    def follow(self) -> None:
        """Bring the worker up to date with what is shown, and the legend with the settings and with what was measured."""
        if self.state.ready and self.view() != self.asked:
            self._ask()
        values, legend = self.state.values, self.screen.legend
        facts = self.painter.facts | self.painter.facts.get("replayed", {})  # the variances at the step that is shown
        usable, wished = self._usable(), legend.wished or self.names
        legend.wished = ()
        self.choose([name for name in usable if name in wished] or usable[:FIRST])
        listed = (dict(values), tuple(self.names))
        if listed != self._listed:
            self._listed = listed
            idle = objection(self._knob, values) is not None
            legend.offer(rows(self._knob, values, catalogue()), [] if idle else self.names, values["estimator"])
        compared = (self.measure, facts.get("variance"), facts.get("evidence", {}).get(BILL), values["estimator"])
        if any(mine is not other for mine, other in zip(compared, self._compared, strict=False)) or not self._compared:
            self._compared = compared
            legend.compare(self.measure, multiples(facts | {"estimator": values["estimator"]}, self.measure))
