"""Low-rank Normal: z = μ + exp(ρ) ε₁ + Wᵀ ε₂, covariance diag(exp 2ρ) + WᵀW with r rows in W: r directions of correlation for r K numbers.

W must not start at 0: there the ELBO has no slope in W.
"""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from elbo_room.models.families.family import Family


@dataclass(frozen=True)
class LowRank(Family):
    """A Normal factor with `rank` directions of correlation; log q is one number per draw, (…, 1) (Ong, Nott & Smith 2018)."""

    name: ClassVar[str] = "low_rank"
    label: ClassVar[str] = "low-rank Gaussian"
    symbol: ClassVar[str] = "N(μ, s² + WᵀW)"
    help: ClassVar[str] = "A Gaussian q with a few directions of correlation; its parameters grow as K."
    discrete: ClassVar[bool] = False
    reparameterizable: ClassVar[bool] = True
    rank: int = 1

    @property
    def n_params(self) -> int:  # type: ignore[override]
        """2 + r."""
        return 2 + self.rank

    @property
    def parameter_names(self) -> tuple[str, ...]:  # type: ignore[override]
        """μ, ρ and W's rows."""
        return ("mean", "log scale", *(f"direction {k + 1}" for k in range(self.rank)))

    def noise_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """K + r numbers per draw."""
        return (*shape[:-1], shape[-1] + self.rank)

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
        """z = μ + exp(ρ) ε₁ + Wᵀ ε₂."""
        own, shared = noise[..., : nu.shape[-1]], noise[..., nu.shape[-1] :]
        return nu[..., 0, :] + nu[..., 1, :].exp() * own + (shared.unsqueeze(-1) * nu[..., 2:, :]).sum(-2)

    def _small_root(self, nu: Tensor) -> tuple[Tensor, Tensor]:
        """W exp(−ρ), (…, r, K), and the Cholesky factor of C = 1 + W exp(−2ρ) Wᵀ, (…, r, r)."""
        directions = nu[..., 2:, :] * (-nu[..., 1:2, :]).exp()
        identity = torch.eye(self.rank, dtype=nu.dtype)
        return directions, torch.linalg.cholesky(identity + directions @ directions.mT)

    def _half_log_det(self, nu: Tensor, root: Tensor) -> Tensor:
        """½ log det 2π (diag(exp 2ρ) + WᵀW) = Σ ρ + ½ log det C + ½ K log 2π: (…)."""
        small = root.diagonal(dim1=-2, dim2=-1).log().sum(-1)
        return nu[..., 1, :].sum(-1) + small + 0.5 * nu.shape[-1] * math.log(2 * math.pi)

    def log_prob(self, value: Tensor, nu: Tensor) -> Tensor:
        """log N(z; μ, diag(exp 2ρ) + WᵀW): (…, 1), by the r × r system of Woodbury's identity."""
        directions, root = self._small_root(nu)
        apart = (value - nu[..., 0, :]) * (-nu[..., 1, :]).exp()  # (…, K)
        shared = torch.linalg.solve_triangular(root, directions @ apart.unsqueeze(-1), upper=False).squeeze(-1)
        distance = apart.square().sum(-1) - shared.square().sum(-1)
        return -(0.5 * distance + self._half_log_det(nu, root)).unsqueeze(-1)

    def mean(self, nu: Tensor) -> Tensor:
        """μ."""
        return nu[..., 0, :]

    def covariance(self, nu: Tensor) -> Tensor:
        """diag(exp 2ρ) + WᵀW: (…, K, K)."""
        return torch.diag_embed((2 * nu[..., 1, :]).exp()) + nu[..., 2:, :].mT @ nu[..., 2:, :]

    def entropy(self, nu: Tensor) -> Tensor:
        """½ log det 2πe (diag(exp 2ρ) + WᵀW): (…, 1)."""
        _, root = self._small_root(nu)
        return (self._half_log_det(nu, root) + 0.5 * nu.shape[-1]).unsqueeze(-1)
