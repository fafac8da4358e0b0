"""Runs of what a person passed in the notebook: a model, of which every start trains a fresh copy, or a table of data."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from elbo_room.models.data import OWN, as_dataset
from elbo_room.models.training.run import Run
from elbo_room.models.training.run_from import run_from
from elbo_room.models.training.settings import InferenceSettings


def factory(model: Any, q: Any, data: Any) -> Callable[[InferenceSettings], Run]:
    """How a worker makes a run of this model, or without a model of these data.

    Raises:
        ValueError: q or the data are missing.
    """
    if model is None:
        own = as_dataset(data)
        return lambda settings: Run(settings, own if vars(settings)["data"] == OWN else None)
    if q is None or data is None:
        missing = " and ".join(name for name, part in (("q", q), ("data", data)) if part is None)
        raise ValueError(
            f"A model came without {missing}. Call Explorer(model=model, q=Posterior({{...}}), data=data)."
        )
    held = copy.deepcopy((model, q))
    table = as_dataset(data)

    def make(settings: InferenceSettings) -> Run:
        fresh_model, fresh_q = copy.deepcopy(held)
        return run_from(settings, table, model=fresh_model, q=fresh_q)

    return make
