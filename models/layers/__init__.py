"""Layers of a deep exponential family, their connections and responses: kinds of parts, one dict each."""

from dataclasses import dataclass

from elbo_room.models.estimators import ESTIMATORS
from elbo_room.models.families import FAMILIES, Family, Normal
from elbo_room.models.families.support import POSITIVE
from elbo_room.models.layers.kinds import (
    BernoulliLayer,
    BetaLayer,
    CategoricalLayer,
    ExponentialLayer,
    GammaLayer,
    NormalLayer,
    PoissonLayer,
)
from elbo_room.models.layers.layer import Layer, Scales
from elbo_room.models.layers.response import LAYERED_RESPONSES, LayeredResponse
from elbo_room.models.layers.weights import WEIGHTS, Connection, WeightKind, point_log_prob
from elbo_room.models.settings import rule


@dataclass(frozen=True)
class Option:
    """A choice with only a name and its words."""

    name: str
    label: str
    symbol: str
    help: str
    requires: tuple[dict[str, object], ...] = ()


SECOND_ESTIMATORS: dict[str, Option] = {
    "automatic": Option("automatic", "automatic", "–", "Leave-one-out, score when B is 1, VIMCO for a weighted bound."),
} | {
    name: Option(name, part.label, part.symbol, part.help) for name, part in ESTIMATORS.items() if not part.path
}  # no rules: if one does not apply, the automatic choice replaces it

WEIGHT_ESTIMATORS: dict[str, Option] = {
    "same": Option("same", "as the layers", "–", "One estimator for layers and weights.")
} | {
    name: Option(name, part.label, part.symbol, part.help, part.requires)
    for name, part in ESTIMATORS.items()
    if part.bound == "elbo" and not part.for_weights and part().supports(Normal(), 64) is None
}  # if one does not work with the weights' q, the automatic choice replaces it

LAYERS: dict[str, Layer] = {
    part.name: part
    for part in (
        NormalLayer(),
        BernoulliLayer(),
        PoissonLayer(),
        GammaLayer(),
        ExponentialLayer(),
        BetaLayer(),
        CategoricalLayer(),
    )
}
LINKS: dict[str, Option] = {
    each.name: each
    for each in (
        Option("mean", "mean", "E[z] = g(u)", "g sets each unit's mean, as in the lecture notes."),
        Option(
            "natural", "natural parameter", "η = g(u)", "u is the natural parameter itself: a natural deep exponential family.",
            (rule("weights", "Positive weights hold log rates above 0. Choose the mean, or other weights.",
                  among=[name for name, part in WEIGHTS.items() if not part.positive]),),
        ),
    )
}  # fmt: skip
POSITIVE_FAMILIES: dict[str, type[Family]] = {
    name: part for name, part in FAMILIES.items() if part.support is POSITIVE and part.variational
}

__all__ = [
    "LAYERED_RESPONSES",
    "LAYERS",
    "LINKS",
    "POSITIVE_FAMILIES",
    "SECOND_ESTIMATORS",
    "WEIGHTS",
    "WEIGHT_ESTIMATORS",
    "Connection",
    "Layer",
    "LayeredResponse",
    "Scales",
    "WeightKind",
    "point_log_prob",
]
