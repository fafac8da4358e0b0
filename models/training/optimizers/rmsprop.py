"""RMSprop: v ← α v + (1 − α) ĝ², ν ← ν + ρ_t ĝ/(√v + ε): every coordinate in units of its own recent size."""

from typing import ClassVar

import torch

from elbo_room.models.training.optimizers.optimizer import Optimizer

ALPHA, TINY = 0.99, 1e-8


class RMSprop(Optimizer):
    """α = .99: Adam without momentum or the correction of its start; the first steps are ten times ρ (Tieleman & Hinton 2012)."""

    name: ClassVar[str] = "rmsprop"
    label: ClassVar[str] = "RMSprop"
    symbol: ClassVar[str] = r"ĝ / \sqrt{v}"
    help: ClassVar[str] = "Divides each coordinate by the root of its recent mean square: one ρ for all of them."
    source: ClassVar[str] = "Tieleman & Hinton 2012"
    moments: ClassVar[tuple[str, ...]] = ("square",)

    @torch.no_grad()
    def step(self) -> None:
        """v ← α v + (1 − α) g², θ ← θ − ρ g/(√v + ε)."""
        if moving := self.moving():
            parameters, gradients = (list(each) for each in zip(*moving.values(), strict=True))
            square = self.kept("square", moving)
            torch._foreach_mul_(square, ALPHA)
            torch._foreach_addcmul_(square, gradients, gradients, value=1 - ALPHA)
            size = torch._foreach_sqrt(square)
            torch._foreach_add_(size, TINY)
            torch._foreach_addcdiv_(parameters, gradients, size, value=-self.step_size)
