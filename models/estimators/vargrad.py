"""VarGrad: ĝ = −∇ ½ var_{ddof=1}(log q(⌊z_b⌋; ν) − ⌊log p_b⌋): the log-variance loss, with draws from q itself."""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from elbo_room.models.estimators.estimator import Context, Draw, Estimator
from elbo_room.models.settings import rule


@dataclass(frozen=True)
class VarGrad(Estimator):
    """Unbiased for any q and B ≥ 2, and equal to leave-one-out draw by draw, for ν (Richter, Boustati, Nüsken, Ruiz & Akyildiz 2020).

    Traps: the population variance (ddof 0) shrinks it by (B − 1)/B; without the ½ it doubles; for the batch's sum instead of each
    data point it is noisier. The loss has no gradient for the decoder; here the decoder learns from the live factors, as in leave-one-out.
    """

    name: ClassVar[str] = "vargrad"
    label: ClassVar[str] = "VarGrad"
    symbol: ClassVar[str] = r"ĝ = −\tfrac12\, ∇_ν \text{var}_b [\log q(⌊z_b⌋;\,ν) − ⌊\log p(x, z_b)⌋]"
    help: ClassVar[str] = "Half the sample variance of log w as a loss: leave-one-out in disguise."
    source: ClassVar[str] = "Richter, Boustati, Nüsken, Ruiz & Akyildiz 2020"
    least_draws: ClassVar[int] = 2
    independent_draws: ClassVar[bool] = True
    requires: ClassVar[tuple[dict[str, object], ...]] = (
        rule("draws", "VarGrad needs at least 2 draws; B is {draws}. Raise B, or choose another estimator.", low=2),
        rule("noise", "VarGrad needs independent draws. Draw independently, or choose another.", among=("iid",)),
    )

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        """B times each draw's part of −½ var, so that the mean over draws is −½ var itself."""
        log_q = draw.log_q(frozen_value=True)
        w = log_q - log_q.detach() - context.cost  # −log w, live in ν: (R, B, M)
        count = w.shape[1]
        return -0.5 * (w - w.mean(1, keepdim=True)).square() * count / (count - 1)
