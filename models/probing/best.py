"""The estimator with the least variance × cost for one model, q and B: tr Var(ĝ) × seconds of one ĝ, measured within a time limit.

A mean of n estimates has variance Var/n and takes n times the seconds, so that Var × seconds is the error² that a second of computing
leaves (Glynn & Whitt 1992). Every estimator that applies is measured roughly; those that may still be the best are measured again.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch

from elbo_room.models.core import Batch, Model, shown
from elbo_room.models.data.dataset import as_batch
from elbo_room.models.estimators import ESTIMATORS, Estimator, NotApplicableError
from elbo_room.models.inference.boundary import check_call, check_count, check_model, check_posterior
from elbo_room.models.inference.make_estimator import Chosen, as_estimator
from elbo_room.models.inference.surrogate_context import estimators_by_site
from elbo_room.models.probing.probe import probe, seconds_of
from elbo_room.models.probing.table import html_table, text_table
from elbo_room.models.variational import Posterior

FIRST, MORE, MOST = 4, 32, 4096  # replicates of the rough look, of a further one, and of one estimator in all
CLEAR = 2.0  # standard errors by which a contender must be worse to be dropped
TOGETHER = 8  # replicates drawn at a time
HEADER = ("estimator", "variance × seconds", "± standard error", "× the best", "variance", "seconds", "replicates")


@dataclass(frozen=True)
class Contender:
    """What was measured of one estimator: tr Var of the whole ELBO's ĝ, and the seconds of one ĝ."""

    name: str
    variance: float
    error: float  # standard error of the variance
    seconds: float
    replicates: int

    @property
    def work(self) -> float:
        """Variance × seconds."""
        return self.variance * self.seconds

    @property
    def work_error(self) -> float:
        """Its standard error."""
        return self.error * self.seconds

    def and_more(self, variance: float, error: float, replicates: int) -> "Contender":
        """With further replicates: the variances' mean, weighted by their number."""
        whole = self.replicates + replicates
        mean = (self.replicates * self.variance + replicates * variance) / whole
        spread = math.hypot(self.replicates * self.error, replicates * error) / whole
        return Contender(self.name, mean, spread, self.seconds, whole)


@dataclass(frozen=True, repr=False)
class Best:
    """The contenders, least variance × seconds first; prints as a table.

    >>> import elbo_room as er
    >>> run = er.run_from({"data": "pinwheel", "width": 8})
    >>> best = er.best_estimator(run.model, run.q, run.data, ["score", "path_only"])
    >>> best.name, best.ratio("score") > 5
    ('path_only', True)
    """

    contenders: tuple[Contender, ...]
    draws: int
    not_applicable: dict[str, str] = field(default_factory=dict)
    not_reached: tuple[str, ...] = ()  # those for which there was no time

    @property
    def name(self) -> str:
        """The best estimator's."""
        return self.contenders[0].name

    @property
    def work(self) -> float:
        """Its variance × seconds."""
        return self.contenders[0].work

    @property
    def error(self) -> float:
        """The standard error of `work`."""
        return self.contenders[0].work_error

    @property
    def gap(self) -> float:
        """By how many standard errors the second one is worse; ∞ if there is no second. Below 2 the order of the two is uncertain."""
        if len(self.contenders) < 2:
            return math.inf
        first, second = self.contenders[:2]
        spread = math.hypot(first.work_error, second.work_error)
        return (second.work - first.work) / spread if spread > 0 else math.inf

    def ratio(self, name: str) -> float:
        """Another's variance × seconds relative to the best one's."""
        other = next(each for each in self.contenders if each.name == name)
        return other.work / self.work if self.work > 0 else math.inf

    def __repr__(self) -> str:
        return "\n".join([self._title(), *text_table(HEADER, self._rows()), *self._notes()])

    def _repr_html_(self) -> str:
        return html_table(self._title(), HEADER, self._rows(), self._notes())

    def _title(self) -> str:
        sure = f"{self.gap:.1f} standard errors ahead" if math.isfinite(self.gap) else "alone"
        return f"Least variance × seconds at B = {self.draws}: {self.name}, {sure}"

    def _rows(self) -> list[list[str]]:
        return [
            [
                each.name,
                *(f"{value:.3g}" for value in (each.work, each.work_error)),
                f"{self.ratio(each.name):.3g}" if math.isfinite(self.ratio(each.name)) else "–",
                *(f"{value:.3g}" for value in (each.variance, each.seconds)),
                f"{each.replicates}",
            ]
            for each in self.contenders
        ]

    def _notes(self) -> list[str]:
        reasons = [f"{name} does not apply: {reason}" for name, reason in self.not_applicable.items()]
        late = [f"There was no time to measure: {', '.join(self.not_reached)}."] if self.not_reached else []
        return [*reasons, *late]


def best_estimator(
    model: Model,
    q: Posterior,
    data: Batch | object,
    estimators: Sequence[Chosen] | None = None,
    *,
    seconds: float = 5.0,
    draws: int = 4,
    generator: torch.Generator | None = None,
    rao_blackwell: str = "plate",
    noise_kind: str = "iid",
) -> Best:
    """Measure the estimators at the present ν for so many seconds, and name the one with the least variance × cost.

    >>> import elbo_room as er
    >>> run = er.run_from({"data": "pinwheel", "width": 8})
    >>> er.best_estimator(run.model, run.q, run.data, ["score", "path_only"]).name
    'path_only'

    Args:
        model: the log joint as factors.
        q: the variational factors; nothing in them changes.
        data: a batch, or all rows of a data set or an array.
        estimators: those to compare; None: every listed one whose mean is the ELBO's gradient.
        seconds: the time limit; one estimator is always measured.
        draws: B.
        generator: the source of noise. None: one with seed 0.
        rao_blackwell: a name in `RAO_BLACKWELL`.
        noise_kind: a name in `NOISES`.

    Raises:
        NotApplicableError: no estimator applies; the message has each one's reason.
        ValueError: the time limit is not a positive number, or another argument is invalid (`boundary`).
    """
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds < math.inf:
        raise ValueError(f"The time limit was {shown(seconds)} seconds; it must be a positive number. 5 is usual.")
    check_model(model)
    check_posterior(model, q)
    batch = as_batch(data)
    check_count("B", draws)
    check_call(batch, draws, 1, rao_blackwell, noise_kind)
    generator = torch.Generator().manual_seed(0) if generator is None else generator
    parts = {part.name: part for part in _compared(estimators)}
    end = time.perf_counter() + seconds

    def measured(name: str, replicates: int) -> tuple[float, float]:
        found = probe(
            model, q, {name: parts[name]}, batch, draws, replicates, generator,
            rao_blackwell=rao_blackwell, noise_kind=noise_kind, chunk=TOGETHER,
        )  # fmt: skip
        return found[name].total.value, found[name].total.error

    found, reasons = dict[str, Contender](), dict[str, str]()
    for name, part in parts.items():
        if found and time.perf_counter() > end:
            break
        try:
            value, error = measured(name, FIRST)
        except NotApplicableError as refused:
            reasons[name] = str(refused).removeprefix(f"No estimator applies here. {name}: ")
            continue
        same = estimators_by_site(model, part, draws)
        cost = seconds_of(model, q, same, batch, draws, rao_blackwell=rao_blackwell, noise_kind=noise_kind, repeats=3)
        found[name] = Contender(name, value, error, cost, FIRST)
    if not found:
        raise NotApplicableError(
            "No estimator applies here. " + " ".join(f"{name}: {why}" for name, why in reasons.items())
        )
    while time.perf_counter() < end and (unsure := _most_uncertain(found)) is not None:
        found[unsure] = found[unsure].and_more(*measured(unsure, MORE), MORE)
    ranking = tuple(sorted(found.values(), key=lambda each: each.work))
    return Best(ranking, draws, reasons, tuple(name for name in parts if name not in found and name not in reasons))


def _compared(estimators: Sequence[Chosen] | None) -> list[Estimator]:
    """Those to measure: as passed, or every listed one whose mean is the ELBO's gradient.

    Raises:
        ValueError: the list is empty, or contains something that is not an estimator.
    """
    if estimators is None:
        return [part() for part in ESTIMATORS.values() if part.unbiased and part.bound == "elbo"]
    chosen = [estimators] if isinstance(estimators, str) else list(estimators)
    if not chosen:
        raise ValueError("The estimators to compare are empty; at least one is needed. Write ['score', 'path_only'].")
    return [as_estimator(each) for each in chosen]


def _most_uncertain(found: dict[str, Contender]) -> str | None:
    """Of those that may be the best, the one with the largest standard error; None once a single one is left."""
    best = min(found.values(), key=lambda each: each.work)
    within = [
        each
        for each in found.values()
        if each.replicates < MOST and each.work - best.work <= CLEAR * math.hypot(each.work_error, best.work_error)
    ]
    if len(within) < 2:
        return None
    return max(within, key=lambda each: each.work_error).name
