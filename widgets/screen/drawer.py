"""The drawer at the foot of the screen: one of its texts, lists and forms at a time. What is open follows the run."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from elbo_room.widgets.sessions.example import catalogue
from elbo_room.widgets.sessions.runs import saved_runs
from elbo_room.widgets.words import texts
from elbo_room.widgets.words.tables import table

if TYPE_CHECKING:
    from elbo_room.models.settings import Knob, Values
    from elbo_room.widgets.screen.layout import Screen

CLOSED = "–"
WRITTEN = ("Formula", "Table", "Code", "Help")  # texts
RUNNING, RESTING = 1.0, 0.2  # seconds between refreshes of what is open


class Drawer:
    """Fills what is open: at once on opening, and again soon after something that it shows has changed."""

    def __init__(self, screen: Screen) -> None:
        self.screen, self.name = screen, CLOSED
        self._fill: dict[str, Callable[[Values, list[Knob], dict[str, Any]], None]] = {
            "Runs": lambda *_: self._runs(),
            "Table": lambda *_: self._tables(),
            "Try this": lambda _, __, facts: self._trial(facts),
            "Formula": self._text,
            "Code": self._text,
            "Help": self._text,
        }
        self._stale, self._filled = False, 0.0

    def open(self, name: str, *shown: Any) -> None:
        """Show another part, or none."""
        screen, self.name = self.screen, name
        for part, widget in (
            ("Runs", screen.shelf),
            ("Estimators", screen.choice),
            ("Try this", screen.quiz.widget),
            ("Your data", screen.own.widget),
        ):
            widget.layout.display = None if name == part else "none"
        screen.text.layout.display = None if name in WRITTEN else "none"
        (screen.drawer.add_class if name == "Try this" else screen.drawer.remove_class)("elbo-aside")
        self.fill(*shown)
        screen.drawer.layout.display = (
            "none" if name == CLOSED else None
        )  # last, so that nothing moves once it is visible

    def changed(self) -> None:
        """Something that the drawer may show has changed."""
        self._stale = self.name in self._fill

    def due(self, *, running: bool) -> bool:
        """Whether to fill it now; during training, only occasionally."""
        return self._stale and time.monotonic() - self._filled >= (RUNNING if running else RESTING)

    def fill(self, values: Values, knobs: list[Knob], facts: dict[str, Any]) -> None:
        """Bring what is open up to date; unchanged traits cost nothing."""
        self._stale, self._filled = False, time.monotonic()
        if self.name in self._fill:
            self._fill[self.name](values, knobs, facts)

    def _text(self, values: Values, knobs: list[Knob], _: dict[str, Any]) -> None:
        words = texts.drawer(self.name, values, knobs, catalogue(), self.screen.own.in_python())
        self.screen.text.show(self.name, words)

    def _tables(self) -> None:
        screen = self.screen
        charts = [screen.chart(each) for each in screen.in_sight()]
        screen.text.show("The panels as tables", "\n\n\n".join(table(screen.bus, chart) for chart in charts))

    def _trial(self, facts: dict[str, Any]) -> None:
        self.screen.quiz.offer(catalogue()["presets"][self.screen.scene.value].get("tasks", []))
        self.screen.quiz.follow(facts)

    def _runs(self) -> None:
        """The runs kept now; the chosen runs stay chosen."""
        runs, screen, chosen = saved_runs(), self.screen, self.screen.runs.value
        options = tuple((texts.run_line(run, catalogue()), run["identity"]) for run in runs)
        if tuple(screen.runs.options) != options:
            screen.runs.options = options
            screen.runs.value = [run["identity"] for run in runs if run["identity"] in chosen]
        screen.runs.description = texts.RUNS if runs else texts.NO_RUNS
