"""Deep exponential families as a part."""

from elbo_room.models.data import EXPONENTIAL_DATA
from elbo_room.models.deep_exponential_family.build import build
from elbo_room.models.deep_exponential_family.settings import Settings
from elbo_room.models.estimators import Estimator
from elbo_room.models.layers import (
    LAYERED_RESPONSES,
    LAYERS,
    LINKS,
    POSITIVE_FAMILIES,
    SECOND_ESTIMATORS,
    WEIGHT_ESTIMATORS,
    WEIGHTS,
)
from elbo_room.models.model_family import NO_WEIGHTS, ModelFamily


def unavailable(part: type[Estimator]) -> str | None:
    """Layers of any family: every estimator applies to some layers, and the others use the second estimator."""
    return NO_WEIGHTS if part.for_weights else None


FAMILY = ModelFamily(
    "deep_exponential_family",
    "deep exponential family",
    "z₃ ~ {layer_3} → z₂ ~ {layer_2} → z₁ ~ {layer_1} → x ~ {response}   (L = {depth})   u = θ z + α;   {link};   {weights}",
    "Every layer is random, each from any exponential family: belief networks, topics.",
    Settings,
    build,
    EXPONENTIAL_DATA,
    unavailable,
    parts={
        "layered_responses": LAYERED_RESPONSES,
        "layers": LAYERS,
        "layer_links": LINKS,
        "weights": WEIGHTS,
        "positive_families": POSITIVE_FAMILIES,
        "second_estimators": SECOND_ESTIMATORS,
        "weight_estimators": WEIGHT_ESTIMATORS,
    },
)
