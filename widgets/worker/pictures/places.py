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
            rows.append((*at[number, unit], float(values[unit]) / most, size, number, unit + 1))
    begin = LEFT + STEP * (layers - 1) + 0.06
    return Placed(
        packed(rows, ("x", "y", "activity", "size", "layer", "unit")), packed(names, ("x", "y", "index")), at, begin
    )


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
            rows.append((left, placed.at[1, unit][1], word + len(LAYER_NAMES), strength, wide, unit + 1))
    return packed(rows, ("x", "y", "index", "strength", "wide", "unit"))


# The columns of the tables: of a picture or a layer's units, of words, of a feature.
TILE = ("row", "column", "mean", "low", "high")
TEXT = ("row", "column", "index")
FEATURE = ("index", "data_mean", "data_sd", "drawn_mean", "drawn_sd")


def _grid(values: Any, shape: tuple[int, ...]) -> tuple[int, int]:
    if len(shape) == 2:
        return shape[0], shape[1]
    down = max(1, math.isqrt(len(values)))
    return down, math.ceil(len(values) / down)


@dataclass(frozen=True)
class Row:
    """One row of tiles: its name among the labels, and of every column the values (count, K) of a tile, or words instead."""

    label: int
    values: Any = None
    shape: tuple[int, ...] = ()  # of a picture; otherwise units, in a block
    span: tuple[float, float] | None = None  # what is white and what is black, if not the row's own
    words: Sequence[Sequence[int]] = ()


def tiles(rows: Sequence[Row]) -> dict[str, Columns]:
    """Rows from the top down; the pictures of one column belong together."""
    cells, texts, names, sums, read = [], [], [], [], []
    tall = 0.9 / len(rows)
    for level, row in enumerate(rows):
        top = 1 - level / len(rows)
        names.append((0.0, top - tall / 2, row.label))
        for column, found in enumerate(row.words):
            for line, word in enumerate(found):
                texts.append(((column + 0.5) / len(row.words), top - tall * (line + 0.5) / len(found), word))
                read.append((row.label, column + 1, word))
        if row.values is None:
            continue
        count = len(row.values)
        low, high = row.span or (0.0, float(np.quantile(row.values, 0.99)) or 1.0)
        for column, values in enumerate(row.values):
            down, across = _grid(values, row.shape)
            left, wide = (column + 0.05) / count, 0.9 / count
            sums.append((row.label, column + 1, values.mean(), values.min(), values.max()))
            for place, value in enumerate(values):
                at, along = divmod(place, across)
                corner = (left + wide * along / across, top - tall * at / down)
                opposite = (left + wide * (along + 1) / across, top - tall * (at + 1) / down)
                cells.append((*corner, *opposite, _shade(float(value), low, high)))
    return {**_drawing(cells, texts, names), "tiles": packed(sums, TILE), "texts": packed(read, TEXT)}


def _shade(value: float, low: float, high: float) -> float:
    return min(1.0, max(0.0, (value - low) / max(high - low, 1e-12)))


def _drawing(cells: Any, texts: Any, names: Any) -> dict[str, Columns]:
    return {
        "cells": packed(cells, ("x", "y", "x2", "y2", "value")),
        "words": packed(texts, ("x", "y", "index")),
        "names": packed(names, ("x", "y", "index")),
        "tiles": packed([], TILE),
        "texts": packed([], TEXT),
        "features": packed([], FEATURE),
    }


def _features(data: Any, drawn: Any, labels: Sequence[int]) -> Columns:
    """Mean and standard deviation of the data (N, F) and of the draws (S, F)."""
    numbers = [labels, data.mean(0), data.std(0), drawn.mean(0), drawn.std(0)]
    return packed(np.stack([np.asarray(each, np.float32) for each in numbers], 1).tolist(), FEATURE)


PALE, DARK, DOT = 0.28, 1.0, 0.005  # of a data point and of a draw; half a dot's side


def dots(data: Any, drawn: Any) -> dict[str, Columns]:
    """Points (N, 2) of the data, pale, and draws (S, 2) over them, dark, on one square."""
    low, high = np.minimum(data.min(0), drawn.min(0)), np.maximum(data.max(0), drawn.max(0))
    cells = []
    for points, shade in ((data, PALE), (drawn, DARK)):
        for x, y in 0.02 + 0.96 * (points - low) / np.maximum(high - low, 1e-12):
            cells.append((x - DOT, y - DOT, x + DOT, y + DOT, shade))
    return {**_drawing(cells, [], []), "features": _features(data, drawn, range(data.shape[1]))}


def strips(data: Any, drawn: Any, labels: Sequence[int]) -> dict[str, Columns]:
    """One band per feature: above, the data's values (N, F), pale; below, the draws' (S, F), dark; from the lowest to the highest."""
    cells, names = [], []
    tall = 1 / len(labels)
    for feature, label in enumerate(labels):
        top = 1 - feature * tall
        names.append((0.0, top - tall / 2, label))
        low = min(data[:, feature].min(), drawn[:, feature].min())
        high = max(data[:, feature].max(), drawn[:, feature].max())
        for half, (values, shade) in enumerate(((data[:, feature], PALE), (drawn[:, feature], DARK))):
            for place in 0.01 + 0.98 * (values - low) / max(high - low, 1e-12):
                y = top - tall * (0.1 + 0.4 * half)
                cells.append((place - DOT / 2, y, place + DOT / 2, y - 0.34 * tall, shade))
    return {**_drawing(cells, [], names), "features": _features(data, drawn, labels)}
