"""Adam (Kingma & Ba 2015): m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², θ ← θ − ρ m̂/(√v̂ + ε), by torch's own fused kernel.

torch's functional form is used, not its `Optimizer` class: the first optimiser object imports the compiler stack, two seconds and
72 MB that every worker would pay before its first step.
"""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.optim.adam import adam

MOMENTS = ("step", "exp_avg", "exp_avg_sq")


class Adam:
    """State and step of Adam for named parameters; a parameter without a gradient is left alone."""

    def __init__(self, parameters: Mapping[str, Tensor], step_size: float) -> None:
        self.parameters, self.step_size = parameters, step_size
        self.state: dict[str, dict[str, Tensor]] = {}

    def clear_gradients(self) -> None:
        """Forget every gradient."""
        for parameter in self.parameters.values():
            parameter.grad = None

    def _moments(self, name: str) -> dict[str, Tensor]:
        if name not in self.state:
            zero = torch.zeros_like(self.parameters[name], requires_grad=False)
            self.state[name] = {"step": torch.zeros(()), "exp_avg": zero, "exp_avg_sq": zero.clone()}
        return self.state[name]

    @torch.no_grad()
    def step(self) -> None:
        """One step down the gradients, β₁ = .9, β₂ = .999, ε = 1e−8."""
        names = [name for name, parameter in self.parameters.items() if parameter.grad is not None]
        moments = [self._moments(name) for name in names]
        adam(
            [self.parameters[name] for name in names],
            [self.parameters[name].grad for name in names],  # type: ignore[misc]
            [each["exp_avg"] for each in moments],
            [each["exp_avg_sq"] for each in moments],
            [],
            [each["step"] for each in moments],
            fused=True,
            amsgrad=False,
            beta1=0.9,
            beta2=0.999,
            lr=self.step_size,
            weight_decay=0.0,
            eps=1e-8,
            maximize=False,
        )
