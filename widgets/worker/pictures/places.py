"""Where a deep exponential family's units, weights, words and draws stand in their drawings: shares of the plot, plain arithmetic."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

LAYER_NAMES = ("x", "z₁", "z₂", "z₃")
EDGES_A_UNIT = 4  # the strongest weights from above that are drawn
Columns = dict[str, Any]


def packed(rows: Sequence[Sequence[float]], names: Sequence[str]) -> Columns:
    """Rows as float32 columns."""
    table = np.asarray(rows, np.float32).reshape(-1, len(names))
    return dict(zip(names, table.T, strict=True))


@dataclass(frozen=True)
class Placed:
    """Nodes of the drawing, where each stands, and the layers' names."""

    columns: Columns
    names: Columns
    at: Mapping[tuple[int, int], tuple[float, float]]  # (layer, unit) → place
    words_from: float  # height of the first word


def nodes(activity: Mapping[int, Any], shown: Mapping[int, Sequence[int]], words: bool) -> Placed:
    """Layers from the top down, units from left to right; with words the lower part of the plot is theirs."""
    layers = max(activity)
    low = 0.66 if words else 0.12
    heights = {number: low + (0.93 - low) * ((number - 1) / max(1, layers - 1)) for number in activity}
    if layers == 1:
        heights[1] = 0.93 if words else 0.5
    at, rows = {}, []
    for number, values in activity.items():
        units, most = shown[number], float(values.max()) or 1.0
        for place, unit in enumerate(units):
            at[number, unit] = ((place + 0.5) / len(units), heights[number])
            size = min(320.0, 5200.0 / len(units))
            rows.append((*at[number, unit], float(values[unit]) / most, size))
    names = [(0.0, height, number) for number, height in heights.items()]
    return Placed(
        packed(rows, ("x", "y", "activity", "size")), packed(names, ("x", "y", "index")), at, heights[1] - 0.08
    )


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
            for column in np.argsort(-np.abs(part[row]))[:EDGES_A_UNIT]:
                value = float(part[row, column])
                ends = (*placed.at[number + 1, above[column]], *placed.at[number, unit])
                rows.append((*ends, abs(value) / largest, float(value < 0)))
    return packed(rows, ("x", "y", "x2", "y2", "size", "negative"))


def word_rows(index: Sequence[Sequence[int]], score: Sequence[Sequence[float]], placed: Placed) -> Columns:
    """Words below their units, the strongest first and largest."""
    rows = []
    for place, (words, scores) in enumerate(zip(index, score, strict=True)):
        best = max(scores[0], 1e-12) if scores else 1.0
        step = placed.words_from / max(1, len(words))
        for line, (word, value) in enumerate(zip(words, scores, strict=True)):
            strength = max(0.0, min(1.0, value / best))
            height = placed.words_from - line * step
            rows.append(((place + 0.5) / len(index), height, word + len(LAYER_NAMES), 10 + 3 * strength, strength))
    return packed(rows, ("x", "y", "index", "size", "strength"))


def _grid(values: Any, shape: tuple[int, ...]) -> tuple[int, int]:
    if len(shape) == 2:
        return shape[0], shape[1]
    down = max(1, math.isqrt(len(values)))
    return down, math.ceil(len(values) / down)


def tiles(
    images: Mapping[int, Any], shape: tuple[int, ...], words: Sequence[Sequence[int]] | None
) -> dict[str, Columns]:
    """Draws as columns of tiles, one a layer: `images` by layer (count, K), 0 for x; words of x, where it is text, instead of a tile."""
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
