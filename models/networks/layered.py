"""h_ℓ = g(LN(Θ_ℓ s(h_{ℓ−1}) + γ_ℓ x + Σ_{j<ℓ−1} Δ_ℓj h_j + α_ℓ)) [+ h_{ℓ−1}]: the hidden layers of every network.

Networks differ in s, how a layer sees the previous one (unchanged, through windows, through attention), and in the nonlinearity (g, or a
recurrence). Skips act at each position separately. With positions, h is (…, T, width) and all positions share Θ, γ, Δ, α. `real`
(…, T) marks the positions of tokens, None means all; elsewhere h is 0.
"""

from typing import ClassVar

import torch
from torch import Tensor, nn

from elbo_room.models.networks.activation import ACTIVATIONS
from elbo_room.models.networks.architecture import Architecture
from elbo_room.models.networks.feature_attention import FeatureAttention
from elbo_room.models.networks.linear import linear
from elbo_room.models.networks.pooling import POOLINGS

ELEMENTS = (
    "width", "depth", "activation", "intercept", "input_reinjection", "identity_residual", "dense_skip", "norm", "attention",
)  # fmt: skip


class Layered(nn.Module):
    """Hidden layers with skips; subclasses define what a layer sees (`see`), its nonlinearity (`bend`), input and output."""

    uses: ClassVar[tuple[str, ...]] = ELEMENTS  # the knobs it uses
    inner: ClassVar[bool] = False  # even one hidden layer has weights besides the input's and the output's
    padded = False  # whether a position at which a data point is 0 is past its end
    gates = 1  # sums per unit: 3 for a GRU, 4 for an LSTM
    out: nn.Linear

    def _begin(self, inputs: int, kind: Architecture, generator: torch.Generator) -> None:
        """Activation and feature attention on the P inputs; a run's initial weights depend on this order."""
        self.kind, self.activation = kind, ACTIVATIONS[kind.activation]
        self.attention = (
            FeatureAttention(inputs, kind.attention, generator) if kind.attention != "none" else nn.Identity()
        )

    def _layers(self, inputs: int, seen: tuple[int, int], width: int, generator: torch.Generator) -> None:
        """Hidden layers of `width` units with `seen` inputs in the first and in later layers; `inputs` values are re-injected."""
        kind, sums = self.kind, self.gates * width
        sizes, later = [seen[0], *[seen[1]] * (kind.depth - 1)][: kind.depth], range(max(kind.depth - 1, 0))
        gain = self.activation.gain
        self.hidden = nn.ModuleList(
            linear(size, sums, bias=kind.intercept, gain=gain, generator=generator) for size in sizes
        )
        self.reinjection = nn.ModuleList(
            linear(inputs, sums, bias=False, gain=1.0, generator=generator) for _ in later if kind.input_reinjection
        )
        self.dense = nn.ModuleList(
            linear(layer * width, sums, bias=False, gain=1.0, generator=generator)
            for layer in later
            if layer and kind.dense_skip
        )
        normed = range(kind.depth) if kind.norm == "layer" else ()
        self.norms = nn.ModuleList(nn.LayerNorm(sums, bias=kind.intercept) for _ in normed)

    def _end(self, positions: int, width: int, outputs: int, generator: torch.Generator) -> None:
        """Pooling and the last linear map."""
        self.pool = POOLINGS[self.kind.pooling]
        size = width * (positions if self.pool.keeps else 1)
        self.out = linear(size, outputs, bias=self.kind.intercept, gain=1.0, generator=generator)

    def attend(self, x: Tensor, real: Tensor | None = None) -> Tensor:
        """A(x) ∘ x with feature attention, else x: (…, P)."""
        return self.attention(x, real) if isinstance(self.attention, FeatureAttention) else x

    def see(self, layer: int, hidden: Tensor, real: Tensor | None = None) -> Tensor:
        """The input of layer `layer` from the previous one: here, its values unchanged."""
        del layer, real
        return hidden

    def bend(self, layer: int, before: Tensor) -> Tensor:
        """From a layer's sums to its values: here g, elementwise."""
        del layer
        return self.activation(before)

    def climb(self, x: Tensor, real: Tensor | None = None) -> list[Tensor]:
        """Every hidden layer, from the input up: (…, inputs) → [(…, width)]."""
        hidden, all_layers = x, list[Tensor]()
        for depth, layer in enumerate(self.hidden):
            before = layer(self.see(depth, hidden, real))
            if depth and self.reinjection:
                before = before + self.reinjection[depth - 1](x)
            if depth > 1 and self.dense:
                before = before + self.dense[depth - 2](torch.cat(all_layers[:-1], -1))
            if self.norms:
                before = self.norms[depth](before)
            after = self.bend(depth, before)
            hidden = hidden + after if depth and self.kind.identity_residual else after
            if real is not None:
                hidden = hidden.masked_fill(~real.unsqueeze(-1), 0.0)
            all_layers.append(hidden)
        return all_layers
