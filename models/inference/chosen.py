"""The estimators that settings, or a person site by site, name."""

from collections.abc import Mapping

from elbo_room.models.core import Model
from elbo_room.models.estimators import ESTIMATORS, Estimator, ScoreXi
from elbo_room.models.inference.settings import InferenceSettings


def make_estimator(name: str, settings: InferenceSettings) -> Estimator:
    """The estimator of this name, with the settings it reads."""
    part = ESTIMATORS[name]
    return part(settings.xi_from, settings.xi_value) if issubclass(part, ScoreXi) else part()


def own_estimators(
    model: Model, given: Mapping[str, Estimator | str], settings: InferenceSettings
) -> dict[str, Estimator]:
    """The estimators that a person chose site by site, by name or as parts."""
    for site, part in given.items():
        if site not in model.sites:
            raise ValueError(f"There is no site {site!r} for an estimator; the model's are: {', '.join(model.sites)}.")
        if isinstance(part, str) and part not in ESTIMATORS:
            raise ValueError(f"No estimator is called {part!r}; choose one of: {', '.join(ESTIMATORS)}.")
    return {site: make_estimator(part, settings) if isinstance(part, str) else part for site, part in given.items()}
