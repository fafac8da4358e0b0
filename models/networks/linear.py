"""A linear map whose initial weights come from the run's generator: Θ_jk ~ N(0, gain²/fan-in), intercepts 0."""

import torch
from torch import nn


class EmptyLinear(nn.Linear):
    """An `nn.Linear` with uninitialised weights, so that torch's global seed is not used.

    `nn.utils.skip_init` does the same through the meta device, for which torch imports its symbolic shapes and sympy: .4 s, 35 MB.
    """

    def reset_parameters(self) -> None:
        """Do nothing: the caller fills the weights."""


def linear(inputs: int, outputs: int, *, bias: bool, gain: float, generator: torch.Generator) -> nn.Linear:
    """An `nn.Linear` initialised without touching torch's global seed."""
    layer = EmptyLinear(inputs, outputs, bias=bias)
    with torch.no_grad():
        layer.weight.copy_(torch.randn(layer.weight.shape, generator=generator) * gain / inputs**0.5)
        if bias:
            layer.bias.zero_()
    return layer
