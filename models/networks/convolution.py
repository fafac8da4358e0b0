"""c_t = g(Σ_τ Θ_τ x_{t+τ} + α), τ over a window of k positions: the same Θ at every t (LeCun et al. 1989).

A convolution is a linear map of windows, so windows are extracted and mapped by the feed-forward layer. Both ends are padded
with zeros, so every position has its window; so is the end of a padded text, where every layer is 0.
"""

import torch
from torch import Tensor
from torch.nn import functional

from elbo_room.models.networks.architecture import Architecture
from elbo_room.models.networks.layered import ELEMENTS
from elbo_room.models.networks.positions import OverPositions


def windows(hidden: Tensor, kernel: int, axes: int) -> Tensor:
    """Windows of k (or k × k) positions: (…, T, C) → (…, T, C·k), (…, H, W, C) → (…, H, W, C·k·k)."""
    before, after, axis = (kernel - 1) // 2, kernel // 2, -1 - axes
    hidden = functional.pad(hidden, (0, 0, *((before, after) * axes)))
    for _ in range(axes):  # stacked slices, since `unfold` has no rule for vmap of its gradient
        places = hidden.shape[axis] - kernel + 1
        hidden = torch.stack([hidden.narrow(axis, tau, places) for tau in range(kernel)], -1)
    return hidden.flatten(axis)


class Convolution(OverPositions):
    """1-D: windows slide over the first axis of a data point, the second is the channels (bases of DNA, pixels of a row)."""

    name = "convolution"
    label = "convolution 1-D"
    symbol = "g(Θ ∗ x + α)"
    help = "One small filter bank slides over the positions of a sequence, or over the rows of an image."
    axes = 1
    uses = (*(name for name in ELEMENTS if name != "width"), "kernel", "channels", "pooling")

    def __init__(
        self, shape: tuple[int, ...], outputs: int, architecture: Architecture, generator: torch.Generator
    ) -> None:
        super().__init__()
        self._read(shape, architecture, generator)
        self.slices = (*shape[: self.axes], int(torch.tensor(shape[self.axes :]).prod()) if shape[self.axes :] else 1)
        channels, inputs = architecture.channels, self.slices[-1]
        size = architecture.kernel**self.axes
        self._layers(inputs, (size * inputs, size * channels), channels, generator)
        places = int(torch.tensor(self.slices[:-1]).prod())
        self._end(places, channels if architecture.depth else inputs, outputs, generator)

    @classmethod
    def of_shape(
        cls, shape: tuple[int, ...], outputs: int, architecture: Architecture, generator: torch.Generator
    ) -> "Convolution":
        """The network for data of this shape."""
        return cls(shape, outputs, architecture, generator)

    def see(self, layer: int, hidden: Tensor, real: Tensor | None = None) -> Tensor:
        """The windows around every position."""
        del layer, real
        return windows(hidden, self.kind.kernel, self.axes)

    def filters(self, layer: int = 0) -> Tensor:
        """Θ as filters: (channels, inputs, k), or (channels, inputs, k, k)."""
        weight: Tensor = self.hidden[layer].weight  # type: ignore[assignment]
        return weight.unflatten(1, (-1, *[self.kind.kernel] * self.axes))


class Convolution2D(Convolution):
    """2-D: k × k windows slide over both axes of an image."""

    name = "convolution_2d"
    label = "convolution 2-D"
    symbol = "g(Θ ∗∗ x + α)"
    help = "One small filter bank slides over an image in both directions."
    axes = 2
    ordered = 2
