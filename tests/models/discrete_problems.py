"""Problems with sites that are neither Normal nor binary: counts and categories, exact by summing over their states."""

import itertools
import math
from collections.abc import Mapping

import torch
from torch import Tensor

from elbo_room.models.core import Batch, Factor, Site
from elbo_room.models.families import Categorical, Poisson
from elbo_room.models.variational import Posterior
from tests.models.problems import F64, NU, Problem, Rows, Terms, batch_of, log_normal, numbers


def counts() -> Problem:
    """z_i ~ Poisson(2), x_i ~ N(z_i, 1.5²), q = Poisson; the sum over z ends at 60, where nothing is left."""
    batch, family = batch_of(numbers(3, 1, seed=41) * 2 + 3), Poisson()
    rate = torch.full((1, 1), math.log(2.0), dtype=F64)

    def terms(batch: Batch, latents: Mapping[str, Tensor]) -> list[Factor]:
        z = latents["z"]
        return [
            Factor("log p(z)", family.log_prob(z, rate).sum(-1), frozenset({"z"})),
            Factor("log p(x|z)", log_normal(batch.x, z, 1.5).sum(-1), frozenset({"z"})),
        ]

    def objective(nus: NU) -> Tensor:
        z = torch.arange(61, dtype=F64)[:, None, None].expand(-1, 3, 1)  # (P, M, K)
        log_q = family.log_prob(z, nus["z"]).sum(-1)
        log_p = sum(factor.value[0] for factor in terms(batch, {"z": z.unsqueeze(0)}))
        return (log_q.exp() * (log_p - log_q)).sum()

    q = Posterior({"z": Rows(numbers(3, 1, 1, seed=42, scale=0.4) + 0.7)})
    return Problem(Terms({"z": Site("z", "local", (1,), family)}, terms), q, batch, objective)


def categories() -> Problem:
    """Two units of three states, x | z ~ N(w[z₁, z₂], .8²) with a table w that has no order; 9 states."""
    batch, family, table = batch_of(numbers(3, 1, seed=43)), Categorical(3), numbers(3, 3, seed=44, scale=1.5)
    first = numbers(3, 2, seed=45)

    def terms(batch: Batch, latents: Mapping[str, Tensor]) -> list[Factor]:
        z = latents["z"]
        mean = table[z[..., 0].long(), z[..., 1].long()].unsqueeze(-1)
        return [
            Factor("log p(z)", family.log_prob(z, first).sum(-1), frozenset({"z"})),
            Factor("log p(x|z)", log_normal(batch.x, mean, 0.8).sum(-1), frozenset({"z"})),
        ]

    def objective(nus: NU) -> Tensor:
        z = torch.tensor(list(itertools.product((0.0, 1.0, 2.0), repeat=2)), dtype=F64)[:, None].expand(-1, 3, 2)
        log_q = family.log_prob(z, nus["z"]).sum(-1)  # (P, M)
        log_p = sum(factor.value[0] for factor in terms(batch, {"z": z.unsqueeze(0)}))
        return (log_q.exp() * (log_p - log_q)).sum()

    q = Posterior({"z": Rows(numbers(3, 3, 2, seed=46))})
    return Problem(Terms({"z": Site("z", "local", (2,), family)}, terms), q, batch, objective)


DISCRETE = {each.__name__: each for each in (counts, categories)}
