"""θ_j ~ Laplace(0, λ): log p = −|θ_j|/λ − log 2λ, variance 2λ²; its MAP is the lasso, with exact zeros (Tibshirani 1996)."""

import math

import torch
from torch import Tensor

from elbo_room.models.priors.prior import Prior


class LaplacePrior(Prior):
    """A sharp peak at 0 and tails heavier than the Gaussian's."""

    name = "laplace"
    label = "Laplace"
    symbol = "Laplace(0, λ)"
    help = "Density exp(−|w|/λ)/2λ: pulls small weights to 0 as hard as large ones."
    gaussian = False
    unit_variance = 2.0

    def unit_log_prob(self, value: Tensor) -> Tensor:
        """−|u| − log 2."""
        return -value.abs() - math.log(2)

    def unit_sample(self, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
        """A random sign times an exponential variable, by inversion."""
        uniform = torch.rand(shape, generator=generator) - 0.5  # [−½, ½)
        return -uniform.sign() * torch.log1p(-2 * uniform.abs().clamp_max(0.5 - 1e-8))
