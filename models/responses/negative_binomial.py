"""y ~ NB(m, r), r = 1/φ: η = log m/(m + r), a(η) = −r log(1 − e^η), Var y = m + φ m² (Lawless 1987); s = √φ.

A Poisson whose mean varies by a Gamma of coefficient of variation s. The canonical link would forbid half of the outputs, η < 0, and
depends on r; log m = w is the usual one. As s → 0 it becomes the Poisson.
"""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from elbo_room.models.data.supervised import needs
from elbo_room.models.families import Family
from elbo_room.models.families import NegativeBinomial as NegativeBinomialFamily
from elbo_room.models.responses.response import Chain, Response, stack


@dataclass(frozen=True)
class NegativeBinomial(Response):
    """Counts whose variance exceeds their mean."""

    name: ClassVar[str] = "negative_binomial"
    label: ClassVar[str] = "Negative binomial"
    symbol: ClassVar[str] = "NB(m, 1/s²)"
    help: ClassVar[str] = "Counts of variance m + s²m²: a Poisson whose mean itself varies by s; log link."
    kinds: ClassVar[tuple[str, ...]] = ("count",)
    allowed: ClassVar[str] = "counts 0, 1, 2, …"
    requires: ClassVar[tuple[dict[str, object], ...]] = needs(kinds, "A negative binomial response needs counts.")
    usual: ClassVar[str] = "log"
    canonical: ClassVar[str | None] = None
    dispersed: ClassVar[bool] = True
    discrete: ClassVar[bool] = True

    def chain(self, w: Tensor, phi: Tensor) -> Chain:
        """η = −log(1 + r/m)."""
        m = self.chosen.mean(w)
        return Chain(w, m, -(1 / (phi * m)).log1p(), phi)

    def spread(self, chain: Chain) -> Tensor:
        """M + φ m²."""
        return chain.m + chain.phi * chain.m.square()

    def law(self, chain: Chain) -> tuple[Family, Tensor]:
        """ν = (log m, log r)."""
        return NegativeBinomialFamily(), stack(chain.m.log(), -chain.phi.log())

    def support(self, y: Tensor) -> Tensor:
        """Counts 0, 1, 2, …."""
        return (y >= 0) & (y == y.floor())
