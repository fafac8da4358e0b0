"""Amortisation gap: (1/M) Σ_i max_ν ELBO_i(ν) − ELBO_i(encoder(x_i)), in nats per data point (Cremer, Li & Duvenaud 2018)."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from elbo_room.models.core import Batch, Model
from elbo_room.models.estimators import PathOnly
from elbo_room.models.inference.estimate import estimate
from elbo_room.models.probing.probe import frozen
from elbo_room.models.training.optimizers.adam import Adam
from elbo_room.models.variational import Posterior


class Free(nn.Module):
    """ν of each row of one batch as free parameters: (M, n_params, K)."""

    def __init__(self, first: Tensor) -> None:
        super().__init__()
        self.table = nn.Parameter(first.detach().clone())

    def nu(self, batch: Batch) -> Tensor:
        """All of them; valid only for the batch they were made for."""
        if batch.size != len(self.table):
            raise ValueError(
                f"These ν belong to {len(self.table)} rows; the batch has {batch.size}. Use the batch they were made for."
            )
        return self.table


@dataclass(frozen=True)
class Gap:
    """The gap, and its standard error due to the draws, in nats per data point."""

    gap: float
    error: float
    elbo: float
    improved: float


def improving(
    model: Model,
    q: Posterior,
    batch: Batch,
    generator: torch.Generator,
    *,
    steps: int = 60,
    step_size: float = 0.02,
    draws: int = 8,
    replicates: int = 16,
    site: str = "z",
) -> Iterator[Gap | None]:
    """`amortisation_gap` in slices: None after each step, finally the gap. Model and q must be frozen meanwhile."""
    free = Free(q.nu(model.sites[site], batch))
    own = Posterior({name: free if name == site else q.by_site[name] for name in model.sites})
    names = {"table": free.table}
    optimizer, estimators = Adam(names, step_size), dict.fromkeys(model.sites, PathOnly())
    for number in range(steps):
        optimizer.step_size = step_size * (1 - number / steps)
        optimizer.clear_gradients()
        estimate(model, own, estimators, batch, draws, generator)
        optimizer.step()
        yield None
    differences, levels = [], []
    for _ in range(replicates):
        state, pair = generator.get_state(), []
        for each in (q, own):
            generator.set_state(state)
            pair.append(estimate(model, each, estimators, batch, 4 * draws, generator).elbo)
        differences.append(pair[1] - pair[0])
        levels.append(torch.stack(pair))
        yield None
    difference, level = torch.stack(differences), torch.stack(levels).mean(0)
    yield Gap(float(difference.mean()), float(difference.std()) / replicates**0.5, float(level[0]), float(level[1]))


def amortisation_gap(
    model: Model,
    q: Posterior,
    batch: Batch,
    generator: torch.Generator,
    *,
    steps: int = 60,
    step_size: float = 0.02,
    draws: int = 8,
    replicates: int = 16,
    site: str = "z",
) -> Gap:
    """Start every data point's ν at the encoder's output and maximise its own ELBO for a few steps, model and encoder frozen.

    The two ELBOs are compared at common draws, so most of their noise cancels; with too few steps the gap is underestimated.
    """
    with frozen(model, q):
        *_, found = improving(
            model, q, batch, generator, steps=steps, step_size=step_size, draws=draws, replicates=replicates, site=site
        )
    return found  # type: ignore[return-value]
