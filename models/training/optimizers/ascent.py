"""Plain ascent: ν ← ν + ρ_t ĝ, the lecture notes' third step."""

from typing import ClassVar

import torch

from elbo_room.models.training.optimizers.optimizer import Optimizer


class Ascent(Optimizer):
    """Every parameter moves by its own gradient: the variance of ĝ shows as it is (Robbins & Monro 1951).

    It converges with ρ_t = ρ min(1, t₀/t), `cooling` t₀ > 0, or ρ_t = a (b + t)^−κ, `schedule` "robbins_monro"; with a constant ρ it
    ends in a cloud whose variance is proportional to ρ.
    """

    name: ClassVar[str] = "ascent"
    label: ClassVar[str] = "plain ascent"
    symbol: ClassVar[str] = r"ĝ"
    help: ClassVar[str] = "ν ← ν + ρₜ ĝ: each step is the noisy gradient itself; needs a well-chosen ρ and a schedule."
    source: ClassVar[str] = "Robbins & Monro 1951"

    @torch.no_grad()
    def step(self) -> None:
        """θ ← θ − ρ g."""
        if moving := self.moving():
            parameters, gradients = zip(*moving.values(), strict=True)
            torch._foreach_add_(list(parameters), list(gradients), alpha=-self.step_size)
