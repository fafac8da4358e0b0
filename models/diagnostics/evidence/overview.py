"""All estimates and bounds of log p(x) of one model at its current parameters, part by part, the cheapest first.

log p(x) − ELBO is two gaps (Cremer, Li & Duvenaud 2018): what the encoder loses against the best ν of each data point (amortisation), and
what the family of q loses against the posterior (approximation).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from elbo_room.models.core import Batch
from elbo_room.models.data import Dataset
from elbo_room.models.diagnostics.amortisation import Gap, improving
from elbo_room.models.diagnostics.evidence.annealed import annealing
from elbo_room.models.diagnostics.evidence.held_out import no_new_rows
from elbo_room.models.diagnostics.evidence.hmc import Path
from elbo_room.models.diagnostics.evidence.importance import Curve, Interval, curve_of, log_evidence
from elbo_room.models.diagnostics.evidence.known import finding, linear_decoder
from elbo_room.models.diagnostics.evidence.log_weights import log_weights
from elbo_room.models.diagnostics.evidence.pareto import pareto_k, trusted_below
from elbo_room.models.diagnostics.evidence.sandwich import Sandwich, sandwiching
from elbo_room.models.probing.probe import frozen
from elbo_room.models.variational import Posterior, Table

PIECE = 64  # draws at a time


@dataclass(frozen=True)
class Effort:
    """How much work each part may do."""

    rows: int = 64
    draws: int = 512
    steps: int = 80  # for each data point's own ν
    chains: int = 8
    temperatures: int = 100
    simulated: int = 32  # data points of the sandwich


@dataclass(frozen=True)
class AllRows:
    """Exact log p(x) of the M evaluated rows, (M,), and its average over all N rows of their kind."""

    rows: Tensor
    whole: float

    @property
    def offset(self) -> float:
        """By how much the average of all rows is above that of the M rows."""
        return self.whole - float(self.rows.mean())

    def spread(self, elbo: Tensor) -> float:
        """Standard error, due to the choice of rows, of an ELBO of all rows: log p(x) minus the gap of the M rows; elbo (M,)."""
        return float((self.rows - elbo).std()) / len(elbo) ** 0.5


@dataclass(frozen=True)
class Evidence:
    """The results so far, averaged over the same M training rows: nats per data point. A missing part has a reason."""

    rows: int = 0  # M; 0: all N rows
    curve: Curve | None = None
    by_row: Tensor | None = None  # the ELBO of each row, (M,)
    k: Tensor | None = None  # (M,), Pareto k̂
    trusted: float = 0.7  # k̂ below which the importance ratios can be trusted
    spread: float = 0.0  # standard error of the ELBO due to the choice of rows
    held_out: Curve | None = None  # of M held-out rows
    held_out_by_row: Tensor | None = None
    held_out_spread: float = 0.0
    gap: Gap | None = None
    known: float | None = None
    how: str = ""
    all_rows: AllRows | None = None  # if log p(x) has a closed form, so that all rows cost nothing
    all_held_out: AllRows | None = None
    annealed: Interval | None = None
    sandwich: Sandwich | None = None
    reasons: dict[str, str] = field(default_factory=dict)

    @property
    def best(self) -> float | None:
        """The best estimate of log p(x): the exact value, else the larger of the two lower bounds."""
        if self.known is not None or self.curve is None:
            return self.known
        return max(self.curve.best.value, self.annealed.value if self.annealed else -torch.inf)

    @property
    def doubtful(self) -> float:
        """The share of data points whose ratios cannot be trusted."""
        return 0.0 if self.k is None else float((self.k > self.trusted).double().mean())

    def of_all_rows(self) -> "Evidence":
        """The same numbers for all N rows if their exact log p(x) is known, else unchanged.

        L(all) = log p(all) − [log p(M rows) − L(M rows)]: bounds and log p(x) vary together from row to row, while their gap hardly varies.
        """
        if self.all_rows is None or self.known is None:
            return self
        by = self.all_rows.offset
        moved: dict[str, Any] = {}
        if self.curve is not None and self.by_row is not None:
            moved = {"curve": self.curve.moved(by), "spread": self.all_rows.spread(self.by_row)}
        if self.held_out is not None and self.all_held_out is not None and self.held_out_by_row is not None:
            moved["held_out"] = self.held_out.moved(self.all_held_out.offset)
            moved["held_out_spread"] = self.all_held_out.spread(self.held_out_by_row)
        annealed = None if self.annealed is None else self.annealed.moved(by)
        return replace(self, rows=0, known=self.all_rows.whole, annealed=annealed, **moved)


def rows_of(data: Dataset, count: int) -> Batch:
    """The first rows of a fixed shuffle, the same at every call."""
    return data.batch(torch.randperm(data.size, generator=torch.Generator().manual_seed(0))[:count])


@dataclass(frozen=True)
class Work:
    """What every part needs."""

    model: Any
    q: Posterior
    data: Dataset
    batch: Batch
    generator: torch.Generator
    effort: Effort

    def weights(self, batch: Batch) -> Iterator[Tensor | None]:
        """Log weights (S, M) in pieces."""
        parts = []
        for first in range(0, self.effort.draws, PIECE):
            count = min(PIECE, self.effort.draws - first)
            parts.append(log_weights(self.model, self.q, batch, count, self.generator))
            yield None
        yield torch.cat(parts)


Part = Iterator[dict[str, Any] | None]


def _curve(work: Work) -> Part:
    for log_w in work.weights(work.batch):
        if log_w is None:
            yield None
            continue
        each = log_w.mean(0)
        yield {
            "curve": curve_of(log_w, work.generator),
            "by_row": each,
            "k": pareto_k(log_w),
            "trusted": trusted_below(len(log_w)),
            "spread": float(each.std()) / len(each) ** 0.5,
        }


def _held_out(work: Work) -> Part:
    if work.data.test is None:
        raise ValueError("No rows were held out. Set 'Held out' above 0 and start a new run.")
    if reason := no_new_rows(work.q):
        raise ValueError(reason)
    for log_w in work.weights(rows_of(work.data.test, work.effort.rows)):
        if log_w is None:
            yield None
            continue
        each = log_w.mean(0)
        yield {
            "held_out": curve_of(log_w, work.generator),
            "held_out_by_row": each,
            "held_out_spread": float(each.std()) / len(each) ** 0.5,
        }


def _gap(work: Work) -> Part:
    if any(isinstance(part, Table) for part in work.q.by_site.values()):
        raise ValueError("q is a table: every data point has its own ν, so there is no amortisation gap.")
    site = next(iter(work.model.sites))
    steps = improving(
        work.model, work.q, work.batch, work.generator, steps=work.effort.steps, step_size=0.03, draws=4, site=site
    )
    yield from (None if found is None else {"gap": found} for found in steps)


def _known(work: Work) -> Part:
    site = next(iter(work.model.sites))
    for found in finding(work.model, work.q, work.batch, site):
        yield None if found is None else {"known": found.mean, "how": found.how} | _of_all_rows(work)


def _of_all_rows(work: Work) -> dict[str, AllRows]:
    exact, test = linear_decoder(work.model), work.data.test
    if exact is None:
        return {}
    parts = {"all_rows": work.data} | ({} if test is None else {"all_held_out": test})
    return {
        name: AllRows(
            exact.log_likelihood(rows_of(data, work.effort.rows).x), float(exact.log_likelihood(data.x).mean())
        )
        for name, data in parts.items()
    }


def _annealed(work: Work) -> Part:
    path, effort = Path(work.model, work.q, work.batch), work.effort
    for log_w in annealing(path, effort.chains, effort.temperatures, work.generator):
        yield None if log_w is None else {"annealed": log_evidence(log_w, work.generator)}


def _sandwich(work: Work) -> Part:
    effort, few = work.effort, rows_of(work.data, work.effort.simulated)
    steps = sandwiching(
        work.model, work.q, few, work.generator, chains=effort.chains, temperatures=effort.temperatures
    )  # fmt: skip
    yield from (None if found is None else {"sandwich": found} for found in steps)


PARTS = (_curve, _held_out, _gap, _known, _annealed, _sandwich)  # the cheapest first


def evidence_parts(
    model: Any, q: Posterior, data: Dataset, generator: torch.Generator, effort: Effort | None = None
) -> Iterator[Evidence | None]:
    """`weigh` in slices of a few milliseconds: None after each, and after each part the results so far.

    The parameters must be frozen and must not change meanwhile: pass copies of a model that continues training.
    """
    effort = effort or Effort()
    work = Work(model, q, data, rows_of(data, effort.rows), generator, effort)
    found = Evidence(rows=work.batch.size)
    for part in PARTS:
        try:
            for news in part(work):
                found = replace(found, **news) if news else found
                yield found if news else None
        except ValueError as reason:
            found = replace(found, reasons=found.reasons | {part.__name__[1:]: str(reason)})
            yield found


def weigh(
    model: Any, q: Posterior, data: Dataset, generator: torch.Generator, effort: Effort | None = None
) -> Evidence:
    """ELBO and importance-weighted curve (held out too, where `data.test` is), k̂, both gaps, the exact value, annealing, sandwich."""
    with frozen(model, q):
        *_, found = (each for each in evidence_parts(model, q, data, generator, effort) if each is not None)
    return found
