"""Probes in slices: one estimator at a time, so that Pause is heard within milliseconds, and within a share of the worker's time."""

import time
from collections.abc import Iterator, Sequence

import torch

from models.estimators import ESTIMATORS
from models.inference.probe import Report, probe
from models.inference.run import Run, make_estimator

ROWS, REPLICATES = 16, 32
FINE_ROWS, FINE_REPLICATES = 32, 64
LADDER = (1, 2, 4, 8, 16, 32, 64)
SHARE = 0.07  # of the worker's time; a finished or paused run is probed at leisure
LEAST_WAIT = 0.2  # seconds between two probes
SERIES = {name: index for index, name in enumerate(ESTIMATORS)}
FIRST = (
    "score",
    "score_xi",
    "leave_one_out",
    "reparameterization",
    "path_only",
)  # shown unless a person chooses others

Row = tuple[float, float, float, float, float]  # step or B, value, low, high, series


def row(at: float, report: Report) -> Row:
    """A point with its band of two standard errors; on a log axis the band must stay above zero."""
    value = max(report.variance, 1e-30)
    band = 2 * report.error
    return (at, value, max(value - band, value / 20), value + band, SERIES[report.estimator])


class Probing:
    """The probes of one run: against the step while it goes on, against B on request."""

    def __init__(self, run: Run, names: Sequence[str] = FIRST) -> None:
        self.run = run
        self.rows = torch.randperm(run.data.size, generator=torch.Generator().manual_seed(0))
        self.spent, self.last = 0.0, -1e9
        self.work: Iterator[tuple[str, list[Row]]] | None = None
        self.names = tuple(names)

    def due(self, now: float) -> bool:
        """Whether a probe may start while training goes on."""
        return self.work is None and now - self.last > max(LEAST_WAIT, self.spent * (1 - SHARE) / SHARE)

    def start(self, *, fine: bool = False) -> None:
        """Begin a probe at the present step."""
        self.work = self._at_step(fine)

    def start_ladder(self) -> None:
        """Begin a probe of every B of the ladder."""
        self.work = self._against_draws()

    def slice(self) -> tuple[str, list[Row]] | None:
        """Do one estimator's worth of work; the result when a chart can show it, else None."""
        if self.work is None:
            return None
        begin = time.perf_counter()
        done = next(self.work, None)
        self.spent += time.perf_counter() - begin
        if done is None:
            self.work, self.last = None, time.perf_counter()
        return done

    def _one(self, name: str, draws: int, replicates: int, rows: int, seed: int) -> Report | None:
        site = next(
            (key for key, each in self.run.model.sites.items() if each.plate == "local"),
            next(iter(self.run.model.sites)),
        )
        generator = torch.Generator().manual_seed(seed)  # the same for every estimator: common noise
        found = probe(
            self.run.model, self.run.q, {name: make_estimator(name, self.run.settings)}, self.run.data.batch(self.rows[:rows]), draws,
            replicates, generator, site=site, rao_blackwell=self.run.settings.rao_blackwell, objective=self.run.objective,
        )  # fmt: skip
        return found.get(name)

    def _at_step(self, fine: bool) -> Iterator[tuple[str, list[Row]]]:
        self.spent = 0.0
        replicates, rows = (FINE_REPLICATES, FINE_ROWS) if fine else (REPLICATES, ROWS)
        found = []
        for name in self.names:
            report = self._one(name, self.run.settings.draws, replicates, rows, 2 * self.run.number)
            if report:
                found.append(row(self.run.number, report))
            if name != self.names[-1]:
                yield "", []
        yield "variance", found

    def _against_draws(self) -> Iterator[tuple[str, list[Row]]]:
        self.spent = 0.0
        for draws in LADDER:
            found: list[Row] = []
            for name in self.names:
                report = self._one(name, draws, max(16, min(128, 512 // draws)), ROWS, 2 * self.run.number + 1)
                found += [row(draws, report)] if report else []
                yield "", []
            yield "against", found
