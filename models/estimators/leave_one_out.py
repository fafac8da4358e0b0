"""Leave-one-out: G_b = (f_b − mean_{c≠b} f_c) s_b: each draw's baseline is the mean of the others."""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from elbo_room.models.estimators.estimator import Context, Draw, Estimator
from elbo_room.models.settings import rule


@dataclass(frozen=True)
class LeaveOneOut(Estimator):
    """Unbiased for any q and B ≥ 2; equals VarGrad, half the sample variance (ddof 1) of log w (Kool et al. 2019; Richter et al. 2020)."""

    name: ClassVar[str] = "leave_one_out"
    label: ClassVar[str] = "leave-one-out"
    symbol: ClassVar[str] = r"G_b = \Big(f_b − \tfrac{1}{\lit{draws}{B} − 1} \sum_{c ≠ b} f_c\Big)\, s_b"
    help: ClassVar[str] = (
        "A baseline at no cost: the mean f of the other draws. Near the optimum it can beat the path gradient."
    )
    source: ClassVar[str] = "Kool, van Hoof & Welling 2019"
    least_draws: ClassVar[int] = 2
    independent_draws: ClassVar[bool] = True
    requires: ClassVar[tuple[dict[str, object], ...]] = (
        rule(
            "draws", "Leave-one-out needs at least 2 draws; B is {draws}. Raise B, or choose another estimator.", low=2
        ),
        rule("noise", "Leave-one-out needs independent draws. Draw independently, or choose another.", among=("iid",)),
    )

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        """⌊f_b − mean of the others⌋ log q(⌊z_b⌋; ν)."""
        cost = context.cost
        others = (cost.sum(1, keepdim=True) - cost) / (cost.shape[1] - 1)  # (R, B, M)
        return (cost - others) * draw.log_q(frozen_value=True)
