"""Runs of a model that a person built in the notebook: every start trains a fresh copy of what was handed over."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from models.data import Dataset, from_array
from models.inference.run import Run
from models.inference.settings import InferenceSettings


def factory(model: Any, q: Any, data: Any) -> Callable[[InferenceSettings], Run]:
    """How a worker makes a run of this model.

    Raises:
        ValueError: q or the data are missing.
    """
    if q is None or data is None:
        missing = " and ".join(name for name, part in (("q", q), ("data", data)) if part is None)
        raise ValueError(
            f"A model came without {missing}. Call Explorer(model=model, q=Posterior({{...}}), data=data)."
        )
    held = copy.deepcopy((model, q))
    table = data if isinstance(data, Dataset) else from_array(data)

    def make(settings: InferenceSettings) -> Run:
        fresh_model, fresh_q = copy.deepcopy(held)
        return Run(settings, table, fresh_model, fresh_q)

    return make
