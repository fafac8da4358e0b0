"""Activation functions g(·): elementwise, after each hidden layer's linear map."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class Activation:
    """A named g: R → R; `gain` preserves the signal's variance through a layer at initialisation (He et al. 2015)."""

    name: str
    label: str
    symbol: str
    help: str
    function: Callable[[Tensor], Tensor]
    gain: float
    requires: tuple[dict[str, object], ...] = ()

    def __call__(self, value: Tensor) -> Tensor:
        """g(value), elementwise."""
        return self.function(value)


ACTIVATIONS: dict[str, Activation] = {
    each.name: each
    for each in (
        Activation("tanh", "tanh", "tanh u", "Smooth, bounded in (−1, 1), odd.", torch.tanh, 5 / 3),
        Activation("relu", "ReLU", "max(0, u)", "Piecewise linear; a unit can die.", torch.relu, 2**0.5),
        Activation("silu", "SiLU", "u·logistic(u)", "A smooth ReLU with a small dip.", functional.silu, 2**0.5),
        Activation(
            "softplus", "softplus", "log(1+exp u)", "A smooth ReLU, always positive.", functional.softplus, 2**0.5
        ),
        Activation(
            "logistic",
            "logistic",
            "1/(1+exp −u)",
            "The lecture notes' g: bounded in (0, 1), saturates.",
            torch.sigmoid,
            1.0,
        ),
        Activation("identity", "identity", "u", "No nonlinearity: any depth is a linear map.", lambda u: u, 1.0),
    )
}
