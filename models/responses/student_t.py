"""y = m + s t₄: log p(y) = log Γ(5/2) − log Γ(2) − ½ log 4π − log s − (5/2) log(1 + ((y − m)/s)²/4); Var y = 2 s².

Four degrees of freedom, as Lange, Little & Taylor (1989) advise where they are not estimated. Not an exponential family: the chain ends
at the location, η = m, and a far y pulls at w the less the farther it is.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from elbo_room.models.data.supervised import needs
from elbo_room.models.responses.response import Chain, Response

DEGREES = 4


@dataclass(frozen=True)
class StudentT(Response):
    """Real y with outliers."""

    name: ClassVar[str] = "student_t"
    label: ClassVar[str] = "Student-t"
    symbol: ClassVar[str] = "m + s t₄"
    help: ClassVar[str] = "Real numbers with outliers: four degrees of freedom, scale s."
    kinds: ClassVar[tuple[str, ...]] = ("real", "positive", "fraction", "count")
    requires: ClassVar[tuple[dict[str, object], ...]] = needs(kinds, "A Student-t is for numbers, these are classes.")
    usual: ClassVar[str] = "identity"
    canonical: ClassVar[str | None] = None
    dispersed: ClassVar[bool] = True
    linear: ClassVar[bool] = False

    def natural(self, m: Tensor) -> Tensor:
        """The location."""
        return m

    def variance(self, m: Tensor) -> Tensor:
        """ν/(ν − 2) = 2, whatever m."""
        return torch.full_like(m, DEGREES / (DEGREES - 2))

    def log_prob(self, y: Tensor, chain: Chain) -> Tensor:
        """See above: (…, M)."""
        law = torch.distributions.StudentT(DEGREES, chain.m, chain.phi.sqrt(), validate_args=False)
        return law.log_prob(y)

    @torch.no_grad()
    def sample(self, chain: Chain, generator: torch.Generator) -> Tensor:
        """T₄ = ε₀/√(Σ₁⁴ ε_j²/4)."""
        noise = torch.randn(DEGREES + 1, *chain.m.shape, generator=generator, dtype=chain.m.dtype)
        return chain.m + chain.phi.sqrt() * noise[0] / noise[1:].square().mean(0).sqrt()
