"""Folds of cells, and the ELBO of held-out cells."""

from dataclasses import replace

import torch
from torch import Tensor

from elbo_room.models.data import Dataset
from elbo_room.models.training.run import Run

FOLDS, DRAWS = 5, 16


def some(data: Dataset, rows: Tensor) -> Dataset:
    """These rows of a table."""
    covariates = None if data.covariates is None else data.covariates[rows]
    return replace(data, x=data.x[rows], labels=data.labels[rows], covariates=covariates)


def folds(data: Dataset, count: int = FOLDS) -> list[tuple[Tensor, Tensor]]:
    """Row numbers (train, held out): every row is held out once."""
    order = torch.randperm(data.size, generator=torch.Generator().manual_seed(0))
    parts = [order[start::count] for start in range(count)]
    return [(torch.cat([other for other in parts if other is not part]), part) for part in parts]


@torch.no_grad()
def elbo(run: Run, data: Dataset, draws: int = DRAWS) -> Tensor:
    """E_q[log p(x, z) − log q(z)] of every cell, in nats: (N,)."""
    batch, site = data.whole(), run.model.sites["z"]
    nu = run.q.nu(site, batch)
    nu = nu.expand(1, draws, *nu.shape)
    noise = torch.randn(1, draws, data.size, nu.shape[-1], generator=torch.Generator().manual_seed(0))
    z = site.family.transform(noise, nu)
    local = sum(factor.value for factor in run.model.factors(batch, {"z": z}) if factor.value.ndim == 3)
    found: Tensor = (local - site.family.log_prob(z, nu).sum(-1))[0].mean(0)
    return found
