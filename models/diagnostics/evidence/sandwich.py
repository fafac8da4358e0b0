"""Bidirectional Monte Carlo: on data simulated from the model, log p(x) is sandwiched between a lower and an upper bound.

(z, x) ~ p(z) p(x | z) contains an exact draw from the posterior of x, so chains can also be run backwards from it, and their −log (1/C) Σ
w' is at least log p(x) on average (Grosse, Ghahramani & Adams 2015). The width shows how far annealing with this schedule can be wrong; on
real data, without exact posterior draws, it is the best available check of the lower bound.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from elbo_room.models.core import Batch
from elbo_room.models.diagnostics.evidence.annealed import backward, forward, last, scouting
from elbo_room.models.diagnostics.evidence.hmc import Path
from elbo_room.models.diagnostics.evidence.importance import Interval, log_evidence
from elbo_room.models.diagnostics.evidence.log_weights import log_mean
from elbo_room.models.probing.probe import frozen
from elbo_room.models.variational import Posterior, Table

WIDTH = 1.96  # standard errors on either side


@dataclass(frozen=True)
class Sandwich:
    """log p(x) of M simulated data points from below and above, averaged: nats per data point.

    The chains from above share one exact draw per data point, so the uncertainty comes from the M differences, not from the chains.
    """

    lower: Interval
    gap: Interval  # upper − lower: annealing's error is at most this, on average

    @property
    def upper(self) -> Interval:
        """The upper bound, with the gap's own interval."""
        return Interval(*(self.lower.value + end for end in (self.gap.value, self.gap.low, self.gap.high)))


@torch.no_grad()
def simulated(model: Any, batch: Batch, generator: torch.Generator) -> tuple[Batch, Tensor]:
    """As many data points as the batch has, drawn from the model, and the z (M, K) that generated them: an exact draw from each posterior.

    Raises:
        ValueError: the model cannot be sampled, or its data have a library size that a sample would not preserve.
    """
    if not hasattr(model, "latent_prior"):
        raise ValueError(
            "A sandwich needs data simulated from the model: use a deep generative model with a prior on z."
        )
    if getattr(model, "library", None) is not None:
        raise ValueError(
            "With library sizes a simulated row has a different sum from the row whose size it uses. Switch the library size off."
        )
    z = model.latent_prior.sample(batch.size, generator)
    z = z.to(batch.x.dtype)
    nu, family = model.response_parameters(z, batch), model.response  # (M, n_params, D)
    x = family.original(family.transform(family.noise(family.noise_shape(nu[:, 0].shape), generator, nu.dtype), nu))
    return replace(batch, x=x.to(batch.x.dtype)), z


def sandwiching(
    model: Any,
    q: Posterior,
    batch: Batch,
    generator: torch.Generator,
    *,
    chains: int = 16,
    temperatures: int = 200,
    base: str = "q",
) -> Iterator[Sandwich | None]:
    """`sandwich` in slices: None at each temperature of each of its three passes, finally the result.

    The parameters must not change meanwhile: pass copies of a model that continues training.
    """
    if any(isinstance(part, Table) for part in q.by_site.values()):
        raise ValueError(
            "q is a table, which has no ν for simulated data. Train with an amortised q, or anneal real data."
        )
    made, z = simulated(model, batch, generator)
    path = Path(model, q, made, base)
    schedule, ends = None, list[Tensor]()
    for found in scouting(path, temperatures, generator):
        schedule = found
        yield None
    if schedule is None:  # scouting ends with one
        return
    for passes in (
        forward(path, schedule, chains, generator),
        backward(path, schedule, z, chains, generator),
    ):
        for log_w in passes:
            if log_w is None:
                yield None
            else:
                ends.append(log_w)
    each = -log_mean(-ends[1]) - log_mean(ends[0])  # (M,)
    gap, error = float(each.mean()), WIDTH * float(each.std()) / len(each) ** 0.5
    yield Sandwich(log_evidence(ends[0], generator), Interval(gap, gap - error, gap + error))


def sandwich(
    model: Any,
    q: Posterior,
    batch: Batch,
    generator: torch.Generator,
    *,
    chains: int = 16,
    temperatures: int = 200,
    base: str = "q",
) -> Sandwich:
    """Bounds from below and above on log p(x) of M data points drawn from the model.

    Raises:
        ValueError: the model cannot be sampled, q is a table, or a site is not Normal.
    """
    with frozen(model, q):
        steps = sandwiching(model, q, batch, generator, chains=chains, temperatures=temperatures, base=base)
        return last(steps)
