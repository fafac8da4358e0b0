"""θ_j ~ Logistic(0, λ): log p = −u − 2 log(1 + e^−u) − log λ, u = θ_j/λ, variance π²λ²/3; tails of a Laplace without its peak."""

import math

import torch
from torch import Tensor
from torch.nn.functional import softplus

from elbo_room.models.priors.prior import Prior


class LogisticPrior(Prior):
    """Smooth at 0, with tails heavier than the Gaussian's."""

    name = "logistic"
    label = "logistic"
    symbol = "Logistic(0, λ)"
    help = "As smooth as a Gaussian at 0, with the tails of a Laplace."
    gaussian = False
    unit_variance = math.pi**2 / 3

    def unit_log_prob(self, value: Tensor) -> Tensor:
        """−u − 2 log(1 + e^−u)."""
        return -value - 2 * softplus(-value)

    def unit_sample(self, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
        """The logit of a uniform number."""
        return torch.logit(torch.rand(shape, generator=generator), eps=1e-7)
