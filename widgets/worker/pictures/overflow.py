"""What is drawn after an overflow: only finite numbers, and a sentence that says so."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import cast

import numpy as np
from torch import Tensor

from elbo_room.models.inference.parameters import SUBSCRIPTS
from elbo_room.widgets.messages import About, Charts, Columns, Facts, Picture
from elbo_room.widgets.painting.views import all_views

REMEDY = "Press Reset and choose a smaller step size."
OF_GRADIENT = f"The gradient is no longer finite: it has no variance. {REMEDY}"

OF_COVARIANCE = f"The covariance of q is numerically singular: its gradient cannot be measured. {REMEDY}"


def finite(picture: Picture, about: Callable[[], About]) -> Picture:
    """A picture without the rows that have a number that is not finite; such facts are None, and the caption says what is missing.

    `about`: what stays the same for the run. A dataset with columns that stay the same keeps its rows, so it is not replaced at all.
    """
    facts = dict(picture.get("facts", {}))
    drawn = {**picture.get("replace", {}), **picture.get("append", {})}
    bad = sorted(name for name, datasets in drawn.items() if not all(map(_all_finite, datasets.values())))
    lost = [name for name, value in facts.items() if not _is_finite(value)]
    if not bad and not lost:
        return picture
    fixed = about().get("static", {}) if bad else {}
    seen = picture.copy()
    for name in lost:
        facts[name] = [] if isinstance(facts[name], list) else None
    seen["facts"] = cast("Facts", {**facts, "sentence": facts.get("sentence") or of_charts(bad)})
    if "replace" in picture:
        seen["replace"] = _finite_charts(picture["replace"], fixed)
    if "append" in picture:
        seen["append"] = _finite_charts(picture["append"], fixed)
    if "params" in picture:
        seen["params"] = {
            name: {key: value for key, value in values.items() if _is_finite(value)}
            for name, values in picture["params"].items()
        }
    return seen


def of_charts(charts: list[str]) -> str:
    """What the caption says of these charts."""
    if not charts:
        return f"Some numbers are no longer finite: a parameter has overflowed. {REMEDY}"
    names = " and ".join(f"“{all_views()[name].word}”" for name in charts)
    return f"Some numbers of {names} are no longer finite and are not drawn: a parameter has overflowed. {REMEDY}"


def of_dimensions(finite: Tensor) -> str:
    """The same where the KL of some latent dimensions is infinite; finite (K,)."""
    names = ", ".join(f"z{index + 1}".translate(SUBSCRIPTS) for index in (~finite).nonzero()[:, 0].tolist())
    return f"The KL of {names} is infinite: the encoder's output has overflowed for some data points. {REMEDY}"


def of_layers(names: list[str]) -> str:
    """The same for the layers of a deep exponential family."""
    return f"Some values of {', '.join(names)} are no longer finite: a parameter has overflowed. {REMEDY}"


def _finite_charts(charts: Charts, fixed: Charts) -> Charts:
    return {
        chart: {
            name: columns if _all_finite(columns) else _finite_rows(columns)
            for name, columns in datasets.items()
            if _all_finite(columns) or name not in fixed.get(chart, {})
        }
        for chart, datasets in charts.items()
    }


def _all_finite(columns: Columns) -> bool:
    return all(bool(np.isfinite(column).all()) for column in columns.values())


def _finite_rows(columns: Columns) -> Columns:
    """The rows without a number that is not finite; none where the columns have different lengths."""
    lengths = {len(column) for column in columns.values()}
    if len(lengths) > 1:
        return {name: column[:0] for name, column in columns.items()}
    kept = np.ones(lengths.pop(), bool)
    for column in columns.values():
        kept &= np.isfinite(column).reshape(len(kept), -1).all(1)
    return {name: column[kept] for name, column in columns.items()}


def _is_finite(value: object) -> bool:
    """Whether a fact or a parameter is no number, or a finite one; of a list, whether all of it is."""
    match value:
        case float():
            return math.isfinite(value)
        case list():
            return all(_is_finite(each) for each in value)
        case _:
            return True
