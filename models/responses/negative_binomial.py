"""y ~ NB(m, r), r = 1/φ: η = log m/(m + r), a(η) = −r log(1 − e^η), Var y = m + φ m² (Lawless 1987); s = √φ.

A Poisson whose mean varies as a Gamma with coefficient of variation s. The canonical link would exclude half of the outputs, η < 0, and
depends on r; log m = w is the usual one. As s → 0 it becomes the Poisson.
"""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from elbo_room.models.families import Family, NegativeBinomial
from elbo_room.models.responses.response import Chain, Response, Words


@dataclass(frozen=True)
class NegativeBinomialResponse(Response):
    """Counts whose variance exceeds their mean."""

    family: ClassVar[type[Family]] = NegativeBinomial
    name: ClassVar[str] = "negative_binomial"
    label: ClassVar[str] = "Negative binomial"
    symbol: ClassVar[str] = "NB(m, 1/s²)"
    help: ClassVar[str] = "Counts with variance m + s²m²: a Poisson whose mean itself varies by s; log link."
    decoded: ClassVar[Words | None] = Words("NB(μ, r)", "Counts whose variance exceeds their mean: μ + μ²/r.")
    layered: ClassVar[Words | None] = Words(
        "NB(g(u), 1/s²)", "Counts with variance m + s²m² and one learned s: a Poisson whose mean itself varies."
    )
    usual: ClassVar[str] = "log"
    dispersed: ClassVar[bool] = True

    def at_mean(self, w: Tensor, m: Tensor, phi: Tensor) -> Chain:
        """η = −log(1 + r/m)."""
        return Chain(w, m, -(1 / (phi * m)).log1p(), phi)

    def spread(self, chain: Chain) -> Tensor:
        """m + φ m²."""
        return chain.m + chain.phi * chain.m.square()

    def parameters(self, chain: Chain) -> tuple[Tensor, ...]:
        """(log m, log r)."""
        return chain.m.log(), -chain.phi.log()
