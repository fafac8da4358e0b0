"""y ~ Exponential of mean m: η = −1/m, a(η) = −log(−η), V(m) = m²: a Gamma of shape 1, whose φ is 1."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from elbo_room.models.families import Family, Gamma
from elbo_room.models.responses.response import Chain, Response


@dataclass(frozen=True)
class ExponentialResponse(Response):
    """Waiting times: positive y whose standard deviation is its mean."""

    family: ClassVar[type[Family]] = Gamma
    name: ClassVar[str] = "exponential"
    label: ClassVar[str] = "exponential"
    symbol: ClassVar[str] = "Exp(m)"
    help: ClassVar[str] = "Waiting times: positive numbers whose standard deviation is the mean; log link."
    usual: ClassVar[str] = "log"

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
        """(log m, log 1)."""
        return chain.m.log(), torch.zeros_like(chain.m)
