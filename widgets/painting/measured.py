"""The points of panel B's curve for one run, and the step whose values the page may compare: one complete measurement."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from elbo_room.models.probing.variance import Band
from elbo_room.widgets.screen.text_throttle import TextThrottle

Rows = np.ndarray[Any, Any]  # step, value, low, high, series
SPOKEN = 1.0  # seconds between two values in the caption during training


class Measured:
    """The variance of every estimator over the steps; the values of a step may come one by one."""

    def __init__(self, names: Sequence[str]) -> None:
        """`names` of the series, in their order."""
        self.names, self.spoken = list(names), TextThrottle(SPOKEN)
        self.forget()

    def forget(self) -> None:
        """Another run, or another parameter."""
        self.tables: list[Rows] = []
        self.step = -1
        self.values: dict[str, Band] = {}  # variance and its interval at `step`
        self.spoken = TextThrottle(SPOKEN)

    def take(self, rows: Rows, shown: Collection[str]) -> Rows:
        """Keep these rows; return those of the estimators that are shown."""
        if not len(rows):
            return rows
        self.tables.append(rows)
        visible = rows[[self.names[int(series)] in shown for series in rows[:, 4]]]
        if len(visible):
            self._collect(visible)
        return visible

    def _collect(self, rows: Rows) -> None:
        newest = int(rows[:, 0].max())
        if newest != self.step:
            self.step, self.values = newest, {}
        for _, value, low, high, series in rows[rows[:, 0] == newest].tolist():
            self.values[self.names[int(series)]] = (value, low, high)

    def until(self, step: int) -> tuple[int | None, dict[str, Band]]:
        """The newest measurement at or before a step: its own step, and every estimator's variance and interval there."""
        rows = np.concatenate(self.tables) if self.tables else np.zeros((0, 5))
        rows = rows[rows[:, 0] <= step]
        if not len(rows):
            return None, {}
        newest = rows[:, 0].max()
        found = {self.names[int(row[4])]: (row[1], row[2], row[3]) for row in rows[rows[:, 0] == newest].tolist()}
        return int(newest), found

    def facts(self, state: str) -> dict[str, Any]:
        """For the caption, when a measurement is complete; during training only occasionally."""
        if not self.values or not self.spoken.due(state, drawn=True):
            return {}
        return {"variance": dict(self.values), "variance_at": self.step}
