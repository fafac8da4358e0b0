"""Layers of a deep exponential family, what joins them, and what they respond with: kinds of parts, one dict each."""

from dataclasses import dataclass

from models.families import Family, Gamma, LogNormal
from models.layers.layer import (
    BernoulliLayer,
    BetaLayer,
    CategoricalLayer,
    ExponentialLayer,
    GammaLayer,
    Layer,
    NormalLayer,
    PoissonLayer,
    Scales,
)
from models.layers.response import (
    BernoulliResponse,
    CategoricalResponse,
    NormalResponse,
    PoissonResponse,
    Response,
)
from models.layers.weights import WEIGHTS, Connection, WeightKind, point_log_prob
from models.settings import rule


@dataclass(frozen=True)
class Link:
    """What u is to the layer it enters."""

    name: str
    label: str
    symbol: str
    help: str
    requires: tuple[dict[str, object], ...] = ()


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
RESPONSES: dict[str, Response] = {
    part.name: part for part in (NormalResponse(), BernoulliResponse(), PoissonResponse(), CategoricalResponse())
}
LINKS: dict[str, Link] = {
    each.name: each
    for each in (
        Link("mean", "mean", "E[z] = g(u)", "g sets each unit's mean, as in the notes."),
        Link(
            "natural", "natural parameter", "η = g(u)", "The natural DEF: u is the natural parameter itself.",
            (rule("weights", "Positive weights would hold log rates above 0. Choose the mean, or other weights.", among=("point", "normal")),),
        ),
    )
}  # fmt: skip
POSITIVE_FAMILIES: dict[str, type[Family]] = {part.name: part for part in (LogNormal, Gamma)}

__all__ = [
    "LAYERS",
    "LINKS",
    "POSITIVE_FAMILIES",
    "RESPONSES",
    "WEIGHTS",
    "Connection",
    "Layer",
    "Link",
    "NormalLayer",
    "Response",
    "Scales",
    "WeightKind",
    "point_log_prob",
]
