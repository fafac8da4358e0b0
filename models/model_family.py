"""A family of models as a part: what its folder's `declaration.py` says of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from elbo_room.models.core import Model
from elbo_room.models.data import Dataset, Source
from elbo_room.models.estimators import Estimator
from elbo_room.models.formulas import Line
from elbo_room.models.settings import Need
from elbo_room.models.training.settings import InferenceSettings
from elbo_room.models.variational import Posterior

MANY = 64  # draws: enough for any estimator
NO_WEIGHTS = "It is for the weights of a Bayesian network; here there are none. Choose a conditional model."
Build = Callable[[Any, Dataset, torch.Generator], tuple[Model, Posterior]]


@dataclass(frozen=True)
class ModelFamily:
    """Its settings, how it is built, and which estimators can never apply.

    >>> import elbo_room as er
    >>> from elbo_room.models.registry import MODELS
    >>> MODELS["conditional"].settings is er.ConditionalSettings
    True
    """

    name: str  # as its folder
    label: str
    symbol: str
    help: str
    settings: type[InferenceSettings]
    build: Build
    data: Mapping[str, Source]
    unavailable: Callable[[type[Estimator]], str | None]  # why an estimator can never be chosen
    requires: tuple[dict[str, object], ...] = ()
    point_weights: bool = (
        False  # the network's weights are always a point mass, so that some priors can never be chosen
    )
    weighs_rows: bool = False  # whether rows can have weights, offsets and exposures
    bound_needs: tuple[Need, ...] = ()  # of estimators that maximise an importance-weighted bound
    lines: tuple[Line, ...] = ()  # of its formula, by the settings; without any, the symbol alone
    parts: Mapping[str, Mapping[str, Any]] = field(
        default_factory=dict
    )  # what its knobs choose from beside the shared folders
