"""LOORF: ĝ = 1/(B − 1) Σ_b (f_b − f̄)(s_b − s̄): the sample covariance of f and the score; of a categorical site, of f and the one-hot draw.

The constant part of s drops out, so that with logits ν the term of a draw is (f_b − f̄) e_{z_b}. It is leave-one-out: ĝ is the same number.
"""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from elbo_room.models.estimators.estimator import Context, Draw, Estimator
from elbo_room.models.families import Family
from elbo_room.models.settings import rule


@dataclass(frozen=True)
class Loorf(Estimator):
    """Leave-one-out REINFORCE for units with few states: CARMS with independent draws (Kool et al. 2019; Dimitriev & Zhou 2021)."""

    name: ClassVar[str] = "loorf"
    label: ClassVar[str] = "LOORF"
    symbol: ClassVar[str] = r"G_b = \tfrac{\lit{draws}{B}}{\lit{draws}{B} − 1} (f_b − f̄)\,(s_b − s̄)"
    help: ClassVar[str] = "The sample covariance of f and the score: leave-one-out for discrete units, in CARMS's form."
    source: ClassVar[str] = "Kool, van Hoof & Welling 2019; Dimitriev & Zhou 2021"
    discrete: ClassVar[bool] = True
    least_draws: ClassVar[int] = 2
    independent_draws: ClassVar[bool] = True
    requires: ClassVar[tuple[dict[str, object], ...]] = (
        rule("draws", "LOORF needs at least 2 draws; B is {draws}. Raise B, or choose another estimator.", low=2),
        rule("noise", "LOORF needs independent draws. Draw independently, or choose another.", among=("iid",)),
    )

    def supports(self, family: Family, draws: int) -> str | None:
        """Needs units whose states can be listed."""
        return not_listed(self.label, family) or super().supports(family, draws)

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        """B/(B − 1) ⌊f_b − f̄⌋ (log q(⌊z_b⌋; ν) − mean_d log q(⌊z_d⌋; ν))."""
        cost, log_q = context.cost, draw.log_q(frozen_value=True)
        count = cost.shape[1]
        away = (cost - cost.mean(1, keepdim=True)) * count / (count - 1)
        return away * (log_q - log_q.mean(1, keepdim=True))


def not_listed(label: str, family: Family) -> str | None:
    """None for a family with a finite list of states; else the reason."""
    if family.n_states:
        return None
    return f"{label}: for units with a few states only; {family.label} has no list of them. Choose leave-one-out."
