"""Momentum: v ← β v + ĝ, ν ← ν + ρ_t v: a step is the sum of past gradients, each weaker by β than the next."""

from typing import ClassVar

import torch

from elbo_room.models.training.optimizers.optimizer import Optimizer

BETA = 0.9


class Momentum(Optimizer):
    """The heavy ball, β = .9: as far as plain ascent with ten times the step size, less shaken by noise (Polyak 1964)."""

    name: ClassVar[str] = "momentum"
    label: ClassVar[str] = "momentum"
    symbol: ClassVar[str] = r"\sum_k β^k ĝ_{t−k}"
    help: ClassVar[str] = (
        "A running sum of past gradients, β = .9: averages noise, and moves ten times as far as one gradient."
    )
    source: ClassVar[str] = "Polyak 1964"
    moments: ClassVar[tuple[str, ...]] = ("velocity",)

    @torch.no_grad()
    def step(self) -> None:
        """v ← β v + g, θ ← θ − ρ v."""
        if moving := self.moving():
            parameters, gradients = zip(*moving.values(), strict=True)
            velocity = self.kept("velocity", moving)
            torch._foreach_mul_(velocity, BETA)
            torch._foreach_add_(velocity, list(gradients))
            torch._foreach_add_(list(parameters), velocity, alpha=-self.step_size)
