"""y ~ Bernoulli(m): η = log m/(1 − m), a(η) = log(1 + exp η), V(m) = m(1 − m), φ = 1: cross entropy."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn.functional import softplus

from elbo_room.models.families import Bernoulli, Family
from elbo_room.models.families.support import ROUNDED, UNIT, Support
from elbo_room.models.responses.response import Chain, Response, Words


@dataclass(frozen=True)
class BernoulliResponse(Response):
    """Binary y with probability m of a 1."""

    family: ClassVar[type[Family]] = Bernoulli
    name: ClassVar[str] = "bernoulli"
    label: ClassVar[str] = "Bernoulli"
    symbol: ClassVar[str] = "Bern(m)"
    help: ClassVar[str] = "Two classes, 0 and 1: −log p is the cross entropy."
    usual: ClassVar[str] = "logit"
    decoded: ClassVar[Words | None] = Words("Bern(m)", "Binary values; grey pixels between 0 and 1 are rounded at ½.")
    decoded_data: ClassVar[Support | None] = UNIT
    layered: ClassVar[Words | None] = Words(
        "Bern(logistic u)", "Binary values; grey pixels are rounded at ½, a word is present or not."
    )
    layered_data: ClassVar[Support | None] = ROUNDED
    canonical: ClassVar[str | None] = "logit"

    def natural(self, m: Tensor) -> Tensor:
        """log m/(1 − m)."""
        return torch.logit(m)

    def log_normalizer(self, eta: Tensor) -> Tensor:
        """log(1 + exp η)."""
        return softplus(eta)

    def variance(self, m: Tensor) -> Tensor:
        """m(1 − m)."""
        return m * (1 - m)

    def parameters(self, chain: Chain) -> tuple[Tensor, ...]:
        """The logit η."""
        return (chain.eta,)
