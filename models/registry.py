"""The model families, one a folder of `models/`. To add one: its folder, and its name in `FOLDERS`."""

from importlib import import_module

from elbo_room.models.core import described
from elbo_room.models.model_family import ModelFamily
from elbo_room.models.training.settings import InferenceSettings

FOLDERS = (
    "deep_generative",
    "deep_exponential_family",
    "conditional",
)
MODELS: dict[str, ModelFamily] = {
    name: import_module(f"elbo_room.models.{name}.declaration").FAMILY for name in FOLDERS
}


def family_of(settings: InferenceSettings) -> ModelFamily:
    """The family whose settings these are.

    Raises:
        ValueError: they are not settings.
    """
    found = next((each for each in MODELS.values() if type(settings) is each.settings), None)
    if found is None:
        raise ValueError(
            f"The settings are {described(settings)}; a run takes the Settings of a model family. Write Run(Settings(draws=3)), or "
            "settings_from({'draws': 3}) from a dict."
        )
    return found
