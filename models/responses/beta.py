"""y ~ Beta(m/φ, (1 − m)/φ): mean m, precision 1/φ, Var y = m(1 − m) φ/(1 + φ) (Ferrari & Cribari-Neto 2004).

Its sufficient statistics are log y and log(1 − y), so no link is canonical in m; the chain shows η = (m/φ, (1 − m)/φ) by its first part.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from elbo_room.models.data.supervised import needs
from elbo_room.models.families import Beta as BetaFamily
from elbo_room.models.families import Family
from elbo_room.models.responses.response import Chain, Response, stack


@dataclass(frozen=True)
class Beta(Response):
    """Fractions in (0, 1) around a mean."""

    name: ClassVar[str] = "beta"
    label: ClassVar[str] = "Beta"
    symbol: ClassVar[str] = "Beta(m, 1/s²)"
    help: ClassVar[str] = "Fractions between 0 and 1, by mean and precision 1/s²; logit link."
    kinds: ClassVar[tuple[str, ...]] = ("fraction",)
    allowed: ClassVar[str] = "between 0 and 1, ends excluded"
    requires: ClassVar[tuple[dict[str, object], ...]] = needs(kinds, "A Beta response needs fractions in (0, 1).")
    usual: ClassVar[str] = "logit"
    canonical: ClassVar[str | None] = None
    dispersed: ClassVar[bool] = True
    linear: ClassVar[bool] = False

    def chain(self, w: Tensor, phi: Tensor) -> Chain:
        """η₁ = m/φ, the number of pseudo-counts for a 1."""
        m = self.chosen.mean(w)
        return Chain(w, m, m / phi, phi)

    def variance(self, m: Tensor) -> Tensor:
        """m(1 − m)."""
        return m * (1 - m)

    def spread(self, chain: Chain) -> Tensor:
        """m(1 − m) φ/(1 + φ)."""
        return self.variance(chain.m) * chain.phi / (1 + chain.phi)

    def law(self, chain: Chain) -> tuple[Family, Tensor]:
        """Logit y, ν = (log a, log b)."""
        return BetaFamily(), stack(chain.m.log() - chain.phi.log(), torch.log1p(-chain.m) - chain.phi.log())

    def value(self, y: Tensor) -> Tensor:
        """The logit, log y/(1 − y)."""
        return torch.logit(y)

    def original(self, value: Tensor) -> Tensor:
        """Its inverse."""
        return value.sigmoid()

    def log_slope(self, y: Tensor) -> Tensor:
        """−log y(1 − y)."""
        return -y.log() - torch.log1p(-y)

    def support(self, y: Tensor) -> Tensor:
        """Between 0 and 1, ends excluded."""
        return (y > 0) & (y < 1)
