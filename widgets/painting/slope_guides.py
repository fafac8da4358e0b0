"""The grey guides of a chart of variance against B."""

from __future__ import annotations

from typing import Any

import numpy as np


def slope_guides(first: Any, low: float, high: float, steeper: float | None = None) -> dict[str, Any]:
    """Grey lines of slope −1, for independent draws, and of the steeper slope expected for the kind of noise.

    They begin in the middle of the variances `first` at the fewest draws, where there is room between the lines.
    """
    slopes, start = (1.0, steeper) if steeper else (1.0,), float(np.sqrt(np.min(first) * np.max(first)))
    named = low * (high / low) ** 0.2  # position of the label
    rows = [(at, start * (low / at) ** slope, slope, at == named) for slope in slopes for at in (low, named, high)]
    return dict(zip(("draws", "value", "slope", "named"), np.asarray(rows, np.float32).T, strict=True))
