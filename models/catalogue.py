"""The catalogue: everything the screen needs to know about settings, parts and presets, as plain data for a kernel without torch."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from elbo_room.models.data import DATA, EXPONENTIAL_DATA
from elbo_room.models.data.supervised import SUPERVISED
from elbo_room.models.estimators import ESTIMATORS, XI_SOURCES
from elbo_room.models.inference.costs import RAO_BLACKWELL
from elbo_room.models.inference.noise import NOISES
from elbo_room.models.latent_priors import LATENT_PRIORS
from elbo_room.models.mathml import latex_of, mathml
from elbo_room.models.model_family import ModelFamily
from elbo_room.models.networks import ACTIVATIONS, ATTENTIONS, CELLS, NETWORKS, NORMS, POOLINGS
from elbo_room.models.presets import CHAPTERS, DIFFICULTIES, PRESETS
from elbo_room.models.priors import PRIORS
from elbo_room.models.registry import MODELS
from elbo_room.models.settings import FIRST_MODEL, VERSION, Knob, describe, knobs_of, rule, validate
from elbo_room.models.training.formulas import INFERENCE_LINES
from elbo_room.models.training.optimizers import OPTIMIZERS
from elbo_room.models.training.schedules import SCHEDULES
from elbo_room.models.training.settings import InferenceSettings
from elbo_room.models.variational import STRUCTURES, VARIATIONAL
from elbo_room.models.variational.weights import WEIGHT_POSTERIORS

FOLDERS: dict[str, Mapping[str, Any]] = {
    "models": MODELS,
    "data": DATA,
    "exponential_data": EXPONENTIAL_DATA,
    "supervised": SUPERVISED,
    "weight_posteriors": WEIGHT_POSTERIORS,
    "latent_priors": LATENT_PRIORS,
    "activations": ACTIVATIONS,
    "attentions": ATTENTIONS,
    "networks": NETWORKS,
    "norms": NORMS,
    "cells": CELLS,
    "poolings": POOLINGS,
    "priors": PRIORS,
    "variational": VARIATIONAL,
    "structures": STRUCTURES,
    "estimators": ESTIMATORS,
    "xi_sources": XI_SOURCES,
    "noises": NOISES,
    "optimizers": OPTIMIZERS,
    "schedules": SCHEDULES,
    "rao_blackwell": RAO_BLACKWELL,
}
for _family in MODELS.values():
    FOLDERS.update(_family.parts)


def _plain(parts: Iterable[Any], model: ModelFamily) -> list[dict[str, Any]]:
    shown = ("name", "label", "symbol", "help")
    return [
        {key: getattr(part, key) for key in shown}
        | ({"natural_symbol": natural} if (natural := getattr(part, "natural_symbol", "")) else {})
        | {"requires": [*part.requires, *_needs(part, model)], "unavailable": _unavailable(part, model)}
        for part in parts
    ]


def _unavailable(part: Any, model: ModelFamily) -> str | None:
    """Why a part can never be chosen with this model family."""
    if part in ESTIMATORS.values():
        return model.unavailable(part)
    if part in PRIORS.values():
        return part.point_mass if model.point_weights else None
    reason: str | None = getattr(part, "refused", None)
    return reason


def _needs(part: Any, model: ModelFamily) -> list[dict[str, Any]]:
    """A network over positions needs one of the family's data sets that have them."""
    if getattr(part, "bound", "elbo") != "elbo":
        return [*model.bound_needs]
    axes = getattr(part, "ordered", 0)
    fitting = tuple(name for name, source in model.data.items() if source.axes >= axes)
    words = (
        "an image: its windows slide in both directions"
        if axes == 2
        else "a sequence or an image, whose features are ordered"
    )
    return [rule("data", f"It needs {words}.", among=fitting)] if 0 < len(fitting) < len(model.data) else []


@cache
def knobs(model: str = FIRST_MODEL) -> list[Knob]:
    """Every knob of a run of one model family, with its choices, as plain data."""
    family = MODELS[model]
    return describe(family.settings, {folder: _plain(parts.values(), family) for folder, parts in FOLDERS.items()})


def all_knobs() -> dict[str, list[Knob]]:
    """The knobs of every model family."""
    return {name: knobs(name) for name in MODELS}


def settings_from(values: Mapping[str, Any]) -> InferenceSettings:
    """Checked settings of the family named in the values; raises `SettingError`."""
    whole = validate(knobs_of(all_knobs(), values), values)
    return MODELS[whole["model"]].settings(**whole)


def catalogue() -> dict[str, Any]:
    """Knobs, presets, and the estimators' labels for panel B."""
    estimators = {
        name: {
            "label": part.label,
            "symbol": part.symbol,
            "path": part.path,
            "least_draws": part.least_draws,
            "source": part.source,
            "unbiased": part.unbiased,
            "bound": part.bound,
            "group": part.group(),
            "formula": mathml(latex_of(part.symbol)),
        }
        for name, part in ESTIMATORS.items()
    }
    models = {
        name: {
            "label": part.label,
            "help": part.help,
            "symbol": part.symbol,
            "lines": [*part.lines],
            "knobs": knobs(name),
        }
        for name, part in MODELS.items()
    }
    scenes = {"presets": PRESETS, "chapters": CHAPTERS, "difficulties": list(DIFFICULTIES)}
    return {"version": VERSION, "models": models, "estimators": estimators, **scenes, "lines": [*INFERENCE_LINES]}
