"""Horseshoe (Carvalho, Polson & Scott 2010): θ_j | τ_j ~ N(0, λ²τ_j²), τ_j ~ C⁺(0, 1), a half-Cauchy local scale for every weight.

The local scales are latent, one global site of W coordinates s_j = log τ_j with log p(s) = log(2/π) + s − log(1 + e^{2s}). The marginal
density p(θ) = e^v E₁(v)/(λ √(2π³)), v = θ²/2λ², has a pole at 0: with it a path gradient would have infinite variance and a
maximum a posteriori would be θ = 0 whatever the data; given s neither problem arises.
"""

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from elbo_room.models.core import Site
from elbo_room.models.families import LogNormal
from elbo_room.models.priors.prior import HALF_LOG_2PI, Prior

SITE = "local_scales"


class HorseshoePrior(Prior):
    """Almost no shrinkage of large weights, strong shrinkage of small ones; λ is the global scale."""

    name = "horseshoe"
    latent = True
    label = "horseshoe"
    symbol = "N(0, λ²τ²), τ ~ C⁺(0, 1)"
    help = "Each weight has a latent half-Cauchy scale: noise shrinks to 0, signals stay unchanged."
    point_mass = (
        "The horseshoe's density is infinite at w = 0, so a maximum over the weights is w = 0 whatever the data. "
        "Choose a distribution q over the weights, or a Laplace or Student t prior."
    )

    selects = "τ, against its median of 1 under the prior"

    @property
    def sites(self) -> Mapping[str, Site]:
        """The site of s = log τ, one per weight."""
        return {SITE: Site(SITE, "global", (self.size,), LogNormal())}

    def scales(self, name: str, latents: Mapping[str, Tensor]) -> Tensor:
        """λ τ_j, (…, *shape)."""
        before = sum(math.prod(shape) for other, shape in self._earlier(name))
        own = self.shapes[name]
        part = latents[SITE][..., before : before + math.prod(own)]
        return self.scale * part.exp().reshape(*part.shape[:-1], *own)

    def selection(self, name: str, value: Tensor, latents: Mapping[str, Tensor]) -> Tensor:
        """τ_j over its prior median, which is 1."""
        del value
        return self.scales(name, latents) / self.scale

    def _earlier(self, name: str) -> list[tuple[str, tuple[int, ...]]]:
        names = list(self.shapes)
        return [(other, self.shapes[other]) for other in names[: names.index(name)]]

    def log_latents(self, latents: Mapping[str, Tensor]) -> Tensor:
        """Σ_j [log(2/π) + s_j − log(1 + e^{2s_j})]."""
        log_scale = latents[SITE]
        return (math.log(2 / math.pi) + log_scale - torch.nn.functional.softplus(2 * log_scale)).sum(-1)

    def sample_latents(self, draws: int, generator: torch.Generator) -> dict[str, Tensor]:
        """τ = tan(½πU)."""
        uniform = torch.rand(draws, self.size, generator=generator, dtype=torch.float64).clamp_min(1e-12)
        return {SITE: torch.tan(0.5 * math.pi * uniform).log().float()}

    @torch.no_grad()
    def density(self, value: Tensor, name: str) -> Tensor:
        """∫ N(w; 0, λ²e^{2s}) p(s) ds by the trapezoid rule, which converges exponentially on the line."""
        del name
        log_scale = torch.linspace(-40, 40, 4001, dtype=torch.float64)[:, None]  # (s, 1)
        unit = value.double() / self.scale * torch.exp(-log_scale)
        inner = math.log(2 / math.pi) - torch.nn.functional.softplus(2 * log_scale) - 0.5 * unit.square() - HALF_LOG_2PI
        return (inner.exp().sum(0) * 0.02 / self.scale).to(value.dtype)
