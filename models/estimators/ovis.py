"""OVIS: G_b = B (L̂ − w̃_b − c_b) s_b, c_b = (1/S) Σ_s [L̂ − w̃_b](z'_s in place of z_b): the best baseline that knows the other draws.

L̂ − w̃_b is what VIMCO rewards draw b with; its conditional mean given the others is the control variate of least variance as B grows. It is
averaged over S auxiliary draws, which never enter the gradient: unbiased at any S.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from elbo_room.models.estimators.estimator import Context, Draw, Estimator
from elbo_room.models.estimators.vimco import log_sum_of_others
from elbo_room.models.settings import rule


@dataclass(frozen=True)
class Ovis(Estimator):
    """Unbiased for L_B with any q: a signal-to-noise that rises with B where VIMCO's falls (Liévin, Dittadi, Christensen & Winther 2020).

    `auxiliary` S: each costs one evaluation of log p. Their asymptotic version without auxiliary draws is biased at finite B.
    """

    name: ClassVar[str] = "ovis"
    label: ClassVar[str] = "OVIS"
    symbol: ClassVar[str] = r"G_b = \lit{draws}{B}\,(L̂ − w̃_b − c_b)\, s_b"
    help: ClassVar[str] = "The importance-weighted bound for any q, with the best baseline, from a few extra draws."
    source: ClassVar[str] = "Liévin, Dittadi, Christensen & Winther 2020"
    bound: ClassVar[str] = "iwae"
    least_draws: ClassVar[int] = 2
    independent_draws: ClassVar[bool] = True
    requires: ClassVar[tuple[dict[str, object], ...]] = (
        rule("draws", "OVIS needs at least 2 draws; B is {draws}. Raise B, or choose another estimator.", low=2),
        rule("noise", "OVIS needs independent draws. Draw independently, or choose another.", among=("iid",)),
    )
    auxiliary: int = 8

    def evaluations(self, draws: int, size: int) -> int:
        """B + S."""
        return draws + self.auxiliary

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        """⌊B (L̂ − w̃_b − c_b)⌋ log q(⌊z_b⌋; ν)."""
        log_w = context.log_weights
        assert log_w is not None  # noqa: S101 - `bound` says so
        others = log_sum_of_others(log_w)  # (R, B, M)
        total = log_w.logsumexp(1, keepdim=True)
        extra = context.auxiliary(self.auxiliary).unsqueeze(2)  # log w', (R, S, 1, M)
        swapped = torch.logaddexp(others.unsqueeze(1), extra)  # log Σ w with w' in place of w_b: (R, S, B, M)
        baseline = (swapped - (extra - swapped).exp()).mean(1)
        signal = total - (log_w - total).exp() - baseline  # log B cancels
        return log_w.shape[1] * signal * draw.log_q(frozen_value=True)
