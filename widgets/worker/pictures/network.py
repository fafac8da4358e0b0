"""Which nodes and edges a network has, read from its real parameters: hidden layers, skips, windows, loops, heads, the attention bank.

A family's pictures make one `NetworkPicture`, merge its `about()` into theirs, and its `look(weights)` into every frame while the
chart `network` is in sight; `weights` by name where they are q's and not the network's own.
"""

from typing import Any

import torch
from torch import Tensor, nn

from elbo_room.models.networks import (
    Convolution,
    FeatureAttention,
    FeedForward,
    Layered,
    Network,
    Recurrence,
    TokenAttention,
)
from elbo_room.models.networks.gradient_map import IdentifiableDecoder
from elbo_room.widgets.worker.pictures.drawing import (
    ARC,
    BANK,
    DRAW,
    HEAD,
    IDENTITY,
    INPUT,
    LATENT,
    LINE,
    LOOP,
    UNIT,
    Bundle,
    Column,
    Drawing,
)


class NetworkPicture(Drawing):
    """The drawing of one or more networks in a row."""

    def add(
        self, network: Network, prefix: str, source: str, target: str, *, start: int | None = None, note: str = ""
    ) -> int:
        """Draw a network behind column `start` (or behind a new column for its inputs); returns its output's column."""
        self.parameters |= {f"{prefix}{name}": p.detach() for name, p in network.named_parameters()}
        inputs = _linears(network.hidden)[0].in_features if network.hidden else network.out.in_features
        if isinstance(network, Convolution):
            size, words = network.kind.kernel, f"{network.kind.kernel} of {network.slices[0]}"
        elif isinstance(network, Recurrence | TokenAttention):
            size, words = network.slices[1], f"{network.slices[1]} × {network.slices[0]}"
        else:
            size, words = inputs, f"{inputs}"
        here = start if start is not None else self.column(Column(source, note or words, size, INPUT))
        if isinstance(network.attention, FeatureAttention) and isinstance(network, FeedForward):
            here = self._bank(network, prefix, here)
        first = self._embed(network, prefix, here) if isinstance(network, TokenAttention) else here
        last = self._layers(network, prefix, first)
        outputs = network.out.out_features
        out = self.column(Column(target, f"{outputs}", outputs, UNIT, self._bias(network.out, f"{prefix}out", 0)))
        many = 1 if isinstance(network, FeedForward) else network.out.in_features // self.columns[last].size
        alternatives = torch.arange(many) * self.columns[last].size  # the same unit at every position
        self._lines(last, out, f"{prefix}out.weight", network.out.in_features, alternatives)
        return out

    def _bias(self, layer: nn.Linear, name: str, row: int) -> tuple[str, int] | None:
        return (f"{name}.bias", row) if layer.bias is not None else None

    def _lines(
        self, source: int, target: int, parameter: str, fan_in: int, alternatives: Tensor, row: int = 0, step: int = 1
    ) -> None:
        """Lines from every shown unit to every shown unit; weight [row + i·…, j·step + alternative] of the parameter."""
        rows = (row + self.columns[target].shown)[:, None, None] * fan_in
        places = rows + (self.columns[source].shown * step)[None, :, None] + alternatives
        self.bundles.append(Bundle(source, target, LINE, parameter, places, scale=2 / fan_in**0.5))

    def _bank(self, network: Network, prefix: str, here: int) -> int:
        """The notes' feature attention: A(x) ∘ x."""
        assert isinstance(network.attention, FeatureAttention)  # noqa: S101 - the caller has checked
        scores = network.attention.scores
        size = scores.out_features
        bank = self.column(
            Column("A(x)∘x", network.kind.attention, size, BANK, self._bias(scores, f"{prefix}attention.scores", 0))
        )
        self._lines(here, bank, f"{prefix}attention.scores.weight", size, torch.zeros(1, dtype=torch.int64))
        return bank

    def _embed(self, network: TokenAttention, prefix: str, here: int) -> int:
        """Tokens enter: Ex_t + p_t."""
        width, inputs = network.embed.out_features, network.embed.in_features
        first = self.column(Column("Ex+p", f"{width}", width))
        self._lines(here, first, f"{prefix}embed.weight", inputs, torch.zeros(1, dtype=torch.int64))
        return first

    def _heads(self, network: TokenAttention, prefix: str, layer: int, here: int) -> int:
        """Values are gathered by heads: rows 2·size … of the bank are V."""
        width, size = _linears(network.bank)[layer].in_features, _linears(network.hidden)[layer].in_features
        each = size // network.heads
        heads = self.column(Column("QKV", f"{network.heads} head{'s' * (network.heads > 1)}", network.heads, HEAD))
        start = 2 * size + torch.arange(each)[None, None, :] + (self.columns[heads].shown * each)[:, None, None]
        places = start * width + self.columns[here].shown[None, :, None]
        self.bundles.append(Bundle(here, heads, LINE, f"{prefix}bank.{layer}.weight", places, scale=2 / width**0.5))
        return heads

    def _layers(self, network: Network, prefix: str, here: int) -> int:
        """Hidden layers with their skips; returns the last column."""
        first, seen, kind = here, list[int](), network.kind
        bend = f"{network.activation.label}{' ∘ LN' if kind.norm == 'layer' else ''}"
        for layer, linear in enumerate(_linears(network.hidden)):
            width, fan_in = linear.out_features // network.gates, linear.in_features
            row = (network.gates - 1) * width  # a gated unit is drawn by its candidate's weights, which come last
            below = self._heads(network, prefix, layer, here) if isinstance(network, TokenAttention) else here
            note = f"{width} {network.cell.label if isinstance(network, Recurrence) else bend}"
            column = Column(
                f"h{'₁₂₃₄₅₆'[layer]}", note, width, UNIT, self._bias(linear, f"{prefix}hidden.{layer}", row)
            )
            new = self.column(column)
            alternatives, step = _window(network, layer)
            self._lines(below, new, f"{prefix}hidden.{layer}.weight", fan_in, alternatives, row, step)
            if isinstance(network, Recurrence):
                self._loops(new, f"{prefix}again.{layer}.weight", width, row)
            if layer and network.reinjection:
                self._arc(first, new, f"{prefix}reinjection.{layer - 1}.weight")
            if layer > 1 and network.dense:
                for k, earlier in enumerate(seen[:-1]):
                    name = f"{prefix}dense.{layer - 2}.weight"
                    every = torch.arange(self.parameters[name].numel()).reshape(self.parameters[name].shape)
                    self._arc(earlier, new, name, every[:, k * width : (k + 1) * width].reshape(-1))
            if layer and kind.identity_residual:
                self.bundles.append(Bundle(here, new, IDENTITY, ""))
            seen.append(new)
            here = new
        return here

    def _loops(self, column: int, parameter: str, width: int, row: int) -> None:
        """U's diagonal: a unit's weight on its own previous state."""
        shown = self.columns[column].shown
        places = ((row + shown) * width + shown)[:, None, None]
        self.bundles.append(Bundle(column, column, LOOP, parameter, places, scale=2 / width**0.5))

    def _arc(self, source: int, target: int, parameter: str, part: Tensor | None = None) -> None:
        weight = self.parameters[parameter]
        places = torch.arange(weight.numel()) if part is None else part
        self.bundles.append(Bundle(source, target, ARC, parameter, part=places, scale=2 / weight.shape[1] ** 0.5))

    def frame(self, decoder: IdentifiableDecoder, prefix: str, source: int) -> None:
        """g₂(Q g₁(z)): the lines are Q, between two gradient maps that have as many outputs as inputs."""
        self.parameters[f"{prefix}frame"] = decoder.frame.detach()
        outputs, inputs = decoder.frame.shape
        target = self.column(Column("x̂", f"{outputs}, g₂(Q g₁(z))", outputs))
        self._lines(source, target, f"{prefix}frame", inputs, torch.zeros(1, dtype=torch.int64))

    def site(self, name: str, size: int, source: int, title: str = "z") -> int:
        """A site of q: each unit is drawn from its parameters in column `source`."""
        column = self.alone(name, size, title)
        self.bundles.append(Bundle(source, column, DRAW, ""))
        return column

    def alone(self, name: str, size: int, title: str = "z") -> int:
        """A site of q whose parameters no network makes."""
        column = self.column(Column(title, f"{size} drawn", size, LATENT))
        self.sites[column] = name
        return column


def _linears(layers: nn.ModuleList) -> list[nn.Linear]:
    return [layer for layer in layers if isinstance(layer, nn.Linear)]


def _window(network: Network, layer: int) -> tuple[Tensor, int]:
    """Which weights one drawn line represents, and how far apart the lines of two neighbouring units are."""
    if isinstance(network, Convolution):
        kernel, size = network.kind.kernel, network.kind.kernel**network.axes
        if layer:
            return torch.arange(size), size  # a filter's whole window
        channels = torch.arange(network.slices[-1])[:, None] * size
        across = torch.arange(size // kernel)  # all channels of a position of the window, or of a row of it
        return (channels + across).flatten(), size // kernel
    if isinstance(network, TokenAttention):
        each = _linears(network.hidden)[layer].in_features // network.heads
        return torch.arange(each), each
    return torch.zeros(1, dtype=torch.int64), 1


def of_deep_generative(model: Any, q: Any) -> NetworkPicture:
    """Encoder, z and decoder in a row; of a decoder that is not a network of layers, what joins z to its outputs."""
    picture, encoder = NetworkPicture(), getattr(q.by_site["z"], "encoder", None)
    if isinstance(encoder, Layered):
        middle = picture.site("z", model.latent_size, picture.add(encoder, "encoder.", "x", "ν"))  # type: ignore[arg-type]
    else:
        middle = picture.alone("z", model.latent_size)
    if isinstance(model.decoder, FeedForward):
        picture.add(model.decoder, "decoder.", "z", "x̂", start=middle)
    elif isinstance(model.decoder, IdentifiableDecoder):
        picture.frame(model.decoder, "decoder.", middle)
    return picture


def of_conditional(model: Any) -> NetworkPicture:
    """The network from x to w; its weights are q's."""
    picture = NetworkPicture()
    picture.add(model.space.network, "", "x", "w")
    return picture
