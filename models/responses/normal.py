"""y ~ N(m, s²): η = m, a(η) = η²/2, V(m) = 1, φ = s²: squared loss."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from elbo_room.models.data.supervised import needs
from elbo_room.models.families import Family
from elbo_room.models.families import Normal as NormalFamily
from elbo_room.models.responses.response import Chain, Response, stack


@dataclass(frozen=True)
class Normal(Response):
    """Real y with mean m and standard deviation s."""

    name: ClassVar[str] = "normal"
    label: ClassVar[str] = "Gaussian"
    symbol: ClassVar[str] = "N(m, s²)"
    help: ClassVar[str] = "Real numbers around a mean: −log p is the squared loss."
    kinds: ClassVar[tuple[str, ...]] = ("real", "positive", "fraction", "count")
    requires: ClassVar[tuple[dict[str, object], ...]] = needs(kinds, "A Gaussian is for numbers, these are classes.")
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

    def law(self, chain: Chain) -> tuple[Family, Tensor]:
        """N(m, s²), ν = (m, log s)."""
        return NormalFamily(), stack(chain.m, 0.5 * chain.phi.log())
