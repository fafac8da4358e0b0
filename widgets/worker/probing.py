"""Probes in slices: one estimator at a time, so that Pause is heard within milliseconds, and within a share of the worker's time."""

import time
from collections.abc import Iterator, Sequence
from typing import Any

import torch

from elbo_room.models.estimators import ESTIMATORS, NotApplicableError
from elbo_room.models.inference.chosen import make_estimator
from elbo_room.models.inference.minibatch import MINIBATCH, deterministic
from elbo_room.models.inference.noise import NOISES
from elbo_room.models.inference.parabola import parabola
from elbo_room.models.inference.parameters import find, listed, named
from elbo_room.models.inference.probe import Report, long_run, probe, seconds_of
from elbo_room.models.inference.run import Run
from elbo_room.models.inference.variance import Variance
from elbo_room.models.inference.work import parts_for
from elbo_room.widgets.worker import evidence
from elbo_room.widgets.worker.minibatch_noise import OF_MINIBATCHES, MinibatchNoise

ROWS, REPLICATES = 16, 32
FINE_ROWS, FINE_REPLICATES = 32, 64
CELLS = 60_000  # draws × rows × features of one replicate: a wide datum, such as a text, is probed on fewer rows
HISTOGRAM = 256  # replicates a histogram needs
SAMPLES = 512  # draws that a parabola is measured with
LADDER = (1, 2, 4, 8, 16, 32, 64)
ROW_LADDER = (4, 8, 16, 32, 64, 128, 256)
SHARE = 0.015  # of the worker's time; a finished or paused run is probed at leisure
EARLY, EARLY_SHARE = 4, 0.2  # the first probes of a run come sooner: a curve is seen before it is fine
LEAST_WAIT = 0.2  # seconds between two probes
KEPT = 2000  # reports whose variances are kept, so that another parameter's curve can be drawn at once
SERIES = {name: index for index, name in enumerate(ESTIMATORS)} | {MINIBATCH: OF_MINIBATCHES}
FIRST = (
    "score",
    "score_xi",
    "leave_one_out",
    "reparameterization",
    "path_only",
)  # shown unless a person chooses others

Message = dict[str, Any]


class Probing:
    """The probes of one run: what panel B shows now, of the parameters that are chosen."""

    def __init__(self, run: Run, names: Sequence[str] = FIRST, view: str = "variance") -> None:
        self.run, self.view = run, view
        self.rows = torch.randperm(run.data.size, generator=torch.Generator().manual_seed(0))
        self.spent, self.last, self.rounds = 0.0, -1e9, 0
        self.work: Iterator[Message | None] | None = None
        self.names = tuple(names)
        self.choices = listed(run.model)
        self.parameter = self.choices[0]
        self.kept: list[tuple[int, int, list[Variance]]] = []  # step, estimator, variance of each choice
        self.minibatches = MinibatchNoise(run, self._kept)

    def due(self, now: float) -> bool:
        """Whether a probe may start while training goes on."""
        share = EARLY_SHARE if self.rounds <= EARLY else SHARE
        return self.work is None and now - self.last > max(LEAST_WAIT, self.spent * (1 - share) / share)

    def start(self, *, fine: bool = False) -> None:
        """Begin to measure what the panel shows, at the present step."""
        self.spent, self.rounds = 0.0, self.rounds + 1
        self.work = (
            self.minibatches.work(self.view, self.parameter, fine=fine)
            if deterministic(self.run.model)
            else getattr(self, f"_{self.view}")(fine)
        )

    def slice(self) -> Message | None:
        """Do one estimator's worth of work; a message when a chart can show something, else None."""
        if self.work is None:
            return None
        begin = time.perf_counter()
        done = next(self.work, False)
        self.spent += time.perf_counter() - begin
        if done is False:
            self.work, self.last = None, time.perf_counter()
            return None
        return done or None  # type: ignore[return-value]

    # what is chosen

    def choose(self, index: int | None = None, name: str | None = None, unit: int | None = None) -> None:
        """Choose a parameter by its place in the list, or by what a drawing calls it; one that is not listed joins the list."""
        wanted = find(self.run.model, name=name, unit=unit) if index is None else self.choices[index]
        if wanted not in self.choices:
            self.choices.append(wanted)
        self.parameter = wanted

    def about(self) -> Message:
        """The list of parameters, and which one is shown."""
        return {
            "kind": "parameters",
            "labels": [each.label for each in self.choices],
            "chosen": self.choices.index(self.parameter),
            "whole": self.parameter == self.choices[0],
        }

    def past(self) -> list[evidence.Row]:
        """Variance over the steps so far, of the chosen parameter."""
        place = self.choices.index(self.parameter)
        return [evidence.row(step, each[place], series) for step, series, each in self.kept if place < len(each)]

    # measuring

    def _one(self, name: str, draws: int, replicates: int, rows: int, seed: int) -> Report | None:
        settings, site = self.run.settings, self.parameter.site
        rows = max(2, min(rows, CELLS // (draws * self.run.data.x.shape[1])))
        generator = torch.Generator().manual_seed(seed)  # the same for every estimator: common noise
        try:
            found = probe(
                self.run.model, self.run.q, {name: make_estimator(name, settings)}, self.run.data.batch(self.rows[:rows]), draws,
                replicates, generator, site=site, rao_blackwell=settings.rao_blackwell, noise_kind=settings.noise,
                objective=self.run.objective,
            )  # fmt: skip
        except NotApplicableError:
            return None
        return found[name]

    def _now(self, replicates: int, rows: int) -> Iterator[Message | None]:
        """Every shown estimator at the present step; the reports are kept, and end as rows of the variance curve."""
        found = []
        for name in self.names:
            report = self._one(name, self.run.settings.draws, replicates, rows, 2 * self.run.number)
            if report:
                found.append(report)
            yield None
        self.latest = found
        yield self._kept(found)

    def _kept(self, found: Sequence[Report]) -> Message:
        """Keep what was measured at this step, of every choice; as rows of the curve, of the chosen parameter and of all ν."""
        at = self.run.number
        fresh = [(at, SERIES[each.estimator], evidence.variances(each, self.choices)) for each in found]
        self.kept += fresh
        del self.kept[:-KEPT]
        table = {
            key: [evidence.row(at, each[self.choices.index(what)], series) for _, series, each in fresh]
            for key, what in (("rows", self.parameter), ("whole", self.choices[0]))
        }
        return {"kind": "variance", **table}

    def _variance(self, fine: bool) -> Iterator[Message | None]:
        yield from self._now(*((FINE_REPLICATES, FINE_ROWS) if fine else (REPLICATES, ROWS)))

    def _variance_against_draws(self, fine: bool) -> Iterator[Message | None]:
        del fine
        table: list[evidence.Row] = []
        for draws in LADDER:
            found: list[evidence.Row] = []
            for name in self.names:
                report = self._one(name, draws, max(16, min(128, 512 // draws)), ROWS, 2 * self.run.number + 1)
                if report:
                    found.append(evidence.row(draws, evidence.variance_of(report, self.parameter), SERIES[name]))
                yield None
            table += found
            yield {"kind": "against", "rows": found, "steeper": NOISES[self.run.settings.noise].steeper}
        yield evidence.slopes(table, list(ESTIMATORS), "variance_against_draws")

    def _variance_against_rows(self, fine: bool) -> Iterator[Message | None]:
        """At the run's own B, over ever more of the same rows; a wide datum ends the ladder early."""
        del fine
        draws, table, view = self.run.settings.draws, list[evidence.Row](), "variance_against_rows"
        most = min(self.run.data.size, CELLS // (draws * self.run.data.x.shape[1]))
        for rows in (size for size in ROW_LADDER if size <= most):
            found: list[evidence.Row] = []
            for name in self.names:
                report = self._one(name, draws, max(24, min(128, 2048 // rows)), rows, 2 * self.run.number + 1)
                if report:
                    found.append(evidence.row(rows, evidence.variance_of(report, self.parameter), SERIES[name]))
                yield None
            table += found
            yield {"kind": "against", "view": view, "rows": found, "steeper": None}
        yield evidence.slopes(table, list(ESTIMATORS), view)

    def _gradient_histogram(self, fine: bool) -> Iterator[Message | None]:
        yield from self._now(HISTOGRAM, ROWS)
        batch, generator = self.run.data.batch(self.rows[:ROWS]), torch.Generator().manual_seed(2 * self.run.number + 1)
        reference = long_run(self.run.model, self.run.q, batch, generator, 512 if fine else 256)
        shown = self.parameter if self.parameter.coordinate else named(self.run.model, self.parameter.site, (0, 0))
        yield evidence.histogram(self.latest, reference, shown, SERIES)

    def _xi_parabola(self, fine: bool) -> Iterator[Message | None]:
        settings, chosen = self.run.settings, self.parameter
        generator = torch.Generator().manual_seed(2 * self.run.number)
        try:
            found = parabola(
                self.run.model, self.run.q, self.run.data.batch(self.rows[:ROWS]), settings.draws, SAMPLES * (1 + fine), generator,
                site=chosen.site, coordinate=chosen.coordinate, rao_blackwell=settings.rao_blackwell,
            )  # fmt: skip
        except NotApplicableError as reason:
            yield {"kind": "evidence", "evidence": {"view": "xi_parabola", "reason": str(reason)}}
            return
        yield evidence.parabola(found, settings.xi_value, held=settings.xi_from == "fixed")

    def _variance_cost(self, fine: bool) -> Iterator[Message | None]:
        yield from self._now(*((FINE_REPLICATES, FINE_ROWS) if fine else (REPLICATES, ROWS)))
        settings, seconds = self.run.settings, {}
        size = min(settings.batch_size, self.run.data.size)
        for report in self.latest:
            chosen = make_estimator(report.estimator, settings)
            parts = parts_for(self.run.model, chosen, settings.draws) | {report.site: chosen}
            seconds[report.estimator] = seconds_of(
                self.run.model, self.run.q, parts, self.run.data.batch(self.rows[:size]), settings.draws,
                rao_blackwell=settings.rao_blackwell, noise_kind=settings.noise,
            )  # fmt: skip
            yield None
        yield evidence.costs(self.latest, seconds, self.parameter, SERIES)
