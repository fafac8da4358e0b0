"""The gap that a product over layers leaves below log p(x): a linear Gaussian chain z₂ → z₁ → x with exact evidence."""

import math
from dataclasses import replace

import torch

from elbo_room.models.data import as_dataset
from elbo_room.models.deep_exponential_family.build import build
from elbo_room.models.deep_exponential_family.settings import Settings
from elbo_room.models.layers.response import SCALE_FLOOR
from elbo_room.models.training.run import Run
from elbo_room.models.training.run_from import run_from

SLOPE, LOADINGS = 1.3, torch.tensor([[0.9, -0.6, 0.4]])  # w and ℓ
CHAIN = Settings(
    response="normal", layer_1="normal", layer_2="normal", width_1=1, width_2=1, activation="identity", intercept=False,
    centred=True, layer_scale=0.7, prior_scale=100.0, estimator="path_only", draws=4, batch_size=64, step_size=0.02,
)  # fmt: skip


@torch.no_grad()
def _chain(structure: str, x: torch.Tensor) -> Run:
    """A run of q alone: the chain's parameters are fixed at those that generated the data."""
    settings, data = replace(CHAIN, structure=structure), as_dataset(x)
    model, q = build(settings, data, torch.Generator().manual_seed(1))
    low, high = model.joins()
    low.weight.copy_(LOADINGS.T)
    high.weight.fill_(SLOPE)
    if model.raw_scale is not None:
        model.raw_scale.fill_(math.log(math.expm1(1 - SCALE_FLOOR)))  # σ_x = 1
    return run_from(settings, data, model=model.requires_grad_(requires_grad=False), q=q)


def gap_of_structure(structure: str, steps: int = 600, rows: int = 64) -> float:
    """log p(x) − ELBO, nats per data point, of a linear Gaussian chain z₂ → z₁ → x with this structure of q.

    The evidence is exact: x ~ N(0, (w² + σ²) ℓℓᵀ + I). A product over layers keeps a gap, as z₁ and z₂ are correlated given x;
    q(z₂ | x) q(z₁ | z₂, x) contains the posterior itself. The model's parameters are fixed: learned ones would adapt to close the gap.
    """
    noise = torch.randn(rows, 5, generator=torch.Generator().manual_seed(0))
    x = (SLOPE * noise[:, :1] + CHAIN.layer_scale * noise[:, 1:2]) @ LOADINGS + noise[:, 2:]
    run = _chain(structure, x)
    run.change(stop_at=steps)
    last = list(run)[-steps // 10 :]
    bound = sum(step.elbo for step in last) / len(last)
    covariance = (SLOPE**2 + CHAIN.layer_scale**2) * LOADINGS.T @ LOADINGS + torch.eye(3)
    exact = torch.distributions.MultivariateNormal(torch.zeros(3), covariance).log_prob(x).mean()
    return float(exact) - bound
