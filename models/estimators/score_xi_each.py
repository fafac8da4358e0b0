"""Score with a ξ for every coordinate: G_bj = (f_b − ξ_j) s_bj, ξ*_j = E[f s_j²]/E[s_j²], variance × (1 − ρ_j²)."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from elbo_room.models.estimators.estimator import Context, Draw
from elbo_room.models.estimators.learned import remember
from elbo_room.models.estimators.score_xi import PILOT_DRAWS, ScoreXi
from elbo_room.models.settings import rule


@dataclass(frozen=True)
class ScoreXiEach(ScoreXi):
    """Unbiased if ξ does not use draw b. Noisier than a single ξ at small B, better at large B (Ranganath, Gerrish & Blei 2014).

    `gate` in [0, 1): ξ_j acts only where ρ̂_j² reaches it, with ρ̂² from the same draws as ξ (½ in Blei's deep exponential families; 0
    means no gate, and on our test problems a gate never helped). Since E s = 0, moments are taken about 0. Trap: from the same
    draws the bias was 52 % at B = 4.
    """

    name: ClassVar[str] = "score_xi_each"
    label: ClassVar[str] = "score with ξ* per coordinate"
    symbol: ClassVar[str] = r"G_{bj} = (f_b − \lit{xi_from xi_value}{ξ_j})\, s_{bj}"
    help: ClassVar[str] = "One ξ* for every coordinate of ν: less variance at many draws, more at few."
    source: ClassVar[str] = "Ranganath, Gerrish & Blei 2014; Ranganath, Tang, Charlin & Blei 2015"
    requires: ClassVar[tuple[dict[str, object], ...]] = (
        rule(
            "draws",
            "Score with ξ* per coordinate needs at least 2 draws; B is {draws}. Raise B, or choose another estimator.",
            low=2,
        ),
        rule("noise", "Score with ξ* needs independent draws. Draw independently, or choose another.", among=("iid",)),
    )
    gate: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.gate < 1:
            raise ValueError(
                f"The gate on ρ² was {self.gate}; it must be at least 0 and below 1. Blei's choice is 0.5."
            )

    def coefficients(self, draw: Draw, context: Context, score: Tensor) -> Tensor:
        """ξ_j, gated: (R, B or 1, M, n_params, K); (n_params, K) from past steps, () if fixed."""
        cost = context.cost[..., None, None]  # (R, B, M, 1, 1)
        if self.xi_from == "fixed":
            return cost.new_full((), self.xi_value)
        if self.xi_from == "pilot":
            draw, pilot_cost = context.pilot(PILOT_DRAWS)
            score, cost = draw.family.score(draw.value, draw.nu), pilot_cost[..., None, None]
        square = score.square()
        parts = {"top": cost * square, "bottom": square, "raw": cost.square() * square}  # f s², s², f² s²
        if self.xi_from == "leave_one_out":
            others = 1 - torch.eye(score.shape[1], dtype=score.dtype)
            parts = {name: torch.einsum("bc,rcmnk->rbmnk", others, part) for name, part in parts.items()}
        elif self.xi_from == "running":
            past = {name: context.memory.get(name, torch.zeros_like(score[0, 0, 0])) for name in parts}
            remember(context.memory, **{name: part.mean((0, 1, 2)) for name, part in parts.items()})
            parts = past
        else:
            parts = {name: part.sum(1, keepdim=True) for name, part in parts.items()}
        top, bottom, raw = parts.values()
        correlated = top.square() >= self.gate * bottom * raw  # ρ̂² ≥ gate
        return torch.where(correlated, top / bottom.clamp_min(1e-30), 0.0)

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        """⌊f⌋ log q(⌊z⌋; ν) − ⌊ξ ∘ s⌋ · ν."""
        score = draw.family.score(draw.value, draw.nu)  # (R, B, M, n_params, K)
        correction = draw.carry(self.coefficients(draw, context, score) * score)
        return context.cost * draw.log_q(frozen_value=True) - correction
