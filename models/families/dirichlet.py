"""Dirichlet in log space: y = log z, z ~ Dir(α): log q = log Γ(Σα) − Σ log Γ(α_k) + Σ α_k y_k.

The density is that of the K − 1 log ratios y_k − y_K; with their Jacobian, Π z_k, the exponents are α_k for all k. A draw is a
softmax of K independent log-Gamma draws.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from elbo_room.models.families.family import Family
from elbo_room.models.families.log_gamma import log_gamma_quantile, uniform
from elbo_room.models.families.logarithm import Logarithm
from elbo_room.models.families.support import PROPORTIONS, Support


@dataclass(frozen=True)
class Dirichlet(Logarithm, Family):
    """The variational factor of proportions, ν = log α; the value is their logs, with one joint density (Figurnov, Mohamed & Mnih 2018)."""

    name: ClassVar[str] = "dirichlet"
    label: ClassVar[str] = "Dirichlet, in log z"
    symbol: ClassVar[str] = "log Dir(α)"
    help: ClassVar[str] = "Proportions that sum to 1, such as a text's topics; the value is their logarithms."
    support: ClassVar[Support] = PROPORTIONS
    n_params: ClassVar[int] = 1
    discrete: ClassVar[bool] = False
    reparameterizable: ClassVar[bool] = True
    parameter_names: ClassVar[tuple[str, ...]] = ("log concentration",)

    def log_slope(self, y: Tensor) -> Tensor:
        """−Σ log y_k, of the log ratios jointly: (…, 1)."""
        return -y.log().sum(-1, keepdim=True)

    def noise(self, shape: tuple[int, ...], generator: torch.Generator, dtype: torch.dtype = torch.float32) -> Tensor:
        """ε ~ Uniform(0, 1), neither end included."""
        return uniform(shape, generator, dtype)

    def mirror(self, noise: Tensor) -> Tensor:
        """1 − ε."""
        return 1 - noise

    def from_uniform(self, uniform: Tensor) -> Tensor:
        """ε = u."""
        return uniform

    def transform(self, noise: Tensor, nu: Tensor) -> Tensor:
        """y = log softmax of log F⁻¹(ε_k; α_k)."""
        return log_gamma_quantile(noise, nu[..., 0, :]).log_softmax(-1)

    def log_prob(self, value: Tensor, nu: Tensor) -> Tensor:
        """log Γ(Σα) − Σ log Γ(α_k) + Σ α_k y_k: (…, 1), one density for all coordinates."""
        return self._linear(value, nu)

    def mean(self, nu: Tensor) -> Tensor:
        """E log z_k = ψ(α_k) − ψ(Σα)."""
        alpha = nu[..., 0, :].exp()
        return torch.digamma(alpha) - torch.digamma(alpha.sum(-1, keepdim=True))

    def expectation(self, nu: Tensor) -> Tensor:
        """E z = α/Σα."""
        return nu[..., 0, :].softmax(-1)

    def entropy(self, nu: Tensor) -> Tensor:
        """Of the log ratios: −log q at y = E y, as log q is linear in y: (…, 1)."""
        return -self._linear(self.mean(nu), nu)

    def divergence(self, nu: Tensor, prior: Tensor) -> Tensor:
        """KL, likewise: (…, 1)."""
        mean = self.mean(nu)
        return self._linear(mean, nu) - self._linear(mean, prior.expand_as(nu))

    def _linear(self, y: Tensor, nu: Tensor) -> Tensor:
        alpha = nu[..., 0, :].exp()
        log_norm = torch.lgamma(alpha.sum(-1, keepdim=True)) - torch.lgamma(alpha).sum(-1, keepdim=True)
        return log_norm + (alpha * y).sum(-1, keepdim=True)
