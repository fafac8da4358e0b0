"""Full-rank Normal: z = μ + L ε, L = strict lower triangle + diag(exp ρ): all K(K + 1)/2 covariances of one data point's z.

ν stacks μ, ρ and the K rows of L, (2 + K, K); what is on or above L's diagonal is not read.
"""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from elbo_room.models.families.family import Family


@dataclass(frozen=True)
class FullRank(Family):
    """A Normal factor of K = `size` coordinates jointly; log q is one number per draw, (…, 1) (Kucukelbir et al. 2017)."""

    name: ClassVar[str] = "full_rank"
    label: ClassVar[str] = "full-rank Gaussian"
    symbol: ClassVar[str] = "N(μ, LLᵀ)"
    help: ClassVar[str] = "A Gaussian q with every correlation; its parameters grow as K²."
    discrete: ClassVar[bool] = False
    reparameterizable: ClassVar[bool] = True
    size: int = 2

    @property
    def n_params(self) -> int:  # type: ignore[override]
        """2 + K."""
        return 2 + self.size

    @property
    def parameter_names(self) -> tuple[str, ...]:  # type: ignore[override]
        """μ, ρ and L's rows."""
        return ("mean", "log scale", *(f"row {k + 1} of L" for k in range(self.size)))

    def scale_tril(self, nu: Tensor) -> Tensor:
        """L: (…, K, K)."""
        return nu[..., 2:, :].tril(-1) + torch.diag_embed(nu[..., 1, :].exp())

    def noise(self, shape: tuple[int, ...], generator: torch.Generator, dtype: torch.dtype = torch.float32) -> Tensor:
        """ε ~ N(0, 1)."""
        return torch.randn(shape, generator=generator, dtype=dtype)

    def mirror(self, noise: Tensor) -> Tensor:
        """−ε."""
        return -noise

    def from_uniform(self, uniform: Tensor) -> Tensor:
        """ε = Φ⁻¹(u)."""
        return torch.special.ndtri(uniform)

    def transform(self, noise: Tensor, nu: Tensor) -> Tensor:
        """z = μ + L ε."""
        return nu[..., 0, :] + (self.scale_tril(nu) @ noise.unsqueeze(-1)).squeeze(-1)

    def log_prob(self, value: Tensor, nu: Tensor) -> Tensor:
        """−½ ‖L⁻¹(z − μ)‖² − Σ ρ − ½ K log 2π: (…, 1)."""
        apart = (value - nu[..., 0, :]).unsqueeze(-1)  # (…, K, 1)
        white = torch.linalg.solve_triangular(self.scale_tril(nu), apart, upper=False).squeeze(-1)
        constant = nu[..., 1, :].sum(-1) + 0.5 * self.size * math.log(2 * math.pi)
        return -(0.5 * white.square().sum(-1) + constant).unsqueeze(-1)

    def mean(self, nu: Tensor) -> Tensor:
        """μ."""
        return nu[..., 0, :]

    def covariance(self, nu: Tensor) -> Tensor:
        """L Lᵀ: (…, K, K)."""
        root = self.scale_tril(nu)
        return root @ root.mT

    def entropy(self, nu: Tensor) -> Tensor:
        """Σ ρ + ½ K log 2πe: (…, 1)."""
        return nu[..., 1, :].sum(-1, keepdim=True) + 0.5 * self.size * math.log(2 * math.pi * math.e)
