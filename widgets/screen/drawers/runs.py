"""The drawer "Runs": every run that was made, to open, draw beside the current one, compare, name, pin and delete."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from elbo_room.widgets.screen.drawers.part import DrawerPart, Shown
from elbo_room.widgets.sessions.example import catalogue
from elbo_room.widgets.sessions.run_bin import deleted_runs
from elbo_room.widgets.sessions.run_labels import label_of
from elbo_room.widgets.sessions.runs import IDENTITY, damaged_runs, saved_runs
from elbo_room.widgets.words.run_rows import damaged_row, measure_of, row_of

if TYPE_CHECKING:
    from elbo_room.widgets.actions import Action
    from elbo_room.widgets.screen.layout import Screen


class Runs(DrawerPart):
    """A table of the runs kept on this computer."""

    name = "Runs"
    tooltip = "Every run is kept: open, compare, name or delete it"

    def __init__(self, post: Callable[[Action], None], screen: Screen) -> None:
        super().__init__(post, screen)
        self.widget = screen.runs

    def fill(self, shown: Shown) -> None:
        """The runs kept now; of the run on the screen, its newest numbers."""
        table, facts = self.screen.runs, shown.facts
        rows = [row_of(run, catalogue()) for run in saved_runs(also=lambda folder: label_of(folder).pinned)]
        rows += [damaged_row(*each) for each in damaged_runs().items() if IDENTITY.fullmatch(each[0])]
        for row in rows:
            if row["id"] == shown.identity and facts.get("number", 0) > row["step"] and facts.get("elbo") is not None:
                row |= {"step": facts["number"], "score": facts["elbo"]}
        table.current = shown.identity
        table.measure = measure_of(shown.run_settings) if shown.run_settings else ""
        table.deleted = len(deleted_runs())
        table.rows = rows
