"""y ~ Beta(m/φ, (1 − m)/φ): mean m, precision 1/φ, Var y = m(1 − m) φ/(1 + φ) (Ferrari & Cribari-Neto 2004).

Its sufficient statistics are log y and log(1 − y), so no link is canonical in m; the chain shows η = (m/φ, (1 − m)/φ) by its first part.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from elbo_room.models.families import Beta, Family
from elbo_room.models.responses.response import Chain, Response, Words


@dataclass(frozen=True)
class BetaResponse(Response):
    """Fractions in (0, 1) around a mean."""

    family: ClassVar[type[Family]] = Beta
    name: ClassVar[str] = "beta"
    label: ClassVar[str] = "Beta"
    symbol: ClassVar[str] = "Beta(m, 1/s²)"
    help: ClassVar[str] = "Fractions between 0 and 1, by mean and precision 1/s²; logit link."
    decoded: ClassVar[Words | None] = Words("Beta(a, b)", "Fractions between 0 and 1; the decoder gives a and b.")
    layered: ClassVar[Words | None] = Words(
        "Beta(logistic u, 1/s²)", "Fractions between 0 and 1, by mean and one learned precision 1/s²."
    )
    usual: ClassVar[str] = "logit"
    dispersed: ClassVar[bool] = True
    linear: ClassVar[bool] = False

    def at_mean(self, w: Tensor, m: Tensor, phi: Tensor) -> Chain:
        """η₁ = m/φ, the number of pseudo-counts for a 1."""
        return Chain(w, m, m / phi, phi)

    def variance(self, m: Tensor) -> Tensor:
        """m(1 − m)."""
        return m * (1 - m)

    def spread(self, chain: Chain) -> Tensor:
        """m(1 − m) φ/(1 + φ)."""
        return self.variance(chain.m) * chain.phi / (1 + chain.phi)

    def parameters(self, chain: Chain) -> tuple[Tensor, ...]:
        """(log a, log b)."""
        return chain.m.log() - chain.phi.log(), torch.log1p(-chain.m) - chain.phi.log()
