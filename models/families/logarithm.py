"""z = log y of a positive y, |dz/dy| = 1/y: tiny values keep their precision."""

from typing import ClassVar

from torch import Tensor


class Logarithm:
    """The values of a family whose original variate is positive."""

    transformed: ClassVar[bool] = True

    def value(self, y: Tensor) -> Tensor:
        """log y."""
        return y.log()

    def original(self, value: Tensor) -> Tensor:
        """Its exponential."""
        return value.exp()

    def log_slope(self, y: Tensor) -> Tensor:
        """−log y."""
        return -y.log()
