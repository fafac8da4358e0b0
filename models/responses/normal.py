"""y ~ N(m, s²): η = m, a(η) = η²/2, V(m) = 1, φ = s²: squared loss."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from elbo_room.models.families import Family, Normal
from elbo_room.models.families.normal import HALF_LOG_2PI
from elbo_room.models.responses.response import Chain, Response, Words


@dataclass(frozen=True)
class NormalResponse(Response):
    """Real y with mean m and standard deviation s."""

    family: ClassVar[type[Family]] = Normal
    name: ClassVar[str] = "normal"
    label: ClassVar[str] = "Gaussian"
    symbol: ClassVar[str] = "N(m, s²)"
    help: ClassVar[str] = "Real numbers around a mean: −log p is the squared loss."
    decoded: ClassVar[Words | None] = Words("N(μ, σ²)", "Real values with a mean and a standard deviation.")
    layered: ClassVar[Words | None] = Words("N(u, σₓ²)", "Real values around u with one learned standard deviation.")
    links: ClassVar[tuple[str, ...]] = ("log", "softplus")
    usual: ClassVar[str] = "identity"
    canonical: ClassVar[str | None] = "identity"
    dispersed: ClassVar[bool] = True

    def natural(self, m: Tensor) -> Tensor:
        """η = m."""
        return m

    def log_normalizer(self, eta: Tensor) -> Tensor:
        """η²/2."""
        return 0.5 * eta.square()

    def variance(self, m: Tensor) -> Tensor:
        """1."""
        return torch.ones_like(m)

    def parameters(self, chain: Chain) -> tuple[Tensor, ...]:
        """(m, log s)."""
        return chain.m, 0.5 * chain.phi.log()

    def log_prob(self, y: Tensor, chain: Chain) -> Tensor:
        """−½ (y − m)²/φ − ½ log φ − ½ log 2π: y (M,) → (…, M); a φ shared by all data is not expanded."""
        return -0.5 * ((chain.m - y).square() / chain.phi + (chain.phi.log() + 2 * HALF_LOG_2PI))
