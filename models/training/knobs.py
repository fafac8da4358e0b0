"""The inference knobs alone, checked: what a run of the user's own model needs."""

from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from typing import Any

from elbo_room.models.core import described
from elbo_room.models.estimators import ESTIMATORS, XI_SOURCES
from elbo_room.models.inference.costs import RAO_BLACKWELL
from elbo_room.models.inference.noise import NOISES
from elbo_room.models.settings import Knob, describe, validate
from elbo_room.models.training.optimizers import OPTIMIZERS
from elbo_room.models.training.schedules import SCHEDULES
from elbo_room.models.training.settings import InferenceSettings

FOLDERS: Mapping[str, Mapping[str, Any]] = {
    "estimators": ESTIMATORS,
    "xi_sources": XI_SOURCES,
    "noises": NOISES,
    "optimizers": OPTIMIZERS,
    "schedules": SCHEDULES,
    "rao_blackwell": RAO_BLACKWELL,
}


@cache
def inference_knobs() -> list[Knob]:
    """The knobs that all models share, as plain data."""
    shown = ("name", "label", "symbol", "help", "requires")
    folders = {
        folder: [{key: getattr(part, key) for key in shown} for part in parts.values()]
        for folder, parts in FOLDERS.items()
    }
    return describe(InferenceSettings, folders)


def inference_from(inference: InferenceSettings | Mapping[str, Any] | None) -> InferenceSettings:
    """Checked inference settings, from settings, a dict of some knobs, or the defaults. A family's settings keep its other knobs.

    Raises:
        ValueError: what came is none of these.
        SettingError: a setting is not allowed, or conflicts with another.
    """
    if inference is None:
        return InferenceSettings()
    if isinstance(inference, InferenceSettings):
        shared = [field.name for field in fields(InferenceSettings)]
        validate(inference_knobs(), {name: getattr(inference, name) for name in shared})
        return inference
    if isinstance(inference, Mapping):
        return InferenceSettings(**validate(inference_knobs(), inference))
    raise ValueError(
        f"The inference settings are {described(inference)}; they must be InferenceSettings or a dict of its knobs. "
        "Write {'draws': 8}."
    )
