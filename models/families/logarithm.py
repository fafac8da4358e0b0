"""z = log y of a positive y, |dz/dy| = 1/y: so that tiny ones keep their digits."""

from typing import ClassVar

from torch import Tensor


class Logarithm:
    """The values of a family whose original variate is positive."""

    transformed: ClassVar[bool] = True

    def value(self, y: Tensor) -> Tensor:
        """Log y."""
        return y.log()

    def original(self, value: Tensor) -> Tensor:
        """Exp of it."""
        return value.exp()

    def log_slope(self, y: Tensor) -> Tensor:
        """−log y."""
        return -y.log()
