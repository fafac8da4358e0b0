"""Beta in logit space: y = log z/(1 − z), z ~ Beta(a, b): log q(y) = a log σ(y) + b log σ(−y) − log B(a, b).

y = log Γ_a − log Γ_b of two Gamma draws, each from its own uniform: values near both ends of (0, 1) keep their precision.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from elbo_room.models.families.family import Family
from elbo_room.models.families.log_gamma import log_gamma_quantile, uniform
from elbo_room.models.families.support import FRACTION, Support


def log_beta(a: Tensor, b: Tensor) -> Tensor:
    """log B(a, b)."""
    return torch.lgamma(a) + torch.lgamma(b) - torch.lgamma(a + b)


@dataclass(frozen=True)
class Beta(Family):
    """The variational factor of a probability, ν = (log a, log b); the value is its logit (Figurnov, Mohamed & Mnih 2018)."""

    name: ClassVar[str] = "beta"
    label: ClassVar[str] = "Beta, in the logit"
    symbol: ClassVar[str] = "logit Beta(a, b)"
    help: ClassVar[str] = "A latent probability; the value is its logit, which keeps precision at both ends."
    support: ClassVar[Support] = FRACTION
    transformed: ClassVar[bool] = True
    n_params: ClassVar[int] = 2
    discrete: ClassVar[bool] = False
    reparameterizable: ClassVar[bool] = True
    parameter_names: ClassVar[tuple[str, ...]] = ("log a", "log b")

    def value(self, y: Tensor) -> Tensor:
        """The logit, log y/(1 − y)."""
        return torch.logit(y)

    def original(self, value: Tensor) -> Tensor:
        """Its inverse."""
        return value.sigmoid()

    def log_slope(self, y: Tensor) -> Tensor:
        """−log y(1 − y)."""
        return -y.log() - torch.log1p(-y)

    def noise_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Two uniforms per coordinate, stacked like ν: (…, 2, K)."""
        return (*shape[:-1], 2, shape[-1])

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
        """y = log F⁻¹(ε₁; a) − log F⁻¹(ε₂; b)."""
        first, second = log_gamma_quantile(noise, nu).unbind(-2)
        return first - second

    def log_prob(self, value: Tensor, nu: Tensor) -> Tensor:
        """a log σ(y) + b log σ(−y) − log B(a, b), the density of the logit."""
        a, b = nu.exp().unbind(-2)
        return a * logsigmoid(value) + b * logsigmoid(-value) - log_beta(a, b)

    def mean(self, nu: Tensor) -> Tensor:
        """E logit z = ψ(a) − ψ(b)."""
        a, b = nu.exp().unbind(-2)
        return torch.digamma(a) - torch.digamma(b)

    def expectation(self, nu: Tensor) -> Tensor:
        """E z = a/(a + b)."""
        return torch.sigmoid(nu[..., 0, :] - nu[..., 1, :])

    def _mean_logs(self, nu: Tensor) -> tuple[Tensor, Tensor]:
        a, b = nu.exp().unbind(-2)
        return torch.digamma(a) - torch.digamma(a + b), torch.digamma(b) - torch.digamma(a + b)

    def entropy(self, nu: Tensor) -> Tensor:
        """Entropy of the logit: log B − a E log z − b E log(1 − z)."""
        return -self._cross(nu, nu)

    def divergence(self, nu: Tensor, prior: Tensor) -> Tensor:
        """KL = E log q(y; ν) − E log q(y; ν₀), both linear in E log z and E log(1 − z)."""
        return self._cross(nu, nu) - self._cross(nu, prior)

    def _cross(self, nu: Tensor, prior: Tensor) -> Tensor:
        (yes, no), (a, b) = self._mean_logs(nu), prior.exp().unbind(-2)
        return a * yes + b * no - log_beta(a, b)
