"""The estimators that settings, or a person site by site, name."""

from collections.abc import Mapping

from elbo_room.models.core import Model
from elbo_room.models.estimators import ESTIMATORS, Estimator, ScoreXi
from elbo_room.models.inference.boundary import check_estimators
from elbo_room.models.inference.settings import InferenceSettings


def make_estimator(name: str, settings: InferenceSettings) -> Estimator:
    """The estimator of this name, with the settings it reads."""
    part = ESTIMATORS[name]
    return part(settings.xi_from, settings.xi_value) if issubclass(part, ScoreXi) else part()


def own_estimators(
    model: Model, given: Mapping[str, Estimator | str], settings: InferenceSettings
) -> dict[str, Estimator]:
    """The estimators that a person chose site by site, by name or as parts."""
    if given or not isinstance(given, dict):
        check_estimators(model.sites, given, all_sites=False)
    return {site: make_estimator(part, settings) if isinstance(part, str) else part for site, part in given.items()}
