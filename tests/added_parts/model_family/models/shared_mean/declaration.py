"""Shared means as a part."""

from elbo_room.models.data import DATA
from elbo_room.models.estimators import Estimator
from elbo_room.models.families import Normal
from elbo_room.models.model_family import MANY, NO_WEIGHTS, ModelFamily
from elbo_room.models.shared_mean.model import build
from elbo_room.models.shared_mean.settings import Settings


def unavailable(part: type[Estimator]) -> str | None:
    """Estimators of weights or of each data point's bound, and those that do not go with a Gaussian z."""
    if part.for_weights:
        return NO_WEIGHTS
    if part.bound == "iwae":
        return "It weighs the draws of each data point; here all data share one z. Choose an ELBO estimator."
    return part().supports(Normal(), MANY)


FAMILY = ModelFamily(
    "shared_mean",
    "shared mean",
    "x | z ~ N(z, I)    z ~ N(0, I)",
    "All data share one mean; its posterior is known.",
    Settings,
    build,
    DATA,
    unavailable,
)
