"""Requirements of the knobs of a deep exponential family on its layers, weights and estimators, computed from those parts."""

from collections.abc import Callable, Iterable

import torch

from elbo_room.models.estimators import ESTIMATORS, AnalyticKL, Estimator
from elbo_room.models.families import Family, Gamma, Normal
from elbo_room.models.layers import LAYERED_RESPONSES, LAYERS, POSITIVE_FAMILIES, WEIGHT_ESTIMATORS, WEIGHTS
from elbo_room.models.layers.layer import Layer, Scales
from elbo_room.models.settings import Condition, Need, either, rule, when

MANY = 64  # draws: enough for any estimator
Way = list[Condition]
PLACES = (1, 2, 3)
RANDOM = [name for name, part in WEIGHTS.items() if part.random]
POSITIVE_WEIGHTS = when("weights", among=[name for name, part in WEIGHTS.items() if part.positive])


def some_layer(which: Callable[[Layer], object], *, below_top: bool = False) -> list[Way]:
    """The condition that one of the layers is of such a kind; `below_top`: one with another layer above it."""
    names = [name for name, part in LAYERS.items() if which(part)]
    places = PLACES[:-1] if below_top else PLACES
    return [[when(f"layer_{place}", among=names), when("depth", low=place + below_top)] for place in places]


def _families() -> list[tuple[Way, Family]]:
    """Every family that q may have at a layer or at random weights, and the choices that lead to it."""
    found: list[tuple[Way, Family]] = []
    for positive, family in POSITIVE_FAMILIES.items():
        chosen = when("positive_family", among=(positive,))
        for place in PLACES:
            found += [
                ([when(f"layer_{place}", among=(name,)), when("depth", low=place), *([chosen] if part.positive_value else [])],
                 part.family(family()))
                for name, part in LAYERS.items()
            ]  # fmt: skip
        found.append(([POSITIVE_WEIGHTS, chosen], family()))
    real = [name for name, part in WEIGHTS.items() if part.random and not part.positive]
    return [*found, ([when("weights", among=real)], Normal())]


def _without(family: Family, parts: Iterable[str]) -> list[str]:
    """The ELBO estimators that do not apply to a site of this family."""
    return [name for name in parts if ESTIMATORS[name]().supports(family, MANY) is not None]


def _those(which: Callable[[type[Estimator]], object]) -> list[str]:
    """The names of such ELBO estimators."""
    return [name for name, part in ESTIMATORS.items() if part.bound == "elbo" and which(part)]


def left_over() -> list[Way]:
    """When the second estimator is used at a site: the first does not apply to the site's family, its prior, or q."""
    elbo = _those(lambda part: not part.for_weights)
    ways: list[Way] = []
    for chosen, family in _families():
        names = _without(family, elbo)
        way = [when("estimator", among=names), *chosen]
        if any(condition["knob"] == "weights" for condition in chosen):
            own = _without(family, (name for name in WEIGHT_ESTIMATORS if name in ESTIMATORS))
            way.append(when("weight_estimator", among=["same", *own]))
        if names and way not in ways:
            ways.append(way)
    top_down = [when("structure", among=("top_down",)), when("depth", low=2)]
    moving = when("estimator", among=_those(lambda part: part.moves or part.factorised))
    return [*ways, [moving, *top_down], *_undeclared()]


def _undeclared() -> list[Way]:
    """A closed-form KL needs a prior of q's own family: not one that depends on the layer above, nor a Gamma's under another q."""
    closed = when("estimator", among=(AnalyticKL.name,))
    hanging = some_layer(lambda part: not part.scaled, below_top=True)
    centred: Way = [when("centred", among=(True,)), when("depth", low=2)]
    other = when("positive_family", among=[name for name, part in POSITIVE_FAMILIES.items() if part is not Gamma])
    positive = [[other, *way] for way in (*some_layer(lambda part: part.positive_value), [POSITIVE_WEIGHTS])]
    return [[closed, *way] for way in (*hanging, centred, *positive)]


BELOW_TOP = some_layer(lambda part: part.scaled, below_top=True)
SCALED: Need = either("Only a Gaussian layer with another layer above it has a σ.", *BELOW_TOP)
CENTRED: Need = either("Only a Gaussian layer with another layer above it can be centred.", *BELOW_TOP)
BENT: tuple[Need, ...] = (
    either("Only a Gaussian layer with another layer above it applies g to its mean.", *BELOW_TOP),
    rule(
        "link",
        "If u is the natural parameter, the mean of a Gaussian layer is σ²u, without a nonlinearity.",
        among=("mean",),
    ),
)
SHAPED: Need = either("Only Gamma and Beta layers have a shape.", *some_layer(lambda part: part.shaped))


def _top_moves(part: Layer) -> bool:
    """Whether the natural DEF gives a top layer of this kind other parameters."""
    mean, natural = (part.top(1, Scales(natural=natural)) for natural in (False, True))
    return not torch.equal(mean, natural)


LINKED: Need = either(
    "Mean and natural parameter give the same model with these layers and this response.",
    *some_layer(lambda part: part.natural_symbol, below_top=True),
    *some_layer(_top_moves),
    [when("response", among=[name for name, part in LAYERED_RESPONSES.items() if part.natural_symbol])],
)
POSITIVE: Need = either(
    "No layer is Gamma or exponential, and no weight is positive.",
    *some_layer(lambda part: part.positive_value),
    [POSITIVE_WEIGHTS],
)
INTERCEPT: Need = rule(
    "weights",
    "Positive weights have no intercepts.",
    among=[name for name, part in WEIGHTS.items() if not part.positive],
)
LEFT_OVER: Need = either(
    "The estimator applies to every layer and weight, so a second one has no effect.", *left_over()
)
