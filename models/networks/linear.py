"""A linear map whose first weights come from the run's own generator: Θ_jk ~ N(0, gain²/fan-in), intercepts 0."""

import torch
from torch import nn


def linear(inputs: int, outputs: int, *, bias: bool, gain: float, generator: torch.Generator) -> nn.Linear:
    """An `nn.Linear` initialised without touching torch's global seed."""
    layer = nn.utils.skip_init(nn.Linear, inputs, outputs, bias=bias)
    with torch.no_grad():
        layer.weight.copy_(torch.randn(layer.weight.shape, generator=generator) * gain / inputs**0.5)
        if bias:
            layer.bias.zero_()
    return layer
