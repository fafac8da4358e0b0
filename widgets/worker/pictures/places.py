"""Where a deep exponential family's units, weights, words and draws are placed in their drawings: shares of the plot, plain arithmetic."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from elbo_room.widgets.messages import Columns

LAYER_NAMES = ("x", "z₁", "z₂", "z₃")
EDGES, CROWDED = (4, 2), 8  # the strongest weights from above that are drawn for a unit; where more units are above it
LEFT, STEP = -0.11, 0.13  # where the top layer is, and how far the next one is to its right, where there are words


def packed(rows: Sequence[Sequence[float]], names: Sequence[str]) -> Columns:
    """Rows as float32 columns."""
    table = np.asarray(rows, np.float32).reshape(-1, len(names))
    return dict(zip(names, table.T, strict=True))


@dataclass(frozen=True)
class Placed:
    """Nodes of the drawing, where each is, and the layers' names."""

    columns: Columns
    names: Columns
    at: Mapping[tuple[int, int], tuple[float, float]]  # (layer, unit) → place
    words_from: float  # where the first word begins


def nodes(activity: Mapping[int, Any], shown: Mapping[int, Sequence[int]], words: bool) -> Placed:
    """Layers from the top down, units from left to right; with words from left to right, so that each unit has a line for its words."""
    layers = max(activity)
    at, rows, names = {}, [], []
    for number, values in activity.items():
        units, most = shown[number], float(values.max()) or 1.0
        depth = LEFT + STEP * (layers - number) if words else 0.06 + 0.87 * _share(number, layers)
        names.append((depth, 1.0, number) if words else (-0.12, depth, number))
        for place, unit in enumerate(units):
            along = (place + 0.5) / len(units)
            at[number, unit] = (depth, 0.95 * (1 - along)) if words else (along, depth)
            size = min(320.0, (3600.0 if words else 3000.0) / len(units))
            rows.append((*at[number, unit], float(values[unit]) / most, size))
    begin = LEFT + STEP * (layers - 1) + 0.06
    return Placed(packed(rows, ("x", "y", "activity", "size")), packed(names, ("x", "y", "index")), at, begin)


def _share(number: int, layers: int) -> float:
    return (number - 1) / (layers - 1) if layers > 1 else 0.5


FORMULA = (-0.12, -0.09)  # where the line below the drawing begins


def edges(weights: Sequence[Any], shown: Mapping[int, Sequence[int]], placed: Placed) -> Columns:
    """The strongest weights into every drawn unit from the layer above, as shares of the layer's largest."""
    rows = []
    for number in range(1, len(weights)):
        above, below = shown[number + 1], shown[number]
        matrix = weights[number]  # (O, I), O or I may count states
        if max(below) >= matrix.shape[0] or max(above) >= matrix.shape[1]:
            continue
        part = matrix[np.ix_(below, above)]
        largest = float(np.abs(part).max()) or 1.0
        for row, unit in enumerate(below):
            for column in np.argsort(-np.abs(part[row]))[: EDGES[len(above) > CROWDED]]:
                value = float(part[row, column])
                ends = (*placed.at[number + 1, above[column]], *placed.at[number, unit])
                rows.append((*ends, abs(value) / largest, float(value < 0)))
    return packed(rows, ("x", "y", "x2", "y2", "size", "negative"))


def word_rows(
    index: Sequence[Sequence[int]], score: Sequence[Sequence[float]], units: Sequence[int], placed: Placed
) -> Columns:
    """Words next to their units of layer 1, the strongest first."""
    rows = []
    for unit, words, scores in zip(units, index, score, strict=True):
        best = max(scores[0], 1e-12) if scores else 1.0
        wide = (1 - placed.words_from) / max(1, len(words))
        for place, (word, value) in enumerate(zip(words, scores, strict=True)):
            strength = max(0.0, min(1.0, value / best))
            left = placed.words_from + place * wide
            rows.append((left, placed.at[1, unit][1], word + len(LAYER_NAMES), strength, wide))
    return packed(rows, ("x", "y", "index", "strength", "wide"))


def _grid(values: Any, shape: tuple[int, ...]) -> tuple[int, int]:
    if len(shape) == 2:
        return shape[0], shape[1]
    down = max(1, math.isqrt(len(values)))
    return down, math.ceil(len(values) / down)


def tiles(
    images: Mapping[int, Any], shape: tuple[int, ...], words: Sequence[Sequence[int]] | None
) -> dict[str, Columns]:
    """Draws as columns of tiles, one per layer: `images` by layer (count, K), 0 for x; words of x, where it is text, instead of a tile."""
    count, levels = len(next(iter(images.values()))), len(images) + (words is not None)
    cells, texts, names = [], [], []
    for level, (number, values) in enumerate(images.items()):
        top, tall = 1 - level / levels, 0.9 / levels
        names.append((0.0, top - tall / 2, number))
        low, high = (
            (0.0, float(np.quantile(values, 0.99)) or 1.0) if number else (float(values.min()), float(values.max()))
        )
        for column in range(count):
            down, across = _grid(values[column], shape if number == 0 else ())
            left, wide = (column + 0.05) / count, 0.9 / count
            for place, value in enumerate(values[column]):
                row, along = divmod(place, across)
                corner = (left + wide * along / across, top - tall * row / down)
                opposite = (left + wide * (along + 1) / across, top - tall * (row + 1) / down)
                shade = (float(value) - low) / max(high - low, 1e-12)
                cells.append((corner[0], corner[1], *opposite, min(1.0, max(0.0, shade))))
    for column, found in enumerate(words or ()):
        for line, word in enumerate(found):
            texts.append(((column + 0.5) / count, (1 - line / len(found)) / levels - 0.03, word))
    if words is not None:
        names.append((0.0, 0.5 / levels, 0))
    return {
        "cells": packed(cells, ("x", "y", "x2", "y2", "value")),
        "words": packed(texts, ("x", "y", "index")),
        "names": packed(names, ("x", "y", "index")),
    }
