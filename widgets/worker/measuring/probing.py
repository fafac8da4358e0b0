"""One measurement of panel B at a time, in slices of one estimator each, so that the measuring side can listen in between.

The same code measures in the worker's loop and in the measuring process.
"""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import torch

from elbo_room.models.estimators import ESTIMATORS, Estimator, NotApplicableError
from elbo_room.models.inference.make_estimator import make_estimator
from elbo_room.models.inference.noise import NOISES
from elbo_room.models.inference.parameters import Parameter, named
from elbo_room.models.inference.reference import LONG_DRAWS, long_run
from elbo_room.models.inference.surrogate_context import estimators_by_site, numbers_of_evaluation
from elbo_room.models.probing.minibatch import MINIBATCH, deterministic
from elbo_room.models.probing.parabola import parabola
from elbo_room.models.probing.probe import Report, probe, seconds_of
from elbo_room.models.training.run import Run
from elbo_room.models.training.settings import InferenceSettings
from elbo_room.widgets.messages import Against, Evidence, Found, Picture
from elbo_room.widgets.wire.history_file import VARIANCE_COLUMNS, table
from elbo_room.widgets.worker.measuring import rows as evidence
from elbo_room.widgets.worker.measuring.effort import LADDER_BUDGET, LEAST, Effort
from elbo_room.widgets.worker.measuring.minibatch_noise import OF_MINIBATCHES, MinibatchNoise
from elbo_room.widgets.worker.measuring.rows import Measured, Probed
from elbo_room.widgets.worker.pictures.overflow import OF_COVARIANCE, OF_GRADIENT

ROWS = 16  # the same all along a run, so that a curve is of one quantity
REPLICATES, FINE_REPLICATES = 32, 128  # at most: during training, and while the run rests
CELLS = 60_000  # draws × rows × features of one replicate: a wide data point, such as a text, is probed on fewer rows
TOGETHER = 2 * CELLS  # draws × rows × features that are held in memory at a time
EVALUATED = 2**21  # numbers of all evaluations of log p that are made at a time: of the weights of a network too
MOST_EVALUATED = 2**23  # of one replicate: about 700 MB
MOST_KEPT = 2**26  # besides the draws, of one replicate: 256 MB; an estimator that keeps more is not measured
HELD = 1_000_000  # numbers of all replicates' gradients together
HISTOGRAM = 256  # replicates a histogram needs
SAMPLES = 512  # draws that a parabola is measured with
LADDER = (1, 2, 4, 8, 16, 32, 64)
ROW_LADDER = (4, 8, 16, 32, 64, 128, 256)
AT_ONCE = 0.15  # seconds after which what has been measured is sent, without waiting for the other estimators
SERIES = {name: index for index, name in enumerate(ESTIMATORS)} | {MINIBATCH: OF_MINIBATCHES}
TOO_WIDE = "A minibatch of {least} of these rows is more than the variance panel may measure at a time. Lower B."


@dataclass(frozen=True)
class Request:
    """What to measure, at which step, and how long it may take; small enough to be sent to another process."""

    number: int  # the step
    settings: InferenceSettings
    view: str
    names: tuple[str, ...]  # estimators
    parameter: Parameter
    choices: tuple[Parameter, ...]  # every parameter whose variance is kept
    fine: bool  # the run rests: more replicates
    budget: float  # seconds


class Probing:
    """Measures one run, request by request."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.rows = torch.randperm(run.data.size, generator=torch.Generator().manual_seed(0))
        self.effort = Effort()
        self.spent = 0.0  # seconds of CPU
        self.work: Iterator[Measured | None] | None = None
        self.minibatches = MinibatchNoise(run, self._kept)
        self.request: Request
        self.views: Mapping[str, Callable[[bool], Iterator[Measured | None]]] = {
            "variance": self._variance,
            "variance_against_draws": self._variance_against_draws,
            "variance_against_rows": self._variance_against_rows,
            "gradient_histogram": self._gradient_histogram,
            "xi_parabola": self._xi_parabola,
            "variance_cost": self._variance_cost,
        }

    def start(self, request: Request) -> None:
        """Begin to measure the run as it is now; the measurement in progress is dropped."""
        self.request, self.spent = request, 0.0
        self.work = (
            self.minibatches.work(request.view, request.parameter, fine=request.fine, budget=request.budget)
            if deterministic(self.run.model)
            else self.views[request.view](request.fine)
        )

    def slice(self) -> Measured | None:
        """Do one estimator's worth of work; a message when a chart can show something, else None. At the end `work` is None."""
        if self.work is None:
            return None
        begin = time.thread_time()
        try:
            done = next(self.work, False)
        except torch.linalg.LinAlgError:  # type: ignore[attr-defined]  # its module does not list it
            self.work = None
            return self._evidence({"view": self.request.view, "reason": OF_COVARIANCE})
        except BaseException:
            self.work = None
            raise
        self.spent += time.thread_time() - begin
        if isinstance(done, bool):
            self.work = None
            return None
        return done

    # measuring

    def _narrow(self, rows: int, draws: int) -> int:
        """The number of rows, fewer where a data point is wide."""
        return max(2, min(rows, CELLS // (draws * self.run.data.x.shape[1])))

    def _rows(self, rows: int, draws: int) -> int:
        """Fewer rows where a data point is wide, or where a network holds much for each."""
        rows = self._narrow(rows, draws)
        while rows > 2 and self._evaluated(rows, draws) > MOST_EVALUATED > self._evaluated(2, draws):
            rows = max(2, rows // 2)
        return rows

    def _evaluated(self, rows: int, draws: int) -> int:
        """Numbers that the evaluations of one replicate hold: values, ν, a network's layers, and what is compared with the data."""
        return draws * numbers_of_evaluation(self.run.model, self.run.data.x.shape[1:], rows)

    def _together(self, rows: int, draws: int, kept: int = 0) -> int:
        """How many replicates are made at a time, of an estimator that keeps so many numbers besides the draws."""
        wide = TOGETHER // (draws * rows * self.run.data.x.shape[1])
        own = EVALUATED // max(1, kept) if kept else wide
        return max(1, min(wide, own, EVALUATED // self._evaluated(self._rows(rows, draws), draws)))

    def _beside(self, part: Estimator, rows: int, draws: int) -> int:
        """Numbers that an estimator keeps of one replicate besides the draws and their gradients."""
        sites = self.run.model.sites.values()
        own = [site for site in sites if part.supports(site.family, draws) is None]
        kept = sum(part.numbers(math.prod(site.shape)) * (rows if site.plate == "local" else 1) for site in own)
        return kept * (draws if len(sites) > 1 else 1)

    def _numbers(self, rows: int, draws: int) -> int:
        """Numbers of one replicate's gradient, draw by draw."""
        rows = self._rows(rows, draws)
        return draws * sum(
            (rows if site.plate == "local" else 1) * max(site.family.n_params, 1) * math.prod(site.shape)
            for site in self.run.model.sites.values()
        )

    def _one(self, name: str, draws: int, replicates: int, rows: int, seed: int) -> Report | None:
        settings, rows, begin = self.run.settings, self._rows(rows, draws), time.thread_time()
        generator = torch.Generator().manual_seed(seed)  # the same for every estimator: common noise
        part = make_estimator(name, settings)
        if (kept := self._beside(part, rows, draws)) > MOST_KEPT:
            return None
        try:
            found = probe(
                self.run.model, self.run.q, {name: part}, self.run.data.batch(self.rows[:rows]), draws,
                replicates, generator, site=self.request.parameter.site, rao_blackwell=settings.rao_blackwell,
                noise_kind=settings.noise, objective=self.run.objective,
                chunk=self._together(rows, draws, kept),
            )  # fmt: skip
        except NotApplicableError:
            return None
        self.effort.note(name, draws, replicates, time.thread_time() - begin)
        return found[name]

    def _replicates(self, draws: int, most: int, rows: int, seed: int, budget: float) -> Iterator[None]:
        """Set `self.replicates` to what the budget allows; if nothing is timed yet, a few replicates are timed first.

        Where no more than those fit, their report is the measurement, in `self.tried`.
        """
        most, tried = max(LEAST, min(most, HELD // self._numbers(rows, draws))), dict[str, Report | None]()
        for name in self.request.names:
            if self.effort.knows(draws):
                break
            tried[name] = self._one(name, draws, LEAST, rows, seed)
            yield None
        self.replicates = self.effort.replicates(self.request.names, draws, most, budget)
        self.tried = tried if self.replicates == LEAST else {}

    def _measured(self, name: str, draws: int, rows: int, seed: int) -> Report | None:
        """The report of `self.replicates` replicates."""
        return self.tried[name] if name in self.tried else self._one(name, draws, self.replicates, rows, seed)

    def _now(self, most: int, rows: int, budget: float | None = None) -> Iterator[Measured | None]:
        """Every shown estimator at the present step; the reports are kept, and end as rows of the variance curve."""
        draws, seed = self.run.settings.draws, 2 * self.run.number
        yield from self._replicates(draws, most, rows, seed, budget or self.request.budget)
        self.latest, waiting, since = list[Report](), list[Report](), time.perf_counter()
        for name in self.request.names:
            report = self._measured(name, draws, rows, seed)
            if report:
                self.latest.append(report)
                waiting.append(report)
            if waiting and time.perf_counter() - since > AT_ONCE:
                yield self._kept(waiting)
                waiting, since = [], time.perf_counter()
            else:
                yield None
        yield replace(self._kept(waiting), complete=True)

    def _kept(self, found: Sequence[Report]) -> Probed:
        """What was measured at this step, of every choice; as rows of the curve, of the chosen parameter and of all ν."""
        at, choices = self.run.number, self.request.choices
        kept = [(at, SERIES[each.estimator], evidence.variances(each, choices)) for each in found]
        kept = [
            each for each in kept if all(math.isfinite(choice.value) for choice in each[2])
        ]  # not after an overflow
        rows, whole = (
            table([evidence.row(at, each[choices.index(what)], series) for _, series, each in kept], VARIANCE_COLUMNS)
            for what in (self.request.parameter, choices[0])
        )
        return Probed(number=at, kept=kept, rows=rows, whole=whole, complete=False)

    def _against(self, view: str, rows: Sequence[evidence.Row], steeper: float | None = None) -> Against:
        """A rung of a ladder."""
        return Against(number=self.run.number, view=view, rows=table(rows, VARIANCE_COLUMNS), steeper=steeper)

    def _evidence(self, found: Found, picture: Picture | None = None) -> Evidence:
        """What a view has found at this step, and what fills its chart."""
        found["step"] = self.request.number
        return Evidence(number=self.run.number, picture=picture or {}, found=found)

    def _variance(self, fine: bool) -> Iterator[Measured | None]:
        yield from self._now(FINE_REPLICATES if fine else REPLICATES, ROWS)

    def _rung(self, draws: int, rows: int, most: int, at: int, share: float) -> Iterator[Measured | None]:
        """One place of a ladder: rows of a curve, of every shown estimator, in `self.rung`."""
        seed = 2 * self.run.number + 1
        yield from self._replicates(draws, most, rows, seed, LADDER_BUDGET * self.request.budget * share)
        self.rung = list[evidence.Row]()
        for name in self.request.names:
            report = self._measured(name, draws, rows, seed)
            if report:
                found = evidence.variance_of(report, self.request.parameter)
                self.rung += [evidence.row(at, found, SERIES[name])] if math.isfinite(found.value) else []
            yield None

    def _variance_against_draws(self, fine: bool) -> Iterator[Measured | None]:
        del fine
        measured: list[evidence.Row] = []
        for draws in (
            each for each in LADDER if each == 1 or self._evaluated(self._narrow(ROWS, each), each) <= MOST_EVALUATED
        ):
            yield from self._rung(draws, ROWS, max(16, min(128, 512 // draws)), draws, 1 / len(LADDER))
            measured += self.rung
            yield self._against("variance_against_draws", self.rung, NOISES[self.run.settings.noise].steeper)
        yield self._evidence(evidence.slopes(measured, list(ESTIMATORS), "variance_against_draws"))

    def _variance_against_rows(self, fine: bool) -> Iterator[Measured | None]:
        """At the run's own B, over ever more of the same rows; a wide data point ends the ladder early."""
        del fine
        draws, measured, view = self.run.settings.draws, list[evidence.Row](), "variance_against_rows"
        most = min(self.run.data.size, CELLS // (draws * self.run.data.x.shape[1]))
        ladder = [size for size in ROW_LADDER if size <= most and self._rows(size, draws) == size]
        if not ladder:
            yield self._evidence({"view": view, "reason": TOO_WIDE.format(least=ROW_LADDER[0])})
            return
        for rows in ladder:
            yield from self._rung(draws, rows, max(24, min(128, 2048 // rows)), rows, rows / sum(ladder))
            measured += self.rung
            yield self._against(view, self.rung)
        yield self._evidence(evidence.slopes(measured, list(ESTIMATORS), view))

    def _gradient_histogram(self, fine: bool) -> Iterator[Measured | None]:
        yield from self._now(HISTOGRAM, ROWS, LADDER_BUDGET * self.request.budget)
        draws = self.run.settings.draws
        rows = self._rows(ROWS, draws)
        batch, generator = self.run.data.batch(self.rows[:rows]), torch.Generator().manual_seed(2 * self.run.number + 1)
        longest = int(LADDER_BUDGET * self.request.budget * draws / (LONG_DRAWS * self.effort.slowest(draws)))
        reference = long_run(
            self.run.model, self.run.q, batch, generator, max(LEAST, min(512 if fine else 256, longest)),
            chunk=self._together(rows, LONG_DRAWS),
        )  # fmt: skip
        chosen = self.request.parameter
        shown = chosen if chosen.coordinate else named(self.run.model, chosen.site, (0, 0))
        reports = [each for each in self.latest if bool(each.sites[shown.site].average.isfinite().all())]
        if not (reports and all(bool(each.isfinite().all()) for each in reference.average(shown.site))):
            yield self._evidence({"view": "gradient_histogram", "reason": OF_GRADIENT})
            return
        picture, found = evidence.histogram(reports, reference, shown, SERIES)
        yield self._evidence(found, picture)

    def _xi_parabola(self, fine: bool) -> Iterator[Measured | None]:
        settings, chosen = self.run.settings, self.request.parameter
        generator = torch.Generator().manual_seed(2 * self.run.number)
        batch = self.run.data.batch(self.rows[: self._rows(ROWS, SAMPLES // 128)])  # all samples are held at once
        try:
            found = parabola(
                self.run.model, self.run.q, batch, settings.draws, SAMPLES * (1 + fine), generator,
                site=chosen.site, coordinate=chosen.coordinate, rao_blackwell=settings.rao_blackwell,
            )  # fmt: skip
        except NotApplicableError as reason:
            yield self._evidence({"view": "xi_parabola", "reason": str(reason)})
            return
        if not all(map(math.isfinite, (*found.best, found.rho_squared, found.floor))):
            yield self._evidence({"view": "xi_parabola", "reason": OF_GRADIENT})
            return
        picture, facts = evidence.parabola(found, settings.xi_value, held=settings.xi_from == "fixed")
        yield self._evidence(facts, picture)

    def _variance_cost(self, fine: bool) -> Iterator[Measured | None]:
        yield from self._now(FINE_REPLICATES if fine else REPLICATES, ROWS)
        settings, seconds = self.run.settings, {}
        size = min(settings.batch_size, self.run.data.size)
        reports = [
            each for each in self.latest if math.isfinite(evidence.variance_of(each, self.request.parameter).value)
        ]
        if not reports:
            yield self._evidence({"view": "variance_cost", "reason": OF_GRADIENT})
            return
        for report in reports:
            chosen = make_estimator(report.estimator, settings)
            parts = estimators_by_site(self.run.model, chosen, settings.draws) | {report.site: chosen}
            seconds[report.estimator] = seconds_of(
                self.run.model, self.run.q, parts, self.run.data.batch(self.rows[:size]), settings.draws,
                rao_blackwell=settings.rao_blackwell, noise_kind=settings.noise,
            )  # fmt: skip
            yield None
        picture, found = evidence.costs(reports, seconds, self.request.parameter, SERIES)
        yield self._evidence(found, picture)
