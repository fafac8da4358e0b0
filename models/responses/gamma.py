"""y ~ Gamma of mean m and shape 1/φ: η = −1/m, a(η) = −log(−η), V(m) = m²; s = √φ is the coefficient of variation.

The canonical link, w = −1/m < 0, would forbid half of the outputs; log m = w is the usual one.
"""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from elbo_room.models.data.supervised import needs
from elbo_room.models.families import Family
from elbo_room.models.families import Gamma as GammaFamily
from elbo_room.models.responses.response import Chain, Response, stack


@dataclass(frozen=True)
class Gamma(Response):
    """Positive y whose standard deviation is s times its mean."""

    name: ClassVar[str] = "gamma"
    label: ClassVar[str] = "Gamma"
    symbol: ClassVar[str] = "Γ(m, s²)"
    help: ClassVar[str] = "Positive numbers whose standard deviation is s times the mean; log link."
    kinds: ClassVar[tuple[str, ...]] = ("positive",)
    allowed: ClassVar[str] = "positive numbers"
    requires: ClassVar[tuple[dict[str, object], ...]] = needs(kinds, "A Gamma response needs positive y.")
    usual: ClassVar[str] = "log"
    canonical: ClassVar[str | None] = None
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

    def law(self, chain: Chain) -> tuple[Family, Tensor]:
        """Log y, ν = (log m, log shape)."""
        return GammaFamily(), stack(chain.m.log(), -chain.phi.log())

    def value(self, y: Tensor) -> Tensor:
        """Log y."""
        return y.log()

    def original(self, value: Tensor) -> Tensor:
        """Exp of it."""
        return value.exp()

    def log_slope(self, y: Tensor) -> Tensor:
        """−log y."""
        return -y.log()

    def support(self, y: Tensor) -> Tensor:
        """Positive numbers."""
        return (y > 0) & y.isfinite()
