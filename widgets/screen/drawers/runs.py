"""The drawer "Runs": earlier runs, to open or to compare."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import ipywidgets as ipw

from elbo_room.widgets.actions import CompareRuns, OpenRun
from elbo_room.widgets.screen.drawers.part import DrawerPart, Shown
from elbo_room.widgets.screen.elements import button, worded_list
from elbo_room.widgets.screen.panels import box
from elbo_room.widgets.sessions.example import catalogue
from elbo_room.widgets.sessions.runs import saved_runs
from elbo_room.widgets.words import texts

if TYPE_CHECKING:
    from elbo_room.widgets.actions import Action
    from elbo_room.widgets.screen.layout import Screen


class Runs(DrawerPart):
    """A list of the runs kept on this computer."""

    name = "Runs"
    tooltip = "Earlier runs: open or compare them"

    def __init__(self, post: Callable[[Action], None], screen: Screen) -> None:
        super().__init__(post, screen)
        self.runs = worded_list("")
        self.open = button(
            "Open this run",
            "Show it where it stopped; Run continues from there",
            lambda: post(OpenRun(self.runs.value[0] if len(self.runs.value) == 1 else None)),
        )
        self.compare = button(
            "Compare in panel A",
            "Draw the chosen runs' ELBO next to the current one; with none chosen, remove them",
            lambda: post(CompareRuns(list(self.runs.value))),
        )
        self.widget = box(ipw.VBox, [self.runs, box(ipw.HBox, [self.open, self.compare], "elbo-row")], "elbo-shelf")

    def fill(self, shown: Shown) -> None:
        """The runs kept now; the chosen runs stay chosen."""
        del shown
        runs, chosen = saved_runs(), self.runs.value
        options = tuple((texts.run_line(run, catalogue()), run["identity"]) for run in runs)
        if tuple(self.runs.options) != options:
            self.runs.options = options
            self.runs.value = [run["identity"] for run in runs if run["identity"] in chosen]
        self.runs.description = texts.RUNS if runs else texts.NO_RUNS
