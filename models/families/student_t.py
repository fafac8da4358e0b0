"""y = μ + s t₄: log p(y) = log Γ(5/2) − log Γ(2) − ½ log 4π − log s − (5/2) log(1 + ((y − μ)/s)²/4); Var y = 2 s².

Four degrees of freedom, as recommended by Lange, Little & Taylor (1989) if they are not estimated.
"""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from elbo_room.models.families.location_scale import LocationScale

DEGREES = 4
CONSTANT = math.lgamma((DEGREES + 1) / 2) - math.lgamma(DEGREES / 2) - 0.5 * math.log(DEGREES * math.pi)


@dataclass(frozen=True)
class StudentT(LocationScale):
    """Real values with outliers; ν = (μ, ρ)."""

    name: ClassVar[str] = "student_t"
    label: ClassVar[str] = "Student-t"
    symbol: ClassVar[str] = "μ + s t₄"
    help: ClassVar[str] = "Real values with outliers: four degrees of freedom, scale s."
    variational: ClassVar[bool] = False  # a draw takes five numbers per coordinate
    reparameterizable: ClassVar[bool] = True
    parameter_names: ClassVar[tuple[str, ...]] = ("location", "log scale")

    def noise_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Five numbers per coordinate: (5, …, K)."""
        return (DEGREES + 1, *shape)

    def noise(self, shape: tuple[int, ...], generator: torch.Generator, dtype: torch.dtype = torch.float32) -> Tensor:
        """ε ~ N(0, 1)."""
        return torch.randn(shape, generator=generator, dtype=dtype)

    def transform(self, noise: Tensor, nu: Tensor) -> Tensor:
        """μ + s ε₀/√(Σ₁⁴ ε_j²/4)."""
        location, raw = nu.unbind(-2)
        return location + self.scale(raw) * noise[0] / noise[1:].square().mean(0).sqrt()

    def log_prob(self, value: Tensor, nu: Tensor) -> Tensor:
        """See above, for every coordinate."""
        location, raw = nu.unbind(-2)
        far = ((value - location) / self.scale(raw)).square()
        return CONSTANT - self.log_scale(raw) - 0.5 * (DEGREES + 1) * torch.log1p(far / DEGREES)
