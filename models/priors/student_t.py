"""θ_j ~ λ t_ν: log p = −½(ν+1) log(1 + u²/ν) + log Γ(½(ν+1)) − log Γ(½ν) − ½ log νπ − log λ, u = θ_j/λ; ν = 1 is Cauchy's."""

import math
from typing import Any

import torch
from torch import Tensor

from elbo_room.models.priors.prior import Prior


class StudentTPrior(Prior):
    """Polynomial tails: a few large weights cost little. The variance λ²ν/(ν − 2) exists for ν > 2 only."""

    name = "student_t"
    label = "Student t"
    symbol = "λ t_ν"
    help = "Heavy tails, ν degrees of freedom: most weights small, a few as large as the data require."
    gaussian = False

    def __init__(self, scale: float = 1.0, degrees: float = 3.0) -> None:
        super().__init__(scale)
        self.degrees = degrees

    def update(self, settings: Any) -> None:
        """λ and ν."""
        super().update(settings)
        self.degrees = settings.degrees

    @property
    def unit_variance(self) -> float:  # type: ignore[override]
        """ν/(ν − 2), infinite for ν ≤ 2."""
        return self.degrees / (self.degrees - 2) if self.degrees > 2 else math.inf

    def unit_log_prob(self, value: Tensor) -> Tensor:
        """The standard t's log density."""
        nu = self.degrees
        constant = math.lgamma((nu + 1) / 2) - math.lgamma(nu / 2) - 0.5 * math.log(nu * math.pi)
        return constant - 0.5 * (nu + 1) * torch.log1p(value.square() / nu)

    def unit_sample(self, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
        """Draws cos(2πV) √(ν(U^{−2/ν} − 1)), exact for every ν (Bailey 1994)."""
        angle = 2 * math.pi * torch.rand(shape, generator=generator, dtype=torch.float64)
        log_uniform = torch.log1p(-torch.rand(shape, generator=generator, dtype=torch.float64))
        radius = (self.degrees * torch.expm1(-2 / self.degrees * log_uniform)).sqrt()
        return (radius * angle.cos()).float()
