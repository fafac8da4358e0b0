"""Score gradient: G_b = f_b s_b, with f_b = log p(x, z_b) − log q(z_b; ν) and s_b = ∇_ν log q(z_b; ν)."""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from elbo_room.models.estimators.estimator import Context, Draw, Estimator


@dataclass(frozen=True)
class Score(Estimator):
    """∇ELBO = E_q[f s]. Unbiased for any q; no gradient of the model in z is needed (Ranganath et al. 2014)."""

    name: ClassVar[str] = "score"
    label: ClassVar[str] = "score"
    symbol: ClassVar[str] = r"G_b = f_b\, s_b"
    help: ClassVar[str] = "Works for any q and needs only values of log p; its variance is large."
    source: ClassVar[str] = "Ranganath, Gerrish & Blei 2014"

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        """⌊f_b⌋ log q(⌊z_b⌋; ν)."""
        return context.cost * draw.log_q(frozen_value=True)
