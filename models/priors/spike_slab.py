"""θ_j ~ π N(0, λ²) + (1 − π) N(0, (rλ)²): a slab for the weights that are in, a narrow continuous spike for those that are out.

The indicators are summed out, so the density is smooth and every estimator applies (George & McCulloch 1993).
"""

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from elbo_room.models.priors.prior import HALF_LOG_2PI, Prior


class SpikeSlabPrior(Prior):
    """A weight is in the slab with probability π; u = w/λ has variance π + (1 − π)r²."""

    name = "spike_slab"
    label = "spike and slab"
    symbol = "πN(0, λ²)+(1−π)N(0, r²λ²)"
    help = "A weight is in the slab (scale λ) with probability π, else nearly 0 (scale rλ)."
    gaussian = False
    selects = "probability to be in the slab, against π"

    def __init__(self, scale: float = 1.0, inclusion: float = 0.5, spike: float = 0.05) -> None:
        super().__init__(scale)
        self.inclusion, self.spike = inclusion, spike

    def update(self, settings: Any) -> None:
        """λ, π and r."""
        super().update(settings)
        self.inclusion, self.spike = settings.inclusion, settings.spike

    @property
    def unit_variance(self) -> float:  # type: ignore[override]
        """π + (1 − π)r²."""
        return self.inclusion + (1 - self.inclusion) * self.spike**2

    def unit_log_prob(self, value: Tensor) -> Tensor:
        """log[π N(u; 0, 1) + (1 − π) N(u; 0, r²)]."""
        slab = math.log(self.inclusion) - 0.5 * value.square()
        spike = math.log1p(-self.inclusion) - 0.5 * (value / self.spike).square() - math.log(self.spike)
        return torch.stack([slab, spike]).logsumexp(0) - HALF_LOG_2PI  # logaddexp has no second derivative in the tails

    def unit_sample(self, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
        """The indicator first, then the Gaussian of its scale."""
        inside = torch.rand(shape, generator=generator) < self.inclusion
        return torch.randn(shape, generator=generator) * torch.where(inside, 1.0, self.spike)

    def selection(self, name: str, value: Tensor, latents: Mapping[str, Tensor]) -> Tensor:
        """p(in | w)/π."""
        del name, latents
        return self.inclusion_probability(value) / self.inclusion

    def inclusion_probability(self, value: Tensor) -> Tensor:
        """p(in | w): the slab's share of the density at each weight."""
        unit = value / self.scale
        slab = math.log(self.inclusion) - 0.5 * unit.square()
        return (slab - HALF_LOG_2PI - self.unit_log_prob(unit)).exp()
