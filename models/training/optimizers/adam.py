"""Adam (Kingma & Ba 2015): m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², θ ← θ − ρ m̂/(√v̂ + ε), by torch's own fused kernel.

The kernel is called directly, not through torch's `Optimizer`: the first optimiser object imports the compiler stack, two seconds and
72 MB that every worker would pay before its first step, and each of its steps spends more on lists than on a small model's numbers.
"""

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor

from elbo_room.models.training.optimizers.optimizer import FreeNu, Optimizer

MOMENTS = ("step", "exp_avg", "exp_avg_sq")


class Adam(Optimizer):
    """State and step of Adam for named parameters; a parameter without a gradient is left alone."""

    name: ClassVar[str] = "adam"
    label: ClassVar[str] = "Adam"
    symbol: ClassVar[str] = r"\text{Adam}(ĝ)"
    help: ClassVar[str] = (
        "Momentum, and each coordinate in units of its recent size: steps of about ρ whatever the gradient's scale."
    )
    source: ClassVar[str] = "Kingma & Ba 2015"
    moments: ClassVar[tuple[str, ...]] = MOMENTS

    def __init__(
        self, parameters: Mapping[str, Tensor], step_size: float, free: Mapping[str, FreeNu] | None = None
    ) -> None:
        super().__init__(parameters, step_size, free)
        self._together: list[dict[str, Tensor]] = []  # the moments that moved at the last step
        self._clock = torch.zeros(0)  # their steps t, one tensor of which each has a view

    def _moments(self, name: str) -> dict[str, Tensor]:
        if name not in self.state:
            zero = torch.zeros_like(self.parameters[name], requires_grad=False)
            self.state[name] = {"step": torch.zeros(()), "exp_avg": zero, "exp_avg_sq": zero.clone()}
        return self.state[name]

    def _tick(self, moments: list[dict[str, Tensor]]) -> None:
        """t ← t + 1 for all that move, in one addition."""
        same = len(moments) == len(self._together) and all(map(lambda a, b: a is b, moments, self._together))
        if not same:
            self._together, self._clock = moments, torch.stack([each["step"] for each in moments])
            for each, step in zip(moments, self._clock.unbind(), strict=True):
                each["step"] = step
        self._clock.add_(1)

    @torch.no_grad()
    def step(self) -> None:
        """One step down the gradients, β₁ = .9, β₂ = .999, ε = 1e−8."""
        moving = {name: parameter for name, parameter in self.parameters.items() if parameter.grad is not None}
        if not moving:
            return
        moments = [self._moments(name) for name in moving]
        self._tick(moments)
        torch._fused_adam_(
            list(moving.values()),
            [parameter.grad for parameter in moving.values()],  # type: ignore[misc]
            [each["exp_avg"] for each in moments],
            [each["exp_avg_sq"] for each in moments],
            [],
            [each["step"] for each in moments],
            amsgrad=False,
            beta1=0.9,
            beta2=0.999,
            lr=self.step_size,
            weight_decay=0.0,
            eps=1e-8,
            maximize=False,
        )
