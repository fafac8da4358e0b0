"""s(h)_t = Σ_u A_tu V h_u, A = softmax(QK'/√d) over the positions u of a sequence, by heads (Vaswani et al. 2017).

Tokens enter as h_0t = Ex_t + p_t, with p_t learned; every row of the map A is on the simplex over a text's tokens: padding gets −∞.
"""

import torch
from torch import Tensor, nn

from elbo_room.models.networks.architecture import Architecture
from elbo_room.models.networks.layered import ELEMENTS
from elbo_room.models.networks.linear import linear
from elbo_room.models.networks.positions import OverPositions


class TokenAttention(OverPositions):
    """Layers of self-attention, each followed by a linear map and a nonlinearity at every position."""

    name = "token_attention"
    label = "token attention"
    symbol = "softmax(QK'/√d) V"
    uses = (*ELEMENTS, "heads", "pooling")
    inner = True
    help = "Every position attends to all others: query, key and value."

    def __init__(
        self, shape: tuple[int, ...], outputs: int, architecture: Architecture, generator: torch.Generator
    ) -> None:
        super().__init__()
        self._read(shape, architecture, generator)
        self.slices, width = (shape[0], int(torch.tensor(shape[1:]).prod())), architecture.width
        self.heads = architecture.heads
        size = self.heads * max(1, width // self.heads)  # any width works with any number of heads
        self.embed = linear(self.slices[1], width, bias=False, gain=1.0, generator=generator)
        self.places = nn.Parameter(torch.randn(shape[0], width, generator=generator) / width**0.5)  # (T, width)
        self.bank = nn.ModuleList(
            linear(width, 3 * size, bias=architecture.intercept, gain=1.0, generator=generator)
            for _ in range(architecture.depth)
        )
        self._layers(width, (size, size), width, generator)
        self._end(shape[0], width, outputs, generator)

    @classmethod
    def of_shape(
        cls, shape: tuple[int, ...], outputs: int, architecture: Architecture, generator: torch.Generator
    ) -> "TokenAttention":
        """The network for data of this shape."""
        return cls(shape, outputs, architecture, generator)

    def arrange(self, x: Tensor) -> Tensor:
        """h_0: (…, P) → (…, T, width)."""
        return self.embed(super().arrange(x)) + self.places

    def _heads(self, layer: int, hidden: Tensor, real: Tensor | None) -> tuple[Tensor, Tensor]:
        """The map A (…, heads, T, T) of a layer, and its values (…, heads, T, d); positions that are not `real` (…, T) get no attention."""
        query, key, value = (
            part.unflatten(-1, (self.heads, -1)).transpose(-3, -2) for part in self.bank[layer](hidden).chunk(3, -1)
        )
        scores = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5  # (…, heads, T, T)
        if real is not None:
            scores = scores.masked_fill(
                ~real[..., None, None, :], torch.finfo(scores.dtype).min
            )  # an empty text has only −inf
        return scores.softmax(-1), value

    def see(self, layer: int, hidden: Tensor, real: Tensor | None = None) -> Tensor:
        """The attention output at every position: (…, T, heads·d)."""
        weights, value = self._heads(layer, hidden, real)
        return (weights @ value).transpose(-3, -2).flatten(-2)

    def attention_map(self, x: Tensor, layer: int = -1) -> Tensor:
        """A of one layer: (…, P) → (…, heads, T, T); row t is the attention of position t."""
        first, real = self.arrange(x), self.real(x)
        layer %= len(self.hidden)
        return self._heads(layer, [first, *self.climb(first, real)][layer], real)[0]
