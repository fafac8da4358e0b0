"""The network as a drawing: which nodes and edges there are, from its real parameters, and their weights as one array a look.

A layer shows at most `MOST` units. A drawn edge stands for one weight; where many share its place (the bases under one position of a
filter, the positions of an output) the largest of them is shown. Skips are arcs with the root mean square of their weights.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from models.networks import Convolution, FeatureAttention, FeedForward, Layered, Network, Recurrence, TokenAttention

MOST = 12  # units shown of a layer
# Kinds of nodes and edges; network_diagram.js draws them.
UNIT, INPUT, BANK, HEAD, LATENT = range(5)
LINE, ARC, IDENTITY, LOOP, DRAW = range(5)
Weights = Mapping[str, Tensor]


@dataclass
class Column:
    """A layer as it is drawn: its title, what stands below it, and which of its units are shown."""

    title: str
    note: str
    size: int
    kind: int = UNIT
    bias: tuple[str, int] | None = None  # its parameter, and where its first unit stands in it
    shown: Tensor = field(init=False)
    first: int = 0  # number of its first node

    def __post_init__(self) -> None:
        self.shown = torch.linspace(0, self.size - 1, min(self.size, MOST)).round().long()


@dataclass
class Bundle:
    """Edges of one parameter between two columns; `places` are the flat positions that an edge stands for, largest shown."""

    source: int
    target: int
    kind: int
    parameter: str
    places: Tensor | None = None  # (targets, sources, alternatives); None: one arc for the whole `part`
    part: Tensor | None = None  # flat positions of an arc
    scale: float = 1.0


class NetworkPicture:
    """Columns and bundles of one or more networks in a row: `about` once, `look` for each frame."""

    def __init__(self) -> None:
        self.columns: list[Column] = []
        self.bundles: list[Bundle] = []
        self.parameters: dict[str, Tensor] = {}
        self.sites: dict[int, str] = {}  # columns that are a site of q

    # building

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
        here = start if start is not None else self._column(Column(source, note or words, size, INPUT))
        if isinstance(network.attention, FeatureAttention) and isinstance(network, FeedForward):
            here = self._bank(network, prefix, here)
        first = self._embed(network, prefix, here) if isinstance(network, TokenAttention) else here
        last = self._layers(network, prefix, first)
        outputs = network.out.out_features
        out = self._column(Column(target, f"{outputs}", outputs, UNIT, self._bias(network.out, f"{prefix}out", 0)))
        many = 1 if isinstance(network, FeedForward) else network.out.in_features // self.columns[last].size
        alternatives = torch.arange(many) * self.columns[last].size  # the same unit at every position
        self._lines(last, out, f"{prefix}out.weight", network.out.in_features, alternatives)
        return out

    def _column(self, column: Column) -> int:
        column.first = sum(len(each.shown) for each in self.columns)
        self.columns.append(column)
        return len(self.columns) - 1

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
        assert isinstance(network.attention, FeatureAttention)  # noqa: S101 - the caller has looked
        scores = network.attention.scores
        size = scores.out_features
        bank = self._column(
            Column("A(x)∘x", network.kind.attention, size, BANK, self._bias(scores, f"{prefix}attention.scores", 0))
        )
        self._lines(here, bank, f"{prefix}attention.scores.weight", size, torch.zeros(1, dtype=torch.int64))
        return bank

    def _embed(self, network: TokenAttention, prefix: str, here: int) -> int:
        """Tokens enter: Ex_t + p_t."""
        width, inputs = network.embed.out_features, network.embed.in_features
        first = self._column(Column("Ex+p", f"{width}", width))
        self._lines(here, first, f"{prefix}embed.weight", inputs, torch.zeros(1, dtype=torch.int64))
        return first

    def _heads(self, network: TokenAttention, prefix: str, layer: int, here: int) -> int:
        """Values are gathered by heads: rows 2·size … of the bank are V."""
        width, size = _linears(network.bank)[layer].in_features, _linears(network.hidden)[layer].in_features
        each = size // network.heads
        heads = self._column(Column("QKV", f"{network.heads} heads", network.heads, HEAD))
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
            row = (
                (network.gates - 1) * width if network.gates > 1 else 0
            )  # a gated unit is drawn by its candidate's weights
            below = self._heads(network, prefix, layer, here) if isinstance(network, TokenAttention) else here
            note = f"{width} {network.cell.label if isinstance(network, Recurrence) else bend}"
            column = Column(
                f"h{'₁₂₃₄₅₆'[layer]}", note, width, UNIT, self._bias(linear, f"{prefix}hidden.{layer}", row)
            )
            new = self._column(column)
            alternatives, step = _window(network, layer)
            self._lines(below, new, f"{prefix}hidden.{layer}.weight", fan_in, alternatives, row, step)
            if isinstance(network, Recurrence):
                self._loops(new, f"{prefix}again.{layer}.weight", width, row)
            if layer and network.reinjection:
                self._arc(first, new, f"{prefix}reinjection.{layer - 1}.weight")
            if layer > 1 and network.dense:
                for k, earlier in enumerate(seen[:-1]):
                    name = f"{prefix}dense.{layer - 2}.weight"
                    weight = self.parameters[name]
                    places = (
                        torch.arange(weight.numel()).reshape(weight.shape)[:, k * width : (k + 1) * width].reshape(-1)
                    )
                    self._arc(earlier, new, name, places)
            if layer and kind.identity_residual:
                self.bundles.append(Bundle(here, new, IDENTITY, ""))
            seen.append(new)
            here = new
        return here

    def _loops(self, column: int, parameter: str, width: int, row: int) -> None:
        """U's diagonal: what a unit hears of itself."""
        shown = self.columns[column].shown
        places = ((row + shown) * width + shown)[:, None, None]
        self.bundles.append(Bundle(column, column, LOOP, parameter, places, scale=2 / width**0.5))

    def _arc(self, source: int, target: int, parameter: str, part: Tensor | None = None) -> None:
        weight = self.parameters[parameter]
        places = torch.arange(weight.numel()) if part is None else part
        self.bundles.append(Bundle(source, target, ARC, parameter, part=places, scale=2 / weight.shape[1] ** 0.5))

    def site(self, name: str, size: int, source: int, title: str = "z") -> int:
        """A site of q: each unit is drawn from its parameters in column `source`."""
        column = self.alone(name, size, title)
        self.bundles.append(Bundle(source, column, DRAW, ""))
        return column

    def alone(self, name: str, size: int, title: str = "z") -> int:
        """A site of q whose parameters no network makes."""
        column = self._column(Column(title, f"{size} drawn", size, LATENT))
        self.sites[column] = name
        return column

    # what travels

    def about(self) -> dict[str, Any]:
        """Nodes, edges, columns and parameters of the drawing, and its words: `static` and `labels` of the chart `network`."""
        names = list(self.parameters)
        words = [*(c.title for c in self.columns), *(c.note for c in self.columns), *names, *self.sites.values()]
        nodes, edges = self._nodes(names), self._edges(names)
        count = len(self.columns)
        columns = {
            "title": np.arange(count),
            "note": np.arange(count) + count,
            "size": np.array([c.size for c in self.columns]),
        }
        listed = {
            "name": 2 * count + np.arange(len(names)),
            "width": np.array([p.shape[-1] if p.ndim > 1 else 0 for p in self.parameters.values()]),
        }
        static = {"nodes": nodes, "edges": edges, "columns": columns, "parameters": listed}
        return {
            "static": {"network": {part: _floats(table) for part, table in static.items()}},
            "labels": {"network": words},
        }

    def _nodes(self, names: Sequence[str]) -> dict[str, Any]:
        rows = []
        sites = list(self.sites)
        first_site = 2 * len(self.columns) + len(names)
        for number, column in enumerate(self.columns):
            count, gap = len(column.shown), column.size > MOST
            for place, unit in enumerate(column.shown.tolist()):
                shift = place + (gap and place >= count // 2)  # a gap in the middle stands for what is not shown
                y = (shift + 0.5) / (count + gap)
                x = number / max(1, len(self.columns) - 1)
                parameter, element = (names.index(column.bias[0]), column.bias[1] + unit) if column.bias else (-1, -1)
                site = first_site + sites.index(number) if number in self.sites else -1
                rows.append((x, y, column.kind, number, unit, parameter, element, site))
        keys = ("x", "y", "kind", "column", "unit", "parameter", "element", "site")
        return dict(zip(keys, np.array(rows).T, strict=True))

    def _edges(self, names: Sequence[str]) -> dict[str, Any]:
        rows = []
        for bundle in self.bundles:
            source, target = self.columns[bundle.source], self.columns[bundle.target]
            parameter = names.index(bundle.parameter) if bundle.parameter else -1
            if bundle.kind in (ARC, IDENTITY):
                element = -1 if bundle.part is None else int(bundle.part[0])
                rows.append((source.first, target.first, bundle.kind, parameter, element, bundle.scale))
                continue
            if bundle.kind == DRAW:
                heads = len(source.shown)
                size = len(target.shown)
                rows += [(source.first + k, target.first + k % size, DRAW, -1, -1, 1.0) for k in range(heads)]
                continue
            assert bundle.places is not None  # noqa: S101 - lines and loops have places
            for i, row in enumerate(bundle.places[..., 0].tolist()):
                for j, element in enumerate(row):
                    other = target.first + i if bundle.kind == LOOP else source.first + j
                    rows.append((other, target.first + i, bundle.kind, parameter, element, bundle.scale))
        keys = ("source", "target", "kind", "parameter", "element", "scale")
        return dict(zip(keys, np.array(rows, dtype=np.float64).T, strict=True))

    @torch.no_grad()
    def values(self, weights: Weights | None = None) -> Tensor:
        """The weight of every edge, in the order of `about`'s edges: (E,)."""
        held = self.parameters if weights is None else weights
        found = []
        for bundle in self.bundles:
            if bundle.kind in (IDENTITY, DRAW):
                count = 1 if bundle.kind == IDENTITY else len(self.columns[bundle.source].shown)
                found.append(torch.ones(count))
                continue
            flat = held[bundle.parameter].detach().reshape(-1)
            if bundle.part is not None:
                found.append(flat[bundle.part].square().mean().sqrt().reshape(1))
                continue
            assert bundle.places is not None  # noqa: S101 - lines and loops have places
            alternatives = flat[bundle.places].flatten(0, 1)  # (edges, alternatives)
            found.append(alternatives.gather(1, alternatives.abs().argmax(1, keepdim=True)).squeeze(1))
        return torch.cat(found).float()

    def look(self, weights: Weights | None = None) -> dict[str, Any]:
        """The weights of all edges for one frame; `weights` by name, where they are not the network's own parameters."""
        value = self.values(weights)
        heard = (
            f"The network has {len(self.columns)} layers; its largest drawn weight is {float(value.abs().max()):.1f}."
        )
        return {
            "replace": {"network": {"weights": {"value": value.numpy()}}},
            "facts": {"summaries": {"network": heard}},
        }


def _linears(layers: nn.ModuleList) -> list[nn.Linear]:
    return [layer for layer in layers if isinstance(layer, nn.Linear)]


def _window(network: Network, layer: int) -> tuple[Tensor, int]:
    """Which weights stand behind one drawn line, and how far apart the lines of two neighbouring units are."""
    if isinstance(network, Convolution):
        kernel, size = network.kind.kernel, network.kind.kernel**network.axes
        if layer:
            return torch.arange(size), size  # a filter's whole window
        channels = torch.arange(network.slices[-1])[:, None] * size
        across = torch.arange(
            size // kernel
        )  # one position of the window, or one row of it: all its channels and columns
        return (channels + across).flatten(), size // kernel
    if isinstance(network, TokenAttention):
        each = _linears(network.hidden)[layer].in_features // network.heads
        return torch.arange(each), each
    return torch.zeros(1, dtype=torch.int64), 1


def _floats(table: Mapping[str, Any]) -> dict[str, np.ndarray[Any, Any]]:
    return {name: np.asarray(column, np.float32) for name, column in table.items()}


def of_deep_generative(model: Any, q: Any) -> NetworkPicture | None:
    """Encoder, z and decoder in a row; None where the decoder is no network of layers."""
    if not isinstance(model.decoder, FeedForward):
        return None
    picture, encoder = NetworkPicture(), getattr(q.by_site["z"], "encoder", None)
    if isinstance(encoder, Layered):
        middle = picture.site("z", model.latent_size, picture.add(encoder, "encoder.", "x", "ν"))  # type: ignore[arg-type]
    else:
        middle = picture.alone("z", model.latent_size)
    picture.add(model.decoder, "decoder.", "z", "x̂", start=middle)
    return picture
