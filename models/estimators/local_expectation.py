"""Local expectation: G_b = Σ_k Σ_c ∇_ν q(z_k = c) F(z_b with z_k = c): each unit is summed over exactly, the others stay as drawn."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from elbo_room.models.estimators.estimator import Context, Draw, Estimator
from elbo_room.models.estimators.one_at_a_time import replaced
from elbo_room.models.families import Family


@dataclass(frozen=True)
class LocalExpectation(Estimator):
    """Rao-Blackwellised unit by unit; exact when the site is a single unit (Titsias & Lázaro-Gredilla 2015).

    Trap: F contains −log q(z; ⌊ν⌋) of the altered value. For Bernoulli this is σ'(a_k)[F(b_k = 1) − F(b_k = 0)], the measure-valued
    estimator.
    """

    name: ClassVar[str] = "local_expectation"
    label: ClassVar[str] = "local expectation"
    symbol: ClassVar[str] = r"G_b = \sum_k \sum_c ∇_ν q(z_k = c)\, F(z_b\ \text{with}\ z_k = c)"
    help: ClassVar[str] = "Sums each unit over its states: the best estimator per draw, at states × units evaluations."
    source: ClassVar[str] = "Titsias & Lázaro-Gredilla 2015"
    discrete: ClassVar[bool] = True
    moves: ClassVar[bool] = True

    def supports(self, family: Family, draws: int) -> str | None:
        """Needs states that can be enumerated."""
        if not family.n_states:
            return (
                f"{self.label.capitalize()} sums over every state of a unit; {family.label} has no finite list of states. "
                "Choose another estimator."
            )
        return super().supports(family, draws)

    def evaluations(self, draws: int, size: int) -> int:
        """B (1 + 2K): the draw, and both states of each of its K units (S instead of 2 for a categorical)."""
        return draws * (1 + 2 * size)

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        """Σ_k Σ_c q(z_k = c; ν) ⌊F_kc⌋."""
        states = torch.arange(draw.family.n_states, dtype=draw.value.dtype)[:, None, None]  # (S, 1, 1)
        candidates = states.expand(*draw.value.shape[:2], -1, *draw.value.shape[2:])  # (R, B, S, M, K)
        mass = draw.family.log_prob(candidates, draw.nu.unsqueeze(2)).exp()  # live in ν
        return (mass * replaced(draw, context, candidates).detach()).sum((2, -1))
