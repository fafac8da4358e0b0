"""VIMCO: G_b = B (L̂ − L̂_{−b} − w̃_b) s_b, where L̂_{−b} replaces w_b by the others' geometric mean.

L̂ = log (1/B) Σ w is every draw's reward, L̂_{−b} a baseline independent of draw b; −w̃_b s_b is the derivative of L̂ itself.
The sums without b are running log-sums from the left and from the right: O(B) memory, and no loss of precision when w_b dominates Σ w.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from elbo_room.models.estimators.estimator import Context, Draw, Estimator
from elbo_room.models.settings import rule


def log_sum_of_others(log_w: Tensor) -> Tensor:
    """log Σ_{c≠b} w_c for every draw b, (R, B, M)."""
    nothing = torch.full_like(log_w[:, :1], -torch.inf)
    left = torch.cat([nothing, log_w.logcumsumexp(1)[:, :-1]], 1)  # log Σ_{c<b} w_c
    right = torch.cat([nothing, log_w.flip(1).logcumsumexp(1)[:, :-1]], 1).flip(1)  # log Σ_{c>b} w_c
    return torch.logaddexp(left, right)


@dataclass(frozen=True)
class Vimco(Estimator):
    """Unbiased for L_B with any q and B ≥ 2, discrete ones too (Mnih & Rezende 2016)."""

    name: ClassVar[str] = "vimco"
    label: ClassVar[str] = "VIMCO"
    symbol: ClassVar[str] = r"G_b = \lit{draws}{B}\,(L̂ − L̂_{−b} − w̃_b)\, s_b"
    help: ClassVar[str] = (
        "The importance-weighted bound for any q: each draw is rewarded by how much it raised log Σ w."
    )
    source: ClassVar[str] = "Mnih & Rezende 2016"
    bound: ClassVar[str] = "iwae"
    least_draws: ClassVar[int] = 2
    independent_draws: ClassVar[bool] = True
    requires: ClassVar[tuple[dict[str, object], ...]] = (
        rule("draws", "VIMCO needs at least 2 draws; B is {draws}. Raise B, or choose another estimator.", low=2),
        rule(
            "noise", "VIMCO needs independent draws. Draw independently, or choose another estimator.", among=("iid",)
        ),
    )

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        """⌊B (L̂ − L̂_{−b} − w̃_b)⌋ log q(⌊z_b⌋; ν)."""
        log_w = context.log_weights
        assert log_w is not None  # noqa: S101 - `bound` says so
        count = log_w.shape[1]
        middle = (log_w.sum(1, keepdim=True) - log_w) / (count - 1)  # the others' geometric mean, log
        without = torch.logaddexp(log_sum_of_others(log_w), middle)  # log B + L̂_{−b}
        learned = log_w.logsumexp(1, keepdim=True) - without - log_w.softmax(1)  # (R, B, M)
        return count * learned * draw.log_q(frozen_value=True)
