"""Deep exponential families as a part."""

from elbo_room.models.data import EXPONENTIAL_DATA
from elbo_room.models.deep_exponential_family.build import build
from elbo_room.models.deep_exponential_family.settings import Settings
from elbo_room.models.estimators import Estimator
from elbo_room.models.formulas import Line, line
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
from elbo_room.models.settings import when


def unavailable(part: type[Estimator]) -> str | None:
    """Layers of any family: every estimator applies to some layers, and the others use the second estimator."""
    return NO_WEIGHTS if part.for_weights else None


BELOW = r",\quad u_{%(layer)s} = θ_{%(layer)s} z_{%(above)s} <intercept?{} + α_{%(layer)s}>"
RANDOM = [name for name, part in WEIGHTS.items() if part.random]
SUM = r"\lit{batch_size}{\frac{1}{M} \sum_{i=1}^{M}} \Big(\lit{likelihood variational}{\text{E}_q[\log p(x_i | z_{i1}, θ)]}"
SUM += r" − \lit{kl}{\text{KL}(q(z_i)\,‖\,p)} \Big)"


def layers(depth: int) -> tuple[Line, ...]:
    """The lines of a family of this depth, from the top layer down to the data."""
    exactly = when("depth", among=(depth,))
    top = line("Top layer", rf"z_{{i{depth}}} ~ <layer_{depth}:label>\ \text{{, with the layer's own prior}}", exactly)
    lower = [
        line(f"Layer {n}", rf"z_{{i{n}}} ~ <layer_{n}>{BELOW % {'layer': n, 'above': f'i{n + 1}'}}", exactly)
        for n in range(depth - 1, 0, -1)
    ]
    return top, *lower


LINES = (
    *(each for depth in (1, 2, 3) for each in layers(depth)),
    line("Data", r"\lit{likelihood response}{x_i} ~ <response>" + BELOW % {"layer": "x", "above": "i1"}),
    line("Link", r"<link>"),
    line("Bend", r"\lit{activation}{g(u)} = <activation>\quad \text{for real units; softplus for positive ones}"),
    line("Weights", r"\lit{prior}{<weights>}"),
    line("Approximation", r"\lit{variational}{q(z_i)} = <structure>,\quad <variational>"),
    line("Positive units", r"\lit{positive_family}{q} = <positive_family>"),
    line("Bound", rf"\lit{{elbo}}{{\text{{ELBO}}(ν)}} = {SUM}", unless=(when("weights", among=RANDOM),)),
    line(
        "Objective",
        r"\lit{objective}{ℒ(ν, θ)} = \lit{elbo}{\text{ELBO}(ν)} + \lit{prior}{\tfrac{1}{N} \log p(θ)}",
        unless=(when("weights", among=RANDOM),),
    ),
    line(
        "Objective",
        rf"\lit{{elbo}}{{\text{{ELBO}}(ν)}} = {SUM} − \lit{{kl prior}}{{\tfrac{{1}}{{N}} \text{{KL}}(q(θ)\,‖\,p)}}",
        when("weights", among=RANDOM),
    ),
)

FAMILY = ModelFamily(
    "deep_exponential_family",
    "deep exponential family",
    "p(x | z₁, θ) p(z₁ | z₂, θ) … p(z_L)",
    "Every layer is random, each from any exponential family: belief networks, topics.",
    Settings,
    build,
    EXPONENTIAL_DATA,
    unavailable,
    lines=LINES,
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
