"""θ_j ~ N(0, λ²): log p(θ) = −Σ_j θ_j²/(2λ²) − W log λ − ½ W log 2π.

The lecture notes' gradient has −λθ (and later θ/N); the derivative of this log density is −θ/λ². The constants matter because λ changes.
"""

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from elbo_room.models.priors.prior import HALF_LOG_2PI, Prior


class NormalPrior(Prior):
    """N(0, λ²) on every weight; λ is a standard deviation and may change during a run."""

    name = "normal"
    label = "Gaussian, one λ"
    symbol = "N(0, λ²)"
    help = "Every weight has the same standard deviation λ."

    def log_prob(self, weights: Mapping[str, Tensor]) -> Tensor:
        """The same sum as in every prior, at once: this one is in every model's training loop."""
        if not self.shapes:
            return super().log_prob(weights)
        leads = {name: weights[name].shape[: weights[name].ndim - len(shape)] for name, shape in self.shapes.items()}
        flat = torch.cat([weights[name].reshape(*lead, -1) for name, lead in leads.items()], -1)  # (…, W)
        return -0.5 * flat.square().sum(-1) / self.scale**2 - flat.shape[-1] * (math.log(self.scale) + HALF_LOG_2PI)

    @torch.no_grad()
    def density(self, value: Tensor, name: str) -> Tensor:
        """The density of one weight of a parameter at each value (G,): the same for all."""
        del name
        return (-0.5 * (value / self.scale).square() - HALF_LOG_2PI).exp() / self.scale
