"""An estimated variance with its confidence interval, and when two such intervals separate two variances. No torch."""

import math
from typing import NamedTuple

LEAST, OPEN = 1e-30, 1e30  # replace zero and an unknown upper end on a log axis
Band = tuple[float, float, float]  # value, low, high


class Variance(NamedTuple):
    """A variance estimated from R replicates, in nats² per unit of ν²."""

    value: float
    error: float  # its standard error
    low: float  # [low, high] is a 95 % confidence interval
    high: float  # math.inf if R replicates cannot bound it above

    @property
    def band(self) -> Band:
        """(value, low, high)."""
        return self.value, self.low, self.high

    def times(self, factor: float) -> "Variance":
        """The variance × a cost or a squared scale."""
        return Variance(*(factor * each for each in self))


def quotient(more: Band, less: Band) -> Band:
    """v₁/v₂ with its 95 % interval: log²-distances of the ends that face each other add up; `math.inf` where v₁ or v₂ leaves it open.

    exp(log(v₁/v₂) ∓ √(log²(v₁/low₁) + log²(high₂/v₂))), and the same with high₁ and low₂ for the upper end. Source: the method of
    variance estimates recovery (Zou & Donner 2008). `apart` says whether the interval excludes 1.
    """
    (v1, low1, high1), (v2, low2, high2) = ([math.log(max(end, LEAST)) for end in band] for band in (more, less))
    down, up = math.hypot(v1 - low1, high2 - v2), math.hypot(high1 - v1, v2 - low2)
    value = v1 - v2
    return math.exp(value), math.exp(value - down), math.exp(value + up) if value + up < 700 else math.inf


def apart(one: Band, other: Band) -> bool:
    """Whether (log v₁ − log v₂)² > log²(v₁/low₁) + log²(high₂/v₂), v₁ > v₂: the interval of the ratio v₁/v₂ is above 1.

    It uses the two ends that face each other, so an interval that is open upwards is never known to be below another one.
    Source: the method of variance estimates recovery (Zou & Donner 2008); intervals symmetric in the logarithm give the usual rule.
    """
    less, more = sorted((one, other))
    log = lambda value: math.log(max(value, LEAST))  # noqa: E731
    down, up = log(more[0]) - log(more[1]), log(less[2]) - log(less[0])
    return (log(more[0]) - log(less[0])) ** 2 > down**2 + up**2
