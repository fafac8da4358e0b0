"""Score with a fixed baseline c: G_b = (f_b − c) s_b, and E s = 0, so that c moves the variance and not the mean."""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from elbo_room.models.estimators.estimator import Context, Draw, Estimator


@dataclass(frozen=True)
class FixedBaseline(Estimator):
    """The oldest control variate (Williams 1992); a good c is near E f."""

    name: ClassVar[str] = "fixed_baseline"
    label: ClassVar[str] = "fixed baseline"
    symbol: ClassVar[str] = "(f − c) s"
    help: ClassVar[str] = "Takes a constant from f before it multiplies the score."
    source: ClassVar[str] = "Williams 1992"
    baseline: float = 1.0

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        """(⌊f⌋ − c) log q(⌊z⌋; ν)."""
        return (context.cost - self.baseline) * draw.log_q(frozen_value=True)
