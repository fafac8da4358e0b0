"""θ_j | σ ~ N(0, σ²), σ ~ half-Normal(λ): the scale is a latent variable with its own log-normal q (Gelman 2006).

In s = log σ: log p(s) = ½ log(2/π) − log λ − e^{2s}/(2λ²) + s. The hyper-prior is finite at σ = 0, so a σ near 0 is possible, yet
for a *point mass* of weights ∫ p(W | σ) p(σ) dσ still has a pole at W = 0: the weights need a distribution q.
"""

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from elbo_room.models.core import Site
from elbo_room.models.families import LogNormal
from elbo_room.models.priors.prior import HALF_LOG_2PI, Prior

SITE = "weight_scale"
NO_POINT_MASS = (
    "A joint maximum over the weights W and their scale does not exist: at W = 0 the density p(W | scale) grows without bound as "
    "the scale goes to 0. Choose a distribution q over the weights, or a prior with fixed scale."
)


def log_half_normal(log_scale: Tensor, spread: float) -> Tensor:
    """Log density of s = log σ for σ ~ half-Normal(spread), including the change of variables."""
    ratio = (log_scale - math.log(spread)).exp()
    return 0.5 * math.log(2 / math.pi) - 0.5 * ratio.square() + log_scale - math.log(spread)


def half_normal_mixture(value: Tensor, spread: float) -> Tensor:
    """∫ N(w; 0, e^{2s}) p(s) ds with the half-Normal's p(s), by the trapezoid rule, which converges exponentially on the line."""
    log_scale = math.log(spread) + torch.linspace(-30, 4, 3401, dtype=torch.float64)[:, None]  # (s, 1)
    unit = value.double() * (-log_scale).exp()
    inner = -0.5 * unit.square() - HALF_LOG_2PI - log_scale + log_half_normal(log_scale, spread)
    return (inner.exp().sum(0) * 0.01).to(value.dtype)


class HyperPrior(Prior):
    """One latent scale σ for all weights; λ is the spread of its half-Normal hyper-prior."""

    name = "hyper"
    latent = True
    label = "Gaussian, σ ~ half-Normal"
    symbol = "N(0, σ²), σ ~ N⁺(0, λ²)"
    help = "The scale of the weights is itself unknown, with its own q; λ limits its size."
    point_mass = NO_POINT_MASS

    @property
    def sites(self) -> Mapping[str, Site]:
        """The site of s = log σ, one number."""
        return {SITE: Site(SITE, "global", (1,), LogNormal())}

    def scales(self, name: str, latents: Mapping[str, Tensor]) -> Tensor:
        """σ, (…, 1, …, 1)."""
        log_scale = latents[SITE]
        return log_scale.exp().reshape(*log_scale.shape[:-1], *(1 for _ in self.shapes[name]))

    def log_latents(self, latents: Mapping[str, Tensor]) -> Tensor:
        """log p(s)."""
        return log_half_normal(latents[SITE], self.scale).sum(-1)

    def sample_latents(self, draws: int, generator: torch.Generator) -> dict[str, Tensor]:
        """Draws of s = log |λ ε|."""
        return {SITE: (self.scale * torch.randn(draws, 1, generator=generator)).abs().log()}

    @torch.no_grad()
    def density(self, value: Tensor, name: str) -> Tensor:
        """The density of one weight with σ integrated out."""
        del name
        return half_normal_mixture(value, self.scale)
