"""The model families: deep generative, … To add one: its file, its settings, and one entry in this tuple."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from elbo_room.models.conditional import model as conditional
from elbo_room.models.conditional.settings import Settings as ConditionalSettings
from elbo_room.models.core import Model, described
from elbo_room.models.data import DATA, EXPONENTIAL_DATA, Dataset, Source
from elbo_room.models.data.supervised import SUPERVISED
from elbo_room.models.deep_exponential_family import build as deep_exponential_build
from elbo_room.models.deep_exponential_family.settings import Settings as DeepExponentialSettings
from elbo_room.models.deep_generative import model as deep_generative
from elbo_room.models.deep_generative.settings import Settings as DeepGenerativeSettings
from elbo_room.models.estimators import Estimator
from elbo_room.models.families import Normal
from elbo_room.models.training.settings import InferenceSettings
from elbo_room.models.variational import Posterior

MANY = 64  # draws: enough for any estimator
Build = Callable[[Any, Dataset, torch.Generator], tuple[Model, Posterior]]


NO_WEIGHTS = "It is for the weights of a Bayesian network, and here they are none. Choose a conditional model."


def _unless_normal(part: type[Estimator]) -> str | None:
    if part.for_weights:
        return NO_WEIGHTS
    return part().supports(Normal(), MANY)


def _unless_global(part: type[Estimator]) -> str | None:
    if part.bound == "iwae":
        return "It weighs the draws of each data point; here all data share one draw of the weights. Choose an ELBO estimator."
    return part().supports(Normal(), MANY)


def _unless_layered(part: type[Estimator]) -> str | None:
    """Layers of any family: every estimator applies to some, and the others take the second one."""
    return NO_WEIGHTS if part.for_weights else None


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
    point_weights: bool = (
        False  # whether the network's weights are always a point mass, so that some priors can never be chosen
    )


MODELS: dict[str, ModelFamily] = {
    each.name: each
    for each in (
        ModelFamily(
            "deep_generative",
            "deep generative",
            "x | z ~ {response}, its parameters {decoder}    z ~ {latent_prior}    θ ~ {prior}",
            "Every data point has a latent z; a network decodes it.",
            DeepGenerativeSettings,
            deep_generative.build,
            DATA,
            _unless_normal,
            point_weights=True,
        ),
        ModelFamily(
            "deep_exponential_family",
            "deep exponential family",
            "z₃ ~ {layer_3} → z₂ ~ {layer_2} → z₁ ~ {layer_1} → x ~ {response}   (L = {depth})   u = θ z + α;   {link};   {weights}",
            "Every layer is random, each of any exponential family: belief networks, topics.",
            DeepExponentialSettings,
            deep_exponential_build.build,
            EXPONENTIAL_DATA,
            _unless_layered,
        ),
        ModelFamily(
            "conditional",
            "conditional",
            "y | x ~ {response}, m = f(w)    w = net(x; θ)    θ ~ N(0, λ²)    q(θ) = {posterior}",
            "A network predicts y from x; all its weights are one latent variable.",
            ConditionalSettings,
            conditional.build,
            SUPERVISED,
            _unless_global,
        ),
    )
}


def family_of(settings: InferenceSettings) -> ModelFamily:
    """The family whose settings these are.

    Raises:
        ValueError: they are no settings.
    """
    found = next((each for each in MODELS.values() if type(settings) is each.settings), None)
    if found is None:
        raise ValueError(
            f"The settings are {described(settings)}; a run takes Settings of a family of models. Write Run(Settings(draws=3)), or "
            "settings_from({'draws': 3}) of a dict."
        )
    return found
