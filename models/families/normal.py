"""log N(z; μ, s²) = −½ ((z − μ)/s)² − log s − ½ log 2π, and z = μ + s ε with ε ~ N(0, 1)."""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor
from torch.nn.functional import softplus

from models.families.family import Family

HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)


@dataclass(frozen=True)
class Normal(Family):
    """Normal with ν = (μ, ρ): s = exp ρ as a variational factor, s = floor + softplus ρ as a response.

    A response needs the floor: with a free scale the likelihood is unbounded as s → 0 at a datum.
    """

    name: ClassVar[str] = "normal"
    label: ClassVar[str] = "Gaussian"
    symbol: ClassVar[str] = "N(μ, σ²)"
    help: ClassVar[str] = "Real values with a mean and a standard deviation."
    n_params: ClassVar[int] = 2
    discrete: ClassVar[bool] = False
    reparameterizable: ClassVar[bool] = True
    parameter_names: ClassVar[tuple[str, ...]] = ("mean", "log scale")
    scale_link: Literal["exp", "softplus"] = "exp"
    floor: float = 0.0

    def scale(self, raw: Tensor) -> Tensor:
        """The standard deviation s of the raw parameter ρ."""
        return self.floor + (raw.exp() if self.scale_link == "exp" else softplus(raw))

    def noise(self, shape: tuple[int, ...], generator: torch.Generator, dtype: torch.dtype = torch.float32) -> Tensor:
        """ε ~ N(0, 1)."""
        return torch.randn(shape, generator=generator, dtype=dtype)

    def transform(self, noise: Tensor, nu: Tensor) -> Tensor:
        """Z = μ + s ε."""
        mean, raw = nu.unbind(-2)
        return mean + self.scale(raw) * noise

    def log_prob(self, value: Tensor, nu: Tensor) -> Tensor:
        """−½ ((z − μ)/s)² − log s − ½ log 2π, for every coordinate."""
        mean, raw = nu.unbind(-2)
        if self.scale_link == "exp" and not self.floor:
            return -0.5 * ((value - mean) * torch.exp(-raw)).square() - raw - HALF_LOG_2PI
        scale = self.scale(raw)
        return -0.5 * ((value - mean) / scale).square() - scale.log() - HALF_LOG_2PI

    def mean(self, nu: Tensor) -> Tensor:
        """μ."""
        return nu[..., 0, :]

    def divergence_from_standard(self, nu: Tensor) -> Tensor:
        """KL(N(μ, s²) ‖ N(0, 1)) = ½(μ² + s² − 1) − log s, in nats, for every coordinate."""
        mean, raw = nu.unbind(-2)
        scale = self.scale(raw)
        return 0.5 * (mean.square() + scale.square() - 1) - scale.log()
