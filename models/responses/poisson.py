"""y ~ Poisson(m): η = log m, a(η) = exp η, V(m) = m, φ = 1."""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from elbo_room.models.data.supervised import needs
from elbo_room.models.families import Family
from elbo_room.models.families import Poisson as PoissonFamily
from elbo_room.models.responses.response import Chain, Response, stack


@dataclass(frozen=True)
class Poisson(Response):
    """Counts whose variance is their mean."""

    name: ClassVar[str] = "poisson"
    label: ClassVar[str] = "Poisson"
    symbol: ClassVar[str] = "Pois(m)"
    help: ClassVar[str] = "Counts 0, 1, 2, …; the variance equals the mean."
    kinds: ClassVar[tuple[str, ...]] = ("count",)
    allowed: ClassVar[str] = "counts 0, 1, 2, …"
    requires: ClassVar[tuple[dict[str, object], ...]] = needs(kinds, "A Poisson response needs counts.")
    usual: ClassVar[str] = "log"
    canonical: ClassVar[str | None] = "log"
    discrete: ClassVar[bool] = True

    def natural(self, m: Tensor) -> Tensor:
        """Log m."""
        return m.log()

    def log_normalizer(self, eta: Tensor) -> Tensor:
        """Exp η."""
        return eta.exp()

    def variance(self, m: Tensor) -> Tensor:
        """The mean itself."""
        return m

    def law(self, chain: Chain) -> tuple[Family, Tensor]:
        """Poisson with log rate η."""
        return PoissonFamily(), stack(chain.eta)

    def support(self, y: Tensor) -> Tensor:
        """Counts 0, 1, 2, …."""
        return (y >= 0) & (y == y.floor())
