"""Gamma in log space: y = log z, z ~ Gamma(α, α/m): log q(y) = α (t − eᵗ) + α log α − log Γ(α), t = y − log m.

ν = (log m, log α): the mean of z and its shape. The value is y, never z: at α = .01 half of all z lie below 1e-30. The base noise is
one uniform, whatever ν: y = log F⁻¹(u; α) − log α + log m, so common, antithetic and Sobol noise all work.
"""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from elbo_room.models.families.family import Family
from elbo_room.models.families.log_gamma import log_ratio_quantile, uniform
from elbo_room.models.families.logarithm import Logarithm
from elbo_room.models.families.stirling import constant_of, log_minus_digamma, remainder
from elbo_room.models.families.support import POSITIVE, Support


def log_density_at(t: Tensor, ratio: Tensor, shape: float) -> Tensor:
    """log q(y) at t = y − log m and ratio = eᵗ = z/m, for a constant shape, which is not differentiated."""
    return (t - ratio) * shape + (constant_of(shape) + shape)


def log_density_sum(y: Tensor, z: Tensor, log_mean: float, shape: float) -> Tensor:
    """Σ_k log q(y_k) for a constant mean too: two sums, (…, K) → (…); z = e^y is passed by the caller."""
    constant = y.shape[-1] * (constant_of(shape) + shape - shape * log_mean)
    return y.sum(-1) * shape - z.sum(-1) * (shape * math.exp(-log_mean)) + constant


@dataclass(frozen=True)
class Gamma(Logarithm, Family):
    """The variational factor of a positive latent variable; reparameterised implicitly (Figurnov, Mohamed & Mnih 2018)."""

    name: ClassVar[str] = "gamma"
    label: ClassVar[str] = "Gamma, in log z"
    symbol: ClassVar[str] = "log Γ(α, α/m)"
    help: ClassVar[str] = (
        "Positive and sparse latent variables; the value is log z, so that tiny values keep their precision."
    )
    support: ClassVar[Support] = POSITIVE
    scaled: ClassVar[bool] = True
    weight_spread: ClassVar[float] = 0.5
    n_params: ClassVar[int] = 2
    discrete: ClassVar[bool] = False
    reparameterizable: ClassVar[bool] = True
    parameter_names: ClassVar[tuple[str, ...]] = ("log mean", "log shape")

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
        """y = log F⁻¹(ε; α) − log α + log m; its slope in α is implicit, −∂_α F/∂_y F."""
        log_mean, log_shape = nu.unbind(-2)
        return log_ratio_quantile(noise, log_shape) + log_mean

    def log_prob(self, value: Tensor, nu: Tensor) -> Tensor:
        """−α (eᵗ − 1 − t) + [α log α − α − log Γ(α)], the density of y = log z."""
        log_mean, log_shape = nu.unbind(-2)
        shape, t = log_shape.exp(), value - log_mean
        return remainder(shape) - shape * (torch.expm1(t) - t)

    def mean(self, nu: Tensor) -> Tensor:
        """E log z = ψ(α) − log α + log m."""
        return nu[..., 0, :] - log_minus_digamma(nu[..., 1, :].exp())

    def expectation(self, nu: Tensor) -> Tensor:
        """E z = m."""
        return nu[..., 0, :].exp()

    def entropy(self, nu: Tensor) -> Tensor:
        """Entropy of y: α (log α − ψ(α)) − [α log α − α − log Γ(α)]."""
        shape = nu[..., 1, :].exp()
        return shape * log_minus_digamma(shape) - remainder(shape)

    def divergence(self, nu: Tensor, prior: Tensor) -> Tensor:
        """KL between the y's, which equals that between the z's: −H − E log p(y; ν₀), with E e^{t₀} = m/m₀."""
        shape_0 = prior[..., 1, :].exp()
        t_0 = self.mean(nu) - prior[..., 0, :]
        cross = remainder(shape_0) - shape_0 * (torch.exp(nu[..., 0, :] - prior[..., 0, :]) - 1 - t_0)
        return -self.entropy(nu) - cross
