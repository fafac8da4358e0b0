"""y ~ Gamma with mean m and shape 1/φ: η = −1/m, a(η) = −log(−η), V(m) = m²; s = √φ is the coefficient of variation.

The canonical link, w = −1/m < 0, would exclude half of the outputs; log m = w is the usual one.
"""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from elbo_room.models.families import Family, Gamma
from elbo_room.models.responses.response import Chain, Response, Words


@dataclass(frozen=True)
class GammaResponse(Response):
    """Positive y whose standard deviation is s times its mean."""

    family: ClassVar[type[Family]] = Gamma
    name: ClassVar[str] = "gamma"
    label: ClassVar[str] = "Gamma"
    symbol: ClassVar[str] = "Γ(m, s²)"
    help: ClassVar[str] = "Positive numbers whose standard deviation is s times the mean; log link."
    decoded: ClassVar[Words | None] = Words(
        "Γ(m, s²)", "Positive numbers whose standard deviation is s times the mean."
    )
    layered: ClassVar[Words | None] = Words(
        "Γ(g(u), s²)", "Positive numbers whose standard deviation is s times the mean, with one learned s."
    )
    usual: ClassVar[str] = "log"
    dispersed: ClassVar[bool] = True

    def natural(self, m: Tensor) -> Tensor:
        """−1/m."""
        return -1 / m

    def log_normalizer(self, eta: Tensor) -> Tensor:
        """−log(−η)."""
        return -(-eta).log()

    def variance(self, m: Tensor) -> Tensor:
        """m²."""
        return m.square()

    def parameters(self, chain: Chain) -> tuple[Tensor, ...]:
        """(log m, log shape)."""
        return chain.m.log(), -chain.phi.log()
