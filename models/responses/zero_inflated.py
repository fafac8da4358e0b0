"""y ~ π 1[y = 0] + (1 − π) NB(y; μ, r): mean and dispersion do not determine the loss of counts, so it needs a decoder of all three."""

from dataclasses import dataclass
from typing import ClassVar

from elbo_room.models.families import Family, ZeroInflatedNegativeBinomial
from elbo_room.models.responses.response import Response


@dataclass(frozen=True)
class ZeroInflatedResponse(Response):
    """Counts that may be lost."""

    family: ClassVar[type[Family]] = ZeroInflatedNegativeBinomial
    name: ClassVar[str] = "zero_inflated"
    label: ClassVar[str] = "Zero-inflated NB"
    symbol: ClassVar[str] = "π δ₀ + (1−π) NB(μ, r)"
    help: ClassVar[str] = "A negative binomial whose counts are lost with probability π."
    usual: ClassVar[str] = "log"
    dispersed: ClassVar[bool] = True
    by_mean: ClassVar[bool] = False
