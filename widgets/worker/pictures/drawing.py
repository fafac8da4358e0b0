"""A drawing of a network: its columns, its bundles of edges, and what of them travels: the graph once, the weights with a frame.

A layer shows at most `MOST` units. A drawn edge represents one weight; where many share its place (the bases under one position of a
filter, the positions of an output) the largest of them is shown. Skips are arcs with the root mean square of their weights.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from elbo_room.widgets.messages import About, Columns, Picture

MOST = 12  # units shown of a layer
# Kinds of nodes and edges; network_diagram.js draws them.
UNIT, INPUT, BANK, HEAD, LATENT = range(5)
LINE, ARC, IDENTITY, LOOP, DRAW = range(5)
Weights = Mapping[str, Tensor]


@dataclass
class Column:
    """A layer as it is drawn: its title, the text below it, and which of its units are shown."""

    title: str
    note: str
    size: int
    kind: int = UNIT
    bias: tuple[str, int] | None = None  # its parameter, and the index of its first unit in it
    shown: Tensor = field(init=False)
    first: int = 0  # number of its first node

    def __post_init__(self) -> None:
        self.shown = torch.linspace(0, self.size - 1, min(self.size, MOST)).round().long()


@dataclass
class Bundle:
    """Edges of one parameter between two columns; `places` are the flat positions that an edge represents (the largest is shown)."""

    source: int
    target: int
    kind: int
    parameter: str
    places: Tensor | None = None  # (targets, sources, alternatives); None: one arc for the whole `part`
    part: Tensor | None = None  # flat positions of an arc
    scale: float = 1.0


class Drawing:
    """Columns and bundles of one or more networks in a row: `about` once, `look` for each frame."""

    def __init__(self) -> None:
        self.columns: list[Column] = []
        self.bundles: list[Bundle] = []
        self.parameters: dict[str, Tensor] = {}
        self.sites: dict[int, str] = {}  # columns that are a site of q

    def column(self, column: Column) -> int:
        """Put a column behind those that are there; returns its number."""
        column.first = sum(len(each.shown) for each in self.columns)
        self.columns.append(column)
        return len(self.columns) - 1

    def about(self) -> About:
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

    def _nodes(self, names: Sequence[str]) -> Columns:
        rows = []
        sites = list(self.sites)
        first_site = 2 * len(self.columns) + len(names)
        for number, column in enumerate(self.columns):
            count, gap = len(column.shown), column.size > MOST
            for place, unit in enumerate(column.shown.tolist()):
                shift = place + (gap and place >= count // 2)  # a gap in the middle marks what is not shown
                y = (shift + 0.5) / (count + gap)
                x = number / max(1, len(self.columns) - 1)
                parameter, element = (names.index(column.bias[0]), column.bias[1] + unit) if column.bias else (-1, -1)
                site = first_site + sites.index(number) if number in self.sites else -1
                rows.append((x, y, column.kind, number, unit, parameter, element, site))
        keys = ("x", "y", "kind", "column", "unit", "parameter", "element", "site")
        return dict(zip(keys, np.array(rows).T, strict=True))

    def _edges(self, names: Sequence[str]) -> Columns:
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

    def values(self, weights: Weights | None = None) -> Tensor:
        """The weight of every edge, in the order of `about`'s edges: (E,)."""
        return torch.cat(self._by_bundle(weights)).float()

    @torch.no_grad()
    def _by_bundle(self, weights: Weights | None = None) -> list[Tensor]:
        """Of each bundle the weight of every edge."""
        held = self.parameters if weights is None else weights
        found: list[Tensor] = []
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
        return found

    def _links(self, values: Sequence[Tensor]) -> Columns:
        """The weights between two layers in a row of numbers, for who does not see them."""
        rows = [
            (bundle.source, bundle.target, len(each), each.min(), each.max(), each.square().mean().sqrt())
            for bundle, each in zip(self.bundles, values, strict=True)
            if bundle.parameter and len(each)
        ]
        keys = ("source", "target", "count", "low", "high", "size")
        return dict(zip(keys, np.array(rows, np.float32).reshape(-1, len(keys)).T, strict=True))

    def look(self, weights: Weights | None = None) -> Picture:
        """The weights of all edges for one frame; `weights` by name, where they are not the network's own parameters."""
        values = self._by_bundle(weights)
        value = torch.cat(values).float()
        heard = (
            f"The network has {len(self.columns)} layers; its largest drawn weight is {float(value.abs().max()):.1f}."
        )
        return {
            "replace": {"network": {"weights": {"value": value.numpy()}, "links": self._links(values)}},
            "facts": {"summaries": {"network": heard}},
        }


def _floats(table: Mapping[str, Any]) -> Columns:
    return {name: np.asarray(column, np.float32) for name, column in table.items()}
