"""y ~ Poisson(m): η = log m, a(η) = exp η, V(m) = m, φ = 1."""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from elbo_room.models.families import Family, Poisson
from elbo_room.models.responses.response import Chain, Response, Words


@dataclass(frozen=True)
class PoissonResponse(Response):
    """Counts whose variance is their mean."""

    family: ClassVar[type[Family]] = Poisson
    name: ClassVar[str] = "poisson"
    label: ClassVar[str] = "Poisson"
    symbol: ClassVar[str] = "Pois(m)"
    help: ClassVar[str] = "Counts 0, 1, 2, …; the variance equals the mean."
    decoded: ClassVar[Words | None] = Words("Pois(λ)", "Counts: 0, 1, 2, … without an upper bound.")
    layered: ClassVar[Words | None] = Words(
        "Pois(g(u))", "Counts, such as word counts in a document.", natural_symbol="Pois(eᵘ)"
    )
    usual: ClassVar[str] = "log"
    canonical: ClassVar[str | None] = "log"

    def natural(self, m: Tensor) -> Tensor:
        """log m."""
        return m.log()

    def log_normalizer(self, eta: Tensor) -> Tensor:
        """exp η."""
        return eta.exp()

    def variance(self, m: Tensor) -> Tensor:
        """The mean itself."""
        return m

    def parameters(self, chain: Chain) -> tuple[Tensor, ...]:
        """The log rate η."""
        return (chain.eta,)

    def log_prob_sum(self, y: Tensor, chain: Chain) -> Tensor:
        """Uses the chain's rate, so that no exponential is computed twice."""
        return Poisson().log_prob_sum_at(y, chain.eta, chain.m)
