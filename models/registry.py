"""The model families: deep generative, … To add one: its file, its settings, and one entry in this tuple."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from models import deep_generative
from models.core import Model
from models.data import DATA, Dataset, Source
from models.deep_generative_settings import Settings as DeepGenerativeSettings
from models.estimators import Estimator
from models.families import Normal
from models.inference.settings import InferenceSettings
from models.variational import Posterior

MANY = 64  # draws: enough for any estimator
Build = Callable[[Any, Dataset, torch.Generator], tuple[Model, Posterior]]


def _unless_normal(part: type[Estimator]) -> str | None:
    return part().supports(Normal(), MANY)


@dataclass(frozen=True)
class ModelFamily:
    """A family of models as a part: its settings, how it is built, and which estimators can never apply."""

    name: str
    label: str
    symbol: str  # its formula, in which {knob} stands for the chosen part's symbol
    help: str
    settings: type[InferenceSettings]
    build: Build
    data: Mapping[str, Source]
    unavailable: Callable[[type[Estimator]], str | None]  # why an estimator can never be chosen
    requires: tuple[dict[str, object], ...] = ()


MODELS: dict[str, ModelFamily] = {
    each.name: each
    for each in (
        ModelFamily(
            "deep_generative",
            "deep generative",
            "x | z ~ {response}, its parameters {decoder}    z ~ {latent_prior}    θ ~ N(0, λ²)",
            "Every datum has a latent z; a network decodes it.",
            DeepGenerativeSettings,
            deep_generative.build,
            DATA,
            _unless_normal,
        ),
    )
}


def family_of(settings: InferenceSettings) -> ModelFamily:
    """The family whose settings these are."""
    return next(each for each in MODELS.values() if type(settings) is each.settings)
