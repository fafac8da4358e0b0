"""From z to an image: C small maps, repeatedly doubled in height and width and convolved until the image's size is reached.

h₀ = g(Θ₀ z + α₀) as maps (C, H/2ⁿ, W/2ⁿ); h_ℓ = g(Θ_ℓ ∗∗ up(h_{ℓ−1}) + α_ℓ), up repeats every pixel 2 × 2; out = Θ_out ∗∗ h_n + α_out.
Resizing before a convolution avoids the checkerboard of a transposed convolution (Odena, Dumoulin & Olah 2016). Θ is the same everywhere.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from elbo_room.models.networks.activation import ACTIVATIONS
from elbo_room.models.networks.architecture import Architecture
from elbo_room.models.networks.linear import linear

WINDOW = 3  # pixels across
LEAST = 4  # least width of the first maps in pixels


class PictureDecoder(nn.Module):
    """(…, K) → (…, n_params · H · W), one image per parameter of the response."""

    def __init__(
        self, inputs: int, outputs: int, shape: tuple[int, ...], kind: Architecture, generator: torch.Generator
    ) -> None:
        super().__init__()
        if len(shape) != 2:
            raise ValueError(
                f"A convolution decodes images (H, W); these data have shape {shape}. Choose the plain network."
            )
        self.activation, self.shape = ACTIVATIONS[kind.activation], shape
        self.doublings = max(0, int(math.log2(min(shape) / LEAST))) if min(shape) >= LEAST else 0
        self.start = (kind.channels, *(math.ceil(side / 2**self.doublings) for side in shape))
        gain, size, channels = self.activation.gain, WINDOW * WINDOW * kind.channels, kind.channels

        def made(seen: int, found: int, gain: float) -> nn.Linear:
            return linear(seen, found, bias=kind.intercept, gain=gain, generator=generator)

        self.first = made(inputs, math.prod(self.start), gain)
        self.hidden = nn.ModuleList(made(size, channels, gain) for _ in range(self.doublings))
        self.out = made(size, outputs // math.prod(shape), 1.0)

    def slide(self, layer: nn.Linear, maps: Tensor) -> Tensor:
        """Convolve maps, with zeros beyond the edge: (S, C, h, w) → (S, C′, h, w)."""
        weight = layer.weight.unflatten(1, (-1, WINDOW, WINDOW))
        return functional.conv2d(maps, weight, layer.bias, padding=WINDOW // 2)

    def forward(self, z: Tensor) -> Tensor:
        """(…, K) → (…, n_params · D)."""
        hidden = self.activation(self.first(z)).reshape(-1, *self.start)  # (S, C, h, w)
        for layer in self.hidden:
            hidden = hidden.repeat_interleave(2, -2).repeat_interleave(2, -1)
            hidden = self.activation(self.slide(layer, hidden))  # type: ignore[arg-type]
        height, width = self.shape
        pictures = self.slide(self.out, hidden[..., :height, :width])  # (S, n_params, H, W)
        return pictures.reshape(*z.shape[:-1], -1)
