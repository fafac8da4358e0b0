"""y ~ Bernoulli(m): η = log m/(1 − m), a(η) = log(1 + exp η), V(m) = m(1 − m), φ = 1: cross entropy."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn.functional import softplus

from elbo_room.models.data.supervised import needs
from elbo_room.models.families import Bernoulli as BernoulliFamily
from elbo_room.models.families import Family
from elbo_room.models.responses.response import Chain, Response, stack


@dataclass(frozen=True)
class Bernoulli(Response):
    """Binary y with probability m of a 1."""

    name: ClassVar[str] = "bernoulli"
    label: ClassVar[str] = "Bernoulli"
    symbol: ClassVar[str] = "Bern(m)"
    help: ClassVar[str] = "Two classes, 0 and 1: −log p is the cross entropy."
    kinds: ClassVar[tuple[str, ...]] = ("binary",)
    allowed: ClassVar[str] = "0 or 1"
    requires: ClassVar[tuple[dict[str, object], ...]] = needs(kinds, "A Bernoulli response needs y of 0 and 1.")
    usual: ClassVar[str] = "logit"
    canonical: ClassVar[str | None] = "logit"
    discrete: ClassVar[bool] = True

    def natural(self, m: Tensor) -> Tensor:
        """Log m/(1 − m)."""
        return torch.logit(m)

    def log_normalizer(self, eta: Tensor) -> Tensor:
        """log(1 + exp η)."""
        return softplus(eta)

    def variance(self, m: Tensor) -> Tensor:
        """m(1 − m)."""
        return m * (1 - m)

    def law(self, chain: Chain) -> tuple[Family, Tensor]:
        """Bernoulli with logit η."""
        return BernoulliFamily(), stack(chain.eta)

    def support(self, y: Tensor) -> Tensor:
        """0 or 1."""
        return (y == 0) | (y == 1)
