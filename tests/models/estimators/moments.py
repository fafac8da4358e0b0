"""Moments of G_b under quadrature nodes (exact for polynomials) and under random draws."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from elbo_room.models.core import Batch, Model
from elbo_room.models.estimators import Context, Draw, Estimator, Score
from elbo_room.models.inference.estimate import estimate
from elbo_room.models.variational import Posterior

KAPPA = {"reparameterization": (3, 15), "score": (47, 275), "oracle": (93, 640)}  # largest kurtosis of G_b for (μ, s)


@dataclass(frozen=True)
class Baseline(Score):
    """(f − ξ) s with ξ given: the oracle's."""

    xi: float = 0.0

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        return (context.cost - self.xi) * draw.log_q(frozen_value=True)


def per_draw(
    setting: tuple[Model, Posterior, Batch],
    estimator: Estimator,
    noise: Mapping[str, Tensor] | None = None,
    replicates: int = 1,
    draws: int = 1,
) -> Tensor:
    """G_b of site z, first datum: (R, B, n_params)."""
    model, q, batch = setting
    if noise is not None:
        replicates, draws = noise["z"].shape[:2]
    generator = torch.Generator().manual_seed(5)
    found = estimate(model, q, {"z": estimator}, batch, draws, generator, replicates=replicates, noise=noise)
    return found.draw_gradients(model.sites["z"])[:, :, 0, :, 0].detach()


def exact_moments(
    setting: tuple[Model, Posterior, Batch], estimator: Estimator, count: int = 12
) -> tuple[Tensor, Tensor]:
    """Mean and variance of one draw's G for (μ, ρ), by Gauss-Hermite nodes fed through the engine."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(count)
    given = per_draw(setting, estimator, {"z": torch.tensor(nodes)[None, :, None, None]})[0]  # (Q, n_params)
    mass = torch.tensor(weights)[:, None] / math.sqrt(2 * math.pi)
    mean = (mass * given).sum(0)
    return mean, (mass * (given - mean).square()).sum(0)
