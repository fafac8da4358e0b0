"""The protocol of an optimiser: parameters by name, their state between steps, and one step down the gradients.

A step of a run fills the gradients of −objective per data point; ĝ is minus that. ρ_t of the run's schedule is set before every
step: ρ min(1, t₀/t) with t₀ > 0 and a (b + t)^−κ are Robbins–Monro schedules, Σ ρ_t = ∞ and Σ ρ_t² < ∞ (Robbins & Monro 1951).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from elbo_room.models.families import Family


@dataclass(frozen=True)
class FreeNu:
    """A parameter that is ν itself, (n_params, K) of a global site or (N, n_params, K) with a row for each data point."""

    family: Family
    local: bool


class Optimizer:
    """State and step for named parameters; a parameter without a gradient is left alone. A subclass is listed in `OPTIMIZERS`."""

    name: ClassVar[str]
    label: ClassVar[str]
    symbol: ClassVar[str]  # what multiplies ρ
    help: ClassVar[str]
    source: ClassVar[str]
    requires: ClassVar[tuple[dict[str, object], ...]] = ()
    moments: ClassVar[tuple[str, ...]] = ()  # the state of one parameter, by name

    def __init__(
        self, parameters: Mapping[str, Tensor], step_size: float, free: Mapping[str, FreeNu] | None = None
    ) -> None:
        self.parameters, self.step_size = parameters, step_size
        self.free = dict(free or {})
        self.rows, self.total = 1, 1  # M and N of the step
        self.state: dict[str, dict[str, Tensor]] = {}

    def clear_gradients(self) -> None:
        """Clear every gradient."""
        for parameter in self.parameters.values():
            parameter.grad = None

    def moving(self) -> dict[str, tuple[Tensor, Tensor]]:
        """The parameters that have a gradient, with it."""
        return {name: (p, p.grad) for name, p in self.parameters.items() if p.grad is not None}

    def kept(self, key: str, moving: Mapping[str, tuple[Tensor, Tensor]]) -> list[Tensor]:
        """One state of each of these parameters, 0 before its first step."""
        for name, (parameter, _) in moving.items():
            if key not in self.state.setdefault(name, {}):
                self.state[name][key] = torch.zeros_like(parameter, requires_grad=False)
        return [self.state[name][key] for name in moving]

    def step(self) -> None:
        """One step down the gradients."""
        raise NotImplementedError
