"""Several seeds one after the other, and the mean ± sd of their ELBO."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from elbo_room.widgets.actions import RunSeeds
from elbo_room.widgets.messages import Frame, State

if TYPE_CHECKING:
    from elbo_room.widgets.controllers.runs import RunController
    from elbo_room.widgets.controllers.settings import SettingsController
    from elbo_room.widgets.controllers.state import ScreenState
    from elbo_room.widgets.dispatch import Dispatch
    from elbo_room.widgets.messages import Columns
    from elbo_room.widgets.painting.elbo_lines import ElboLines
    from elbo_room.widgets.wire.history_file import Table

SEEDS = 5
BINS = 120  # of steps, in each of which a run's ELBO is averaged: its minibatch noise is not what seeds differ in


def band(curves: list[Table]) -> Columns:
    """Mean and mean ± sd (n − 1) over runs of their ELBO, averaged in equal bins of steps: columns step, mean, low, high."""
    last = min(float(table[-1, 0]) for table in curves)
    edges = np.linspace(0, last, min(BINS, int(last)) + 1)
    averages = []
    for table in curves:
        inside = table[table[:, 0] <= last]
        at = np.clip(np.searchsorted(edges, inside[:, 0], "left") - 1, 0, len(edges) - 2)
        count = np.bincount(at, minlength=len(edges) - 1)
        total = np.bincount(at, inside[:, 1].astype(float), len(edges) - 1)
        averages.append(np.where(count > 0, total / np.maximum(count, 1), np.nan))
    each = np.stack(averages)  # (runs, bins)
    whole = np.isfinite(each).all(0)
    mean, spread = each[:, whole].mean(0), each[:, whole].std(0, ddof=1)
    columns = {"step": edges[1:][whole], "mean": mean, "low": mean - spread, "high": mean + spread}
    return {name: column.astype(np.float32) for name, column in columns.items()}


class SeedSweep:
    """Starts the next seed when a run has ended and its last points are drawn."""

    def __init__(self, state: ScreenState, settings: SettingsController, runs: RunController, lines: ElboLines) -> None:
        self.state, self.settings, self.runs, self.lines = state, settings, runs, lines
        self.left = 0
        self.curves: list[Table] = []
        self.rests = False  # the run of one seed has ended; its last points are on their way
        runs.before_start.append(self.end)

    def register(self, actions: Dispatch, drawn: Dispatch) -> None:
        """Handle the button, and what has been drawn of a run."""
        actions.when(RunSeeds, self.begin)
        drawn.on(State, self.note_end)
        drawn.when(Frame, self.go_on)

    def begin(self) -> None:
        """Run this seed and the following ones, one after the other."""
        if self.state.phase == "starting":
            return
        self.runs.start()
        self.left, self.curves = SEEDS, []

    def end(self) -> None:
        """Any other start ends a series of seeds."""
        self.left, self.rests, self.lines.band = 0, False, None

    def word(self) -> str:
        """Which of the seeds is running."""
        return f"seed {SEEDS - self.left + 1} of {SEEDS}" if self.left else ""

    def note_end(self, message: State) -> None:
        """One run of the series has ended, or failed and ended the series."""
        if self.left:
            self.rests = message.state == "finished"
            self.left = 0 if message.state == "failed" else self.left

    def go_on(self) -> None:
        """After the last points of one run: draw the band and start the next."""
        if not self.left or not self.rests or not self.lines.drawn:
            return
        self.curves.append(np.concatenate(self.lines.drawn))
        curves, left = self.curves, self.left - 1
        found = band(curves) if len(curves) > 1 else None
        if left:
            self.state.values = {**self.state.values, "seed": self.settings.following_seed()}
            self.runs.start()
            self.settings.show()
        self.lines.show_band(found, len(curves))
        self.left = left
        if not left and found is not None:
            mean, spread = (float(found[name][-10:].mean()) for name in ("mean", "high"))
            self.state.notice = (
                f"{SEEDS} seeds: the ELBO ends at {mean:.4g} ± {spread - mean:.2g} nats per data point (mean ± sd over runs); "
                "the band shows it at every step."
            ).replace("-", "−")
