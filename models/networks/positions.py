"""Networks over positions: x (…, P) is read as slices (…, T, C), the hidden layers share their weights over T, and pooling follows.

Texts shorter than T are `padded`: their last token is followed by slices of zeros. The hidden layers are 0 there, attention gives such keys
−∞ before its softmax, and pooling leaves them out, so that the output equals that of the unpadded text.
"""

import torch
from torch import Tensor

from elbo_room.models.networks.architecture import Architecture
from elbo_room.models.networks.layered import Layered
from elbo_room.models.settings import rule

HIDDEN = rule("depth", "Hidden layers are shared over positions, so it needs at least 1 of them.", low=1)


class OverPositions(Layered):
    """f(x; θ): (…, P) → (…, D) with P = T·C; subclasses share a layer's weights over the positions."""

    label = ""
    ordered = 1
    requires: tuple[dict[str, object], ...] = (HIDDEN,)
    slices: tuple[int, ...]  # (T, C), or (H, W, C) if both axes are ordered

    def _read(self, shape: tuple[int, ...], architecture: Architecture, generator: torch.Generator) -> None:
        if len(shape) < 2:
            raise ValueError(
                f"{self.label.capitalize()} needs ordered data, of shape (T, C) or (H, W); these have shape {shape}. "
                "Choose the feed-forward network, or set the data's shape."
            )
        self._begin(int(torch.tensor(shape).prod()), architecture, generator)

    def real(self, x: Tensor) -> Tensor | None:
        """The positions of tokens: (…, P) → (…, T), or (…, H, W); None if every data point fills all positions."""
        if not self.padded:
            return None
        there = x.unflatten(-1, (self.slices[0], -1)).sum(-1) > 0  # (…, T): a token is an indicator
        return there if len(self.slices) == 2 else there.unsqueeze(-1).expand(*there.shape, self.slices[1])

    def arrange(self, x: Tensor) -> Tensor:
        """(…, P) → slices, the input of the first hidden layer."""
        return self.attend(x, self.real(x)).unflatten(-1, self.slices)

    def forward(self, x: Tensor) -> Tensor:
        """(…, P) → (…, D)."""
        slices, real = self.arrange(x), self.real(x)
        top = ([slices, *self.climb(slices, real)])[-1]  # (…, T, width)
        places = None if real is None else real.flatten(1 - len(self.slices))
        return self.out(self.pool(top.flatten(-len(self.slices), -2), places))
