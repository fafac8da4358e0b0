"""h₁ = g(Θ₁x + α₁), h_ℓ = g(Θ_ℓ h_{ℓ−1} + γ_ℓ x + α_ℓ) [+ h_{ℓ−1}], out = Θ_out h_L + α_out."""

import math

import torch
from torch import Tensor

from elbo_room.models.networks.architecture import Architecture
from elbo_room.models.networks.layered import Layered
from elbo_room.models.networks.linear import linear


class FeedForward(Layered):
    """f(x; θ): (…, P) → (…, D); depth 0 is a linear map."""

    name = "feed_forward"
    label = "feed-forward"
    symbol = "g(Θx + α)"
    help = "Every unit sees every unit of the previous layer."
    ordered = 0  # how many axes of a data point must be ordered
    requires: tuple[dict[str, object], ...] = ()

    def __init__(self, inputs: int, outputs: int, architecture: Architecture, generator: torch.Generator) -> None:
        super().__init__()
        self._begin(inputs, architecture, generator)
        width = architecture.width
        self._layers(inputs, (inputs, width), width, generator)
        last = width if architecture.depth else inputs
        self.out = linear(last, outputs, bias=architecture.intercept, gain=1.0, generator=generator)

    @classmethod
    def of_shape(
        cls, shape: tuple[int, ...], outputs: int, architecture: Architecture, generator: torch.Generator
    ) -> "FeedForward":
        """The network for data of this shape: only the size matters."""
        return cls(math.prod(shape), outputs, architecture, generator)

    def forward(self, x: Tensor) -> Tensor:
        """(…, P) → (…, D)."""
        x = self.attend(x)
        layers = self.climb(x)
        return self.out(layers[-1] if layers else x)
