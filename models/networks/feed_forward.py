"""h₁ = g(Θ₁x + α₁), h_ℓ = g(Θ_ℓ h_{ℓ−1} + γ_ℓ x + α_ℓ) [+ h_{ℓ−1}], out = Θ_out h_L + α_out."""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from models.networks.activation import ACTIVATIONS
from models.networks.feature_attention import FeatureAttention
from models.networks.linear import linear


@dataclass(frozen=True)
class Architecture:
    """The elements of a feed-forward network; depth 0 is a linear map.

    Input re-injection is the notes' "residual" (γ_ℓ x in every later hidden layer), identity residual the usual one (h_{ℓ−1} + g(·)).
    """

    width: int = 64
    depth: int = 1
    activation: str = "tanh"
    intercept: bool = True
    input_reinjection: bool = False
    identity_residual: bool = False
    attention: str = "none"


class FeedForward(nn.Module):
    """f(x; θ): (…, P) → (…, D)."""

    def __init__(self, inputs: int, outputs: int, architecture: Architecture, generator: torch.Generator) -> None:
        super().__init__()
        kind, self.activation = architecture, ACTIVATIONS[architecture.activation]
        self.identity_residual = kind.identity_residual
        self.attention = (
            FeatureAttention(inputs, kind.attention, generator) if kind.attention != "none" else nn.Identity()
        )
        sizes = [inputs] + [kind.width] * kind.depth
        gain = self.activation.gain
        self.hidden = nn.ModuleList(
            linear(a, b, bias=kind.intercept, gain=gain, generator=generator) for a, b in pairwise(sizes)
        )
        later = max(kind.depth - 1, 0) if kind.input_reinjection else 0
        self.reinjection = nn.ModuleList(
            linear(inputs, kind.width, bias=False, gain=1.0, generator=generator) for _ in range(later)
        )
        self.out = linear(sizes[-1], outputs, bias=kind.intercept, gain=1.0, generator=generator)

    def forward(self, x: Tensor) -> Tensor:
        """(…, P) → (…, D)."""
        x = self.attention(x)
        hidden = x
        for depth, layer in enumerate(self.hidden):
            before = layer(hidden)
            if depth and self.reinjection:
                before = before + self.reinjection[depth - 1](x)
            after = self.activation(before)
            hidden = hidden + after if depth and self.identity_residual else after
        return self.out(hidden)
