"""Panel A's lines: the run's ELBO and its terms, earlier runs beside it, the band of several seeds, and where a run broke off."""

from __future__ import annotations

from typing import Any

import numpy as np

from widgets.layout import Screen

ELBO_SERIES = 4  # ELBO, log likelihood, −KL, log prior; the run before comes after them, then those that are compared
Table = np.ndarray[Any, Any]


class ElboLines:
    """What stands in panel A; `facts` are the caption's."""

    facts: dict[str, Any]

    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        self.drawn: list[Table] = []  # rows of step, ELBO and its terms, as they came
        self.ghost: Table = np.zeros((0, 5), np.float32)
        self.band: tuple[dict[str, Any], int] | None = None  # over several seeds, and how many

    def _points(self, points: np.ndarray[Any, Any]) -> None:
        if not len(points):
            return
        self.drawn.append(points)
        self.facts["elbo"] = float(points[-20:, 1].mean())
        for series in range(ELBO_SERIES):
            self._line(points, series, series + 1)

    def _line(self, points: np.ndarray[Any, Any], series: int, column: int = 1) -> None:
        """Add to one line of panel A."""
        if len(points):
            place = np.full(len(points), series, np.float32)
            self.screen.bus.append(
                self.screen.chart("elbo"), "lines", step=points[:, 0], value=points[:, column], series=place
            )

    def draw_ghost(self) -> None:
        """The run before, in grey."""
        self._line(self.ghost, ELBO_SERIES)

    def compare(self, tables: list[np.ndarray[Any, Any]]) -> None:
        """Draw other runs' curves on panel A, instead of those compared before."""
        self.screen.bus.clear(self.screen.chart("elbo"), "lines")
        self.draw_ghost()
        drawn, self.drawn = self.drawn, []
        for points in drawn:
            self._points(points)
        for place, points in enumerate(tables):
            self._line(points, ELBO_SERIES + 1 + place)

    def show_band(self, found: dict[str, Any] | None, count: int) -> None:
        """Mean ± sd of several seeds' ELBO, from the next start on, too."""
        self.band = (found, count) if found else None
        chart = self.screen.chart("elbo")
        chart.heading = f"ELBO · mean ± sd of {count} seeds" if found else ""
        if found:
            self.screen.bus.replace(chart, "seeds", **found)

    def _state(self, message: dict[str, Any]) -> None:
        """A run that broke off is marked where it did."""
        chart = self.screen.chart("elbo")
        self.screen.bus.clear(chart, "failure")
        if message["state"] == "failed" and self.drawn:
            step, elbo = self.drawn[-1][-1, :2]
            self.screen.bus.replace(chart, "failure", step=[step], value=[elbo])
