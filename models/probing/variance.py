"""An estimated variance with the interval that holds the true one, and when two such intervals tell two variances apart. No torch."""

import math
from typing import NamedTuple

LEAST, OPEN = 1e-30, 1e30  # what stands for zero on a log axis, and for an upper end that is not known
Band = tuple[float, float, float]  # value, low, high


class Variance(NamedTuple):
    """A variance estimated from R replicates, in nats² per unit of ν²."""

    value: float
    error: float  # its standard error
    low: float  # [low, high] holds the true variance 95 times in 100
    high: float  # math.inf where R replicates cannot bound it above

    @property
    def band(self) -> Band:
        """(value, low, high)."""
        return self.value, self.low, self.high

    def times(self, factor: float) -> "Variance":
        """The variance × a cost or a squared scale."""
        return Variance(*(factor * each for each in self))


def apart(one: Band, other: Band) -> bool:
    """Whether (log v₁ − log v₂)² > log²(v₁/low₁) + log²(high₂/v₂), v₁ > v₂: the interval of the ratio v₁/v₂ lies above 1.

    It takes the two ends that face each other, so an interval that is open upwards is never known to lie below another one.
    Source: the method of variance estimates recovery (Zou & Donner 2008); intervals symmetric in the logarithm give the usual rule.
    """
    less, more = sorted((one, other))
    log = lambda value: math.log(max(value, LEAST))  # noqa: E731
    down, up = log(more[0]) - log(more[1]), log(less[2]) - log(less[0])
    return (log(more[0]) - log(less[0])) ** 2 > down**2 + up**2
