"""What a network over positions has learned: the attention map of one sentence, and a convolution's filters beside the truth.

Both charts are cells (x, y, value) with words beside them; a family's pictures merge these parts into what `look` returns.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from models.data import Dataset
from models.data.dna import BASES, correlation, known_motifs
from models.networks import Convolution, TokenAttention

Parts = dict[str, Any]
Place = tuple[float, float, int]  # x, y in cells, and how a word stands to it
MOST_FILTERS = 6
BEFORE, BELOW, ABOVE = 0, 2, 3  # a word ends at its place, hangs from it, or begins there


def merged(first: Parts, *others: Parts) -> Parts:
    """The parts of several pictures as one, level by level."""
    whole = dict(first)
    for other in others:
        for key, value in other.items():
            whole[key] = merged(whole[key], value) if isinstance(whole.get(key), dict) else value
    return whole


def over_positions(network: object, data: Dataset, watched: frozenset[str]) -> list[Parts]:
    """What there is to show of a network in the charts that are in sight: attention map, filters, or nothing."""
    found = []
    if "attention_map" in watched and isinstance(network, TokenAttention):
        found.append(attention_part(network, data))
    if "filters" in watched and isinstance(network, Convolution):
        found.append(filters_part(network, data))
    return found


def tokens_of(data: Dataset, row: Tensor) -> list[str]:
    """What stands at each position of a datum: the name of its one indicator, or the position's number."""
    slices = row.unflatten(0, (data.shape[0], -1))  # (T, C)
    if not data.feature_names or not bool((slices.sum(-1) == 1).all()):
        return [str(t + 1) for t in range(data.shape[0])]
    return [data.feature_names[t * slices.shape[1] + int(c)] for t, c in enumerate(slices.argmax(-1))]


@torch.no_grad()
def attention_part(network: TokenAttention, data: Dataset, layer: int = -1) -> Parts:
    """The map of the first held-out datum (the notes' own sentence, for the gerbil): rows look at columns; heads side by side."""
    row = (data.test or data).x[0]
    maps, words = network.attention_map(row, layer), tokens_of(data, row)  # (heads, T, T)
    heads, size, _ = maps.shape
    ranges = (torch.arange(heads), torch.arange(size), torch.arange(size))
    head, t, u = (axis.flatten().numpy() for axis in torch.meshgrid(*ranges, indexing="ij"))
    cells = {"x": head * (size + 1) + u, "y": t, "value": maps.flatten().numpy()}
    places: list[Place] = [(-0.3, place + 0.5, BEFORE) for place in range(size)]
    places += [(h * (size + 1) + place + 0.5, size + 0.15, BELOW) for h in range(heads) for place in range(size)]
    names = words + words * heads
    last = maps[:, -1].mean(0)
    heard = f"{words[-1]} looks most at {words[int(last.argmax())]}, with weight {float(last.max()):.2f}."
    part = _part("attention_map", cells, places, names, (heads * (size + 1) - 1, size), heard)
    part["facts"]["attention"] = float(last.max())
    return part


@torch.no_grad()
def filters_part(network: Convolution, data: Dataset) -> Parts:
    """Learned filters; above those that look for a planted motif stands the motif's own log odds, at the place where they agree best."""
    filters = network.filters()  # (channels, inputs, k), or (channels, inputs, k, k)
    if network.axes == 2:
        return _plain_filters(filters.flatten(1, 2))
    centred = filters - filters.mean(1, keepdim=True)
    if not data.name.startswith("planted_motifs"):
        return _plain_filters(centred)
    cells, names = _Cells(), list[str]()
    places: list[Place] = []
    kernel, left, known = filters.shape[-1], 0, known_motifs()
    for name, motif in known.items():
        value, channel, shift = correlation(filters, motif)
        first = min(0, -shift)
        truth = (motif / 0.25).log()
        cells.block(left - first, 0, (truth - truth.mean(1, keepdim=True)).T)
        cells.block(left - first - shift, 5, centred[channel])
        places += [(left, -0.35, ABOVE), (left, 9.6, ABOVE)]
        names += [name, f"filter {channel + 1}, r = {value:.2f}"]
        left += max(len(motif), kernel - shift) - first + 2
    places += [(-0.4, top + base + 0.5, BEFORE) for top in (0, 5) for base in range(4)]
    names += list(BASES) * 2
    best = ", ".join(f"{name} {correlation(filters, motif)[0]:.2f}" for name, motif in known.items())
    return _part(
        "filters", cells.columns(), places, names, (left - 2, 10), f"Correlation with the planted motifs: {best}."
    )


def _plain_filters(filters: Tensor) -> Parts:
    """The filters with the largest weights, side by side: (channels, rows, columns)."""
    order = filters.flatten(1).norm(dim=1).argsort(descending=True)[:MOST_FILTERS].tolist()
    rows, columns = filters.shape[1:]
    across = 3
    cells, names = _Cells(), list[str]()
    places: list[Place] = []
    for k, channel in enumerate(order):
        x, y = (k % across) * (columns + 2), (k // across) * (rows + 2)
        cells.block(x, y, filters[channel])
        places.append((x, y - 0.35, ABOVE))
        names.append(f"filter {channel + 1}")
        if rows == len(BASES) and k % across == 0:
            places += [(x - 0.4, y + base + 0.5, BEFORE) for base in range(4)]
            names += list(BASES)
    span = (min(across, len(order)) * (columns + 2) - 2, (1 + (len(order) - 1) // across) * (rows + 2) - 2)
    return _part("filters", cells.columns(), places, names, span, f"The {len(order)} filters with the largest weights.")


class _Cells:
    """Cells of several blocks, each scaled to [−1, 1] by its own largest value."""

    def __init__(self) -> None:
        self.rows: list[tuple[float, float, float]] = []

    def block(self, left: float, top: float, values: Tensor) -> None:
        """Values (rows, columns) with their upper left corner at a place."""
        scaled = (values / values.abs().max().clamp_min(1e-12)).tolist()
        self.rows += [(left + x, top + y, value) for y, row in enumerate(scaled) for x, value in enumerate(row)]

    def columns(self) -> dict[str, Any]:
        """x, y, value."""
        return dict(zip(("x", "y", "value"), np.array(self.rows).T, strict=True))


def _part(
    chart: str, cells: dict[str, Any], places: list[Place], names: list[str], span: tuple[float, float], heard: str
) -> Parts:
    x, y, align = np.array(places, np.float32).T
    told = {"x": x, "y": y, "align": align, "label": np.arange(len(names), dtype=np.float32)}
    floats = {name: np.asarray(column, np.float32) for name, column in cells.items()}
    return {
        "replace": {chart: {"cells": floats, "words": told}},
        "params": {chart: {"xHigh": float(span[0]), "yHigh": float(span[1])}},
        "names": {chart: names},
        "facts": {"summaries": {chart: heard}},
    }
