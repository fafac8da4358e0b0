"""Cells (x, y, value) with words next to them: what the attention map and the filters are made of; and how parts of pictures join."""

from collections.abc import Mapping
from typing import TypeVar, cast

import numpy as np
from torch import Tensor

from elbo_room.widgets.messages import Columns, Picture

T = TypeVar("T")
Place = tuple[float, float, int]  # x, y in cells, and how a word is aligned with it
BEFORE, BELOW, ABOVE = 0, 2, 3  # a word ends at its place, hangs from it, or begins there
ABOVE_ALL, SHADES = 4, 5  # a sentence over the plot; what its shades stand for, at the end of the same line


def merged(first: T, *others: T) -> T:
    """The parts of several pictures as one, level by level."""
    whole = cast("Mapping[str, object]", first)
    for other in others:
        whole = _joined(whole, cast("Mapping[str, object]", other))
    return cast("T", whole)


def _joined(first: Mapping[str, object], other: Mapping[str, object]) -> Mapping[str, object]:
    whole = dict(first)
    for key, value in other.items():
        there = whole.get(key)
        whole[key] = _joined(there, value) if isinstance(there, dict) and isinstance(value, dict) else value
    return whole


class Cells:
    """Cells of several blocks, each scaled to [−1, 1] by its own largest value."""

    def __init__(self) -> None:
        self.rows: list[tuple[float, float, float]] = []

    def block(self, left: float, top: float, values: Tensor) -> None:
        """Values (rows, columns) with their upper left corner at a place."""
        scaled = (values / values.abs().max().clamp_min(1e-12)).tolist()
        self.rows += [(left + x, top + y, value) for y, row in enumerate(scaled) for x, value in enumerate(row)]

    def columns(self) -> Columns:
        """x, y, value."""
        return dict(zip(("x", "y", "value"), np.array(self.rows).T, strict=True))


def cells_part(
    chart: str, cells: Columns, places: list[Place], names: list[str], span: tuple[float, float], heard: str
) -> Picture:
    """Cells, and each of `names` at its place, for one chart of `span` (columns, rows); `heard` is what a screen reader reads out."""
    x, y, align = np.array(places, np.float32).T
    text = {"x": x, "y": y, "align": align, "label": np.arange(len(names), dtype=np.float32)}
    floats = {name: np.asarray(column, np.float32) for name, column in cells.items()}
    return {
        "replace": {chart: {"cells": floats, "words": text}},
        "params": {chart: {"xHigh": float(span[0]), "yHigh": float(span[1])}},
        "names": {chart: names},
        "facts": {"summaries": {chart: heard}},
    }
