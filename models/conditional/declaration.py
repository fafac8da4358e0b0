"""Conditional models as a part."""

from elbo_room.models.conditional.model import SPREADS, build
from elbo_room.models.conditional.settings import LINK_CHOICES, RESPONSE_CHOICES, Settings
from elbo_room.models.data.supervised import SUPERVISED
from elbo_room.models.estimators import Estimator
from elbo_room.models.families import Normal
from elbo_room.models.formulas import line
from elbo_room.models.model_family import MANY, ModelFamily
from elbo_room.models.networks.formulas import NETWORK_LINES
from elbo_room.models.settings import when
from elbo_room.models.variational.weights import WEIGHT_POSTERIORS


def unavailable(part: type[Estimator]) -> str | None:
    """Bounds per data point, and estimators that do not apply to Gaussian weights."""
    if part.bound == "iwae":
        return "It weights the draws of each data point; here all data points share one draw of the weights. Choose an ELBO estimator."
    return part().supports(Normal(), MANY)


POINT = when("posterior", among=("point",))
DRAWN = [name for name, part in WEIGHT_POSTERIORS.items() if part.drawn]
LINES = (
    line("Data", r"\lit{likelihood response}{y_i | x_i, θ} ~ <response>"),
    line("Mean", r"<link>,\quad w = f(x_i;\,θ)"),
    *NETWORK_LINES,
    line("Prior", r"\lit{prior}{θ} ~ <prior>"),
    line("Approximation", r"\lit{posterior}{q(θ;\,ν)} = <posterior>"),
    line(
        "Objective",
        r"\lit{elbo}{\text{ELBO}(ν)} = \frac{1}{N} \Big( \lit{batch_size}{\frac{N}{M} \sum_{i=1}^{M}}"
        r"\lit{likelihood posterior}{\text{E}_q[\log p(y_i | x_i, θ)]} − \lit{kl prior}{\text{KL}(q(θ)\,‖\,p(θ))} \Big)",
        when("posterior", among=DRAWN),
    ),
    line(
        "Objective",
        r"\lit{objective}{ℒ(μ)} = \frac{1}{N} \Big( \lit{batch_size}{\frac{N}{M} \sum_{i=1}^{M}} \lit{likelihood}{\log p(y_i | x_i, μ)}"
        r" + \lit{prior}{\log p(μ)} \Big)",
        POINT,
    ),
    line("Gradient", r"ĝ = ∇_μ ℒ(μ)", POINT),
)

FAMILY = ModelFamily(
    "conditional",
    "conditional",
    "p(y | x, θ) p(θ)",
    "A network predicts y from x; all its weights are one latent variable.",
    Settings,
    build,
    SUPERVISED,
    unavailable,
    weighs_rows=True,
    lines=LINES,
    parts={"spreads": SPREADS, "responses": RESPONSE_CHOICES, "links": LINK_CHOICES},
)
