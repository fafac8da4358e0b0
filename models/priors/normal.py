"""θ_j ~ N(0, λ²): log p(θ) = −Σ_j θ_j²/(2λ²) − W log λ − ½ W log 2π.

The notes' gradient has −λθ (and later θ/N); the derivative of this log density is −θ/λ². The constants count because λ moves.
"""

import math
from collections.abc import Iterable

import torch
from torch import Tensor

HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)


class NormalPrior:
    """N(0, λ²) on every weight; λ is a standard deviation and may change while a run goes on."""

    def __init__(self, scale: float = 1.0) -> None:
        self.scale = scale

    def log_prob(self, weights: Iterable[Tensor]) -> Tensor:
        """Log density of all the weights together, in nats: a scalar."""
        flat = torch.cat([weight.reshape(-1) for weight in weights])
        return -0.5 * flat.square().sum() / self.scale**2 - flat.numel() * (math.log(self.scale) + HALF_LOG_2PI)
