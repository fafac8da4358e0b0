"""Earlier runs drawn again beside the run on the screen, on panels A and B, and two runs side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from elbo_room.widgets.actions import CompareRuns, OverlayRuns
from elbo_room.widgets.messages import Started
from elbo_room.widgets.sessions.example import catalogue
from elbo_room.widgets.sessions.runs import curves, saved_runs
from elbo_room.widgets.words.run_rows import estimator_of, measure_of, side_by_side, variance_of
from elbo_room.widgets.words.texts import differences

if TYPE_CHECKING:
    from elbo_room.widgets.controllers.state import ScreenState
    from elbo_room.widgets.dispatch import Dispatch
    from elbo_room.widgets.painting.painter import Painter
    from elbo_room.widgets.screen.runs_table import RunsTable

LETTERS = "ABC"  # as many runs as panel A can compare


class RunComparison:
    """Compares chosen runs with the one on the screen, and with each other."""

    def __init__(self, state: ScreenState, painter: Painter, table: RunsTable) -> None:
        self.state, self.painter, self.table = state, painter, table

    def register(self, actions: Dispatch, drawn: Dispatch) -> None:
        """Handle the table's ticks, its comparison, and a new run, on which those that are ticked are drawn again."""
        actions.on(OverlayRuns, self.overlay)
        actions.on(CompareRuns, self.compare)
        drawn.when(Started, self.keep)

    def overlay(self, action: OverlayRuns) -> None:
        """Draw earlier runs again on panels A and B and report what they differ in; if none are chosen, remove them.

        Raises:
            ValueError: there are too many, or their nats have no common zero.
        """
        identities = list(action.identities)
        if len(identities) > len(LETTERS):
            self.table.send_state("overlaid")
            raise ValueError(
                f"{len(identities)} runs were ticked; the charts draw up to {len(LETTERS)} beside the current one. Untick one."
            )
        kept = {run["identity"]: run for run in saved_runs()}
        runs = [kept[identity] for identity in identities if identity in kept]
        present = self.painter.lines.settings
        shown = [run["settings"] for run in runs] + ([present] if present else [])
        if runs and len({measure_of(each) for each in shown}) > 1:
            self.table.send_state("overlaid")
            raise ValueError(
                "These runs have different data, models or responses: their nats are not comparable. "
                "Tick runs of the same data, or open one of them."
            )
        tables = self._draw(runs)
        sentences = [
            f"{letter}: {words or 'the same settings'}, ELBO {points[-1, 1]:.4g} at step {run['number']:,}"
            for letter, words, points, run in zip(LETTERS, differences(shown), tables, runs, strict=False)
            if len(points)
        ]
        self.state.notice = (" · ".join(sentences) or "No earlier run is drawn.").replace("-", "−")

    def _draw(self, runs: list[dict[str, Any]]) -> list[Any]:
        """Draw these runs' ELBO on panel A, and on panel B the variance of the estimator that each was trained with."""
        found = [curves(run["identity"], self.painter.names) for run in runs]
        self.painter.lines.compare([each["elbo"] for each in found])
        self.painter.overlay(
            [
                variance_of(each["variance"], estimator_of(run["settings"], catalogue()), self.painter.names)
                for each, run in zip(found, runs, strict=True)
            ]
        )
        self.table.overlaid = [run["identity"] for run in runs]
        return [each["elbo"] for each in found]

    def keep(self) -> None:
        """A run has started: the ticked ones are drawn again where they are comparable with it, and the others lose their tick."""
        if self.table.overlaid:
            here = measure_of(self.painter.lines.settings)
            kept = {run["identity"]: run for run in saved_runs()}
            runs = [kept[each] for each in self.table.overlaid if each in kept]
            self._draw([run for run in runs if measure_of(run["settings"]) == here])

    def forget(self, identity: str) -> None:
        """A run is deleted: it is no longer drawn."""
        if identity in self.table.overlaid:
            self.overlay(OverlayRuns([each for each in self.table.overlaid if each != identity]))

    def compare(self, action: CompareRuns) -> None:
        """Show two runs side by side, or the list again.

        Raises:
            ValueError: there are not two of them.
        """
        kept = {run["identity"]: run for run in saved_runs()}
        runs = [kept[each] for each in action.identities if each in kept]
        if action.identities and len(runs) != 2:
            raise ValueError(f"{len(runs)} runs were ticked; two can be compared side by side. Tick two.")
        self.table.comparison = side_by_side(runs, catalogue(), self.painter.names) if runs else {}
