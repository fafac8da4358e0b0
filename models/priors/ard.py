"""Automatic relevance determination (MacKay 1994; Neal 1996): weights that leave input j ~ N(0, λ_j²), all others ~ N(0, λ²).

`ard` gives each λ_j a half-Normal(λ) hyper-prior and a log-normal q, `ard_evidence` trains λ_j to raise the ELBO. Their joint maximum
over (W, λ) is degenerate (λ_j → 0 with W_·j = 0 makes −H log λ_j unbounded), so both refuse a point mass over the weights.
"""

import math
from collections.abc import Mapping
from typing import Self

import torch
from torch import Tensor, nn

from elbo_room.models.core import Site
from elbo_room.models.families import LogNormal
from elbo_room.models.priors.hyper import NO_POINT_MASS, half_normal_mixture, log_half_normal
from elbo_room.models.priors.prior import Prior, input_weights

SITE = "relevance"


class _Relevance(Prior):
    """The common part of both kinds: which parameters an input's scale acts on."""

    point_mass = NO_POINT_MASS

    def bind(self, network: nn.Module) -> Self:
        """Find the matrices whose columns are inputs.

        Raises:
            ValueError: an input has no separate weights, as with convolution or recurrence.
        """
        super().bind(network)
        self.inputs = input_weights(self.shapes)
        shared = [name for name in self.inputs if len(self.shapes[name]) != 2]
        sizes = {self.shapes[name][-1] for name in self.inputs}
        if shared or len(sizes) != 1:
            raise ValueError(
                f"An input's relevance needs weights that belong to this input alone; {', '.join(shared or self.inputs)} is shared. "
                "Choose a dense first layer, or a prior without relevances."
            )
        self.count = sizes.pop()  # P
        return self

    def log_relevances(self, latents: Mapping[str, Tensor]) -> Tensor:
        """The logarithms of λ_j: (…, P)."""
        raise NotImplementedError

    def scales(self, name: str, latents: Mapping[str, Tensor]) -> Tensor:
        """λ_j for a weight that leaves input j, (…, 1, P); λ for the others."""
        if name not in self.inputs:
            return torch.tensor(self.scale, dtype=torch.float64)
        return self.log_relevances(latents).exp().unsqueeze(-2)


class ArdPrior(_Relevance):
    """λ_j is latent, with q; λ is the spread of its hyper-prior."""

    name = "ard"
    latent = True
    label = "ARD, λⱼ ~ half-Normal"
    symbol = "N(0, λⱼ²), λⱼ ~ N⁺(0, λ²)"
    help = "Every input has its own latent scale λⱼ: uninformative inputs are switched off."

    @property
    def sites(self) -> Mapping[str, Site]:
        """The site of s_j = log λ_j."""
        return {SITE: Site(SITE, "global", (self.count,), LogNormal())}

    def log_relevances(self, latents: Mapping[str, Tensor]) -> Tensor:
        """The site's value."""
        return latents[SITE]

    def log_latents(self, latents: Mapping[str, Tensor]) -> Tensor:
        """Σ_j log p(s_j)."""
        return log_half_normal(latents[SITE], self.scale).sum(-1)

    def sample_latents(self, draws: int, generator: torch.Generator) -> dict[str, Tensor]:
        """Draws of s_j = log |λ ε_j|."""
        return {SITE: (self.scale * torch.randn(draws, self.count, generator=generator)).abs().log()}

    @torch.no_grad()
    def density(self, value: Tensor, name: str) -> Tensor:
        """The density of one weight, with λ_j integrated out where the weight leaves an input."""
        return half_normal_mixture(value, self.scale) if name in self.inputs else super().density(value, name)


class ArdEvidencePrior(_Relevance):
    """λ_j is a parameter trained together with q; the knob λ is the initial value of all of them."""

    name = "ard_evidence"
    label = "ARD, λⱼ by evidence"
    symbol = "N(0, λ̂_j²)"
    help = "Every input has its own λⱼ, trained to raise the ELBO: those of useless inputs fall towards 0."

    def bind(self, network: nn.Module) -> Self:
        """Make log λ_j parameters."""
        super().bind(network)
        self.log_scale = nn.Parameter(torch.full((self.count,), math.log(self.scale)))
        return self

    @torch.no_grad()
    def moved(self) -> None:
        """Every λ_j = λ."""
        self.log_scale.fill_(math.log(self.scale))

    def log_relevances(self, latents: Mapping[str, Tensor]) -> Tensor:
        """The parameters."""
        del latents
        return self.log_scale
