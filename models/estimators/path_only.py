"""Path only ("sticking the landing"): G_b = ∇_ν [log p(x, t(ε_b, ν)) − log q(t(ε_b, ν); ⌊ν⌋)], the lecture notes' last line.

The dropped −∇_ν log q at fixed z has mean zero, so the two lines of the lecture notes are equal in expectation, not draw by draw.
"""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from elbo_room.models.estimators.estimator import Context, Draw, Estimator


@dataclass(frozen=True)
class PathOnly(Estimator):
    """Zero variance at q = posterior; worse than the total derivative when s² < s₀²/2 (Roeder, Wu & Duvenaud 2017)."""

    name: ClassVar[str] = "path_only"
    label: ClassVar[str] = "path only"
    symbol: ClassVar[str] = r"G_b = ∇_ν [\log p(x, t(ε_b, ν)) − \log q(t(ε_b, ν);\,⌊ν⌋)]"
    help: ClassVar[str] = "Drops the score term, whose mean is zero: no variance at all once q is the posterior."
    source: ClassVar[str] = "Roeder, Wu & Duvenaud 2017"
    path: ClassVar[bool] = True

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        """−log q(t(ε, ν); ⌊ν⌋)."""
        return -draw.log_q(frozen_nu=True)
