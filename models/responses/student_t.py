"""y = m + s t₄, Var y = 2 s².

Not an exponential family: the chain ends at the location, η = m, and an outlying y pulls on w less the farther away it is.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from elbo_room.models.families import Family, StudentT
from elbo_room.models.families.student_t import DEGREES
from elbo_room.models.responses.response import Chain, Response


@dataclass(frozen=True)
class StudentTResponse(Response):
    """Real y with outliers."""

    family: ClassVar[type[Family]] = StudentT
    name: ClassVar[str] = "student_t"
    label: ClassVar[str] = "Student-t"
    symbol: ClassVar[str] = "m + s t₄"
    help: ClassVar[str] = "Real numbers with outliers: four degrees of freedom, scale s."
    usual: ClassVar[str] = "identity"
    dispersed: ClassVar[bool] = True
    linear: ClassVar[bool] = False

    def natural(self, m: Tensor) -> Tensor:
        """The location."""
        return m

    def variance(self, m: Tensor) -> Tensor:
        """ν/(ν − 2) = 2, whatever m."""
        return torch.full_like(m, DEGREES / (DEGREES - 2))

    def parameters(self, chain: Chain) -> tuple[Tensor, ...]:
        """(m, log s)."""
        return chain.m, 0.5 * chain.phi.log()
