"""Earlier runs drawn again on panel A, with what they differ in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elbo_room.widgets.actions import CompareRuns
from elbo_room.widgets.sessions.runs import curve, saved_runs
from elbo_room.widgets.words.texts import MEASURE, differences

if TYPE_CHECKING:
    from elbo_room.widgets.controllers.state import ScreenState
    from elbo_room.widgets.dispatch import Dispatch
    from elbo_room.widgets.painting.elbo_lines import ElboLines

LETTERS = "ABC"  # as many runs as panel A can compare


class RunComparison:
    """Compares chosen runs with the one on the screen."""

    def __init__(self, state: ScreenState, lines: ElboLines) -> None:
        self.state, self.lines = state, lines

    def register(self, actions: Dispatch) -> None:
        """Handle the button."""
        actions.on(CompareRuns, self.compare)

    def compare(self, action: CompareRuns) -> None:
        """Draw earlier runs again on panel A and show what they differ in; if none are chosen, remove them.

        Raises:
            ValueError: there are too many, or their nats have no common zero.
        """
        identities = action.identities
        if len(identities) > len(LETTERS):
            raise ValueError(
                f"{len(identities)} runs were chosen; panel A compares up to {len(LETTERS)}. Choose fewer."
            )
        kept = {run["identity"]: run for run in saved_runs()}
        runs = [kept[identity] for identity in identities if identity in kept]
        present = self.state.run_values
        shown = [run["settings"] for run in runs] + ([present] if present is not None else [])
        if len({tuple(each.get(name) for name in MEASURE) for each in shown}) > 1:
            raise ValueError(
                "These runs have different data, models or responses: their nats are not comparable. "
                "Choose runs of the same data, or open one of them."
            )
        tables = [curve(run["identity"]) for run in runs]
        self.lines.compare(tables)
        sentences = [
            f"{letter}: {words or 'the same settings'}, ELBO {table[-1, 1]:.4g} at step {run['number']:,}"
            for letter, words, table, run in zip(LETTERS, differences(shown), tables, runs, strict=False)
            if len(table)
        ]
        self.state.notice = (" · ".join(sentences) or "No run is compared.").replace("-", "−")
