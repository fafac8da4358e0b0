"""Several runs beside each other: five seeds as mean ± sd, and earlier runs drawn again on panel A with what they differ in."""

from __future__ import annotations

from typing import Any

import numpy as np

from elbo_room.widgets.controllers.run_actions import RunActions
from elbo_room.widgets.messages import Frame, Message, Started, State
from elbo_room.widgets.sessions.runs import curve, saved_runs
from elbo_room.widgets.words.texts import MEASURE, differences

SEEDS = 5
LETTERS = "ABC"  # as many runs as panel A can compare
BINS = 120  # of steps, in each of which a run's ELBO is averaged: its minibatch noise is not what seeds differ in
Table = np.ndarray[Any, Any]


def band(curves: list[Table]) -> dict[str, Table]:
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


class Several(RunActions):
    """Part of the explorer: actions that need more than one run."""

    seeds_left: int = 0
    seed_curves: list[Table]
    seed_rests = False  # the run of one seed has ended; its last points are on their way

    def _do_seeds(self) -> None:
        """Run this seed and the following ones, one after the other."""
        if self.state == "starting":
            return
        self._start()
        self.seeds_left, self.seed_curves = SEEDS, []

    def _start(self, *, play: bool = True) -> None:
        """Any other start ends a series of seeds."""
        self.seeds_left, self.seed_rests = 0, False
        self.painter.band = None
        super()._start(play=play)

    def seed_word(self) -> str:
        """Which of the seeds is running."""
        return f"seed {SEEDS - self.seeds_left + 1} of {SEEDS}" if self.seeds_left else ""

    def follow(self, message: Message) -> None:
        """What follows from a worker's message: the next of several seeds, and a new run's steps told slowly where that is wished."""
        if isinstance(message, Started) and self.screen.speed.value == "slow":
            self._do_speed("slow")
        self.one_seed(message)

    def one_seed(self, message: Message) -> None:
        """Watch a series of seeds: after the last points of one run, draw the band and start the next."""
        if not self.seeds_left:
            return
        if isinstance(message, State):
            self.seed_rests = message.state == "finished"
            self.seeds_left = 0 if message.state == "failed" else self.seeds_left
        elif isinstance(message, Frame) and self.seed_rests and self.painter.drawn:
            self.seed_curves.append(np.concatenate(self.painter.drawn))
            self._next_of_seeds()

    def _next_of_seeds(self) -> None:
        curves, left = self.seed_curves, self.seeds_left - 1
        found = band(curves) if len(curves) > 1 else None
        if left:
            following = self.values["seed"] + 1
            self.values = {
                **self.values,
                "seed": following if following <= self.form.fields["seed"].knob["high"] else 0,
            }
            self._start()
            self.form.show(self.values)
        self.painter.show_band(found, len(curves))
        self.seeds_left = left
        if not left and found is not None:
            mean, spread = (float(found[name][-10:].mean()) for name in ("mean", "high"))
            self.notice = (
                f"{SEEDS} seeds: the ELBO ends at {mean:.4g} ± {spread - mean:.2g} nats per data point (mean ± sd over runs); "
                "the band shows it at every step."
            ).replace("-", "−")

    def _do_compare(self, identities: list[str]) -> None:
        """Draw earlier runs again on panel A and say what they differ in; none chosen: take them away."""
        if len(identities) > len(LETTERS):
            raise ValueError(
                f"{len(identities)} runs were chosen; panel A compares up to {len(LETTERS)}. Choose fewer."
            )
        kept = {run["identity"]: run for run in saved_runs()}
        runs = [kept[identity] for identity in identities if identity in kept]
        shown = [run["settings"] for run in runs] + ([self.run_values] if self.run_values is not None else [])
        if len({tuple(each.get(name) for name in MEASURE) for each in shown}) > 1:
            raise ValueError(
                "These runs are of other data, another model or another response: their nats have no common zero. "
                "Choose runs of the same data, or open one of them."
            )
        tables = [curve(run["identity"]) for run in runs]
        self.painter.compare(tables)
        sentences = [
            f"{letter}: {words or 'the same settings'}, ELBO {table[-1, 1]:.4g} at step {run['number']:,}"
            for letter, words, table, run in zip(LETTERS, differences(shown), tables, runs, strict=False)
            if len(table)
        ]
        self.notice = (" · ".join(sentences) or "No run is compared.").replace("-", "−")
