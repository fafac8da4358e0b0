"""Deep generative models as a part."""

from elbo_room.models.data import DATA
from elbo_room.models.deep_generative.decoders import DECODERS
from elbo_room.models.deep_generative.model import SCALE_HEADS, build
from elbo_room.models.deep_generative.settings import RESPONSE_CHOICES, Settings
from elbo_room.models.estimators import Estimator
from elbo_room.models.families import Normal
from elbo_room.models.formulas import Line, line
from elbo_room.models.model_family import MANY, NO_WEIGHTS, ModelFamily
from elbo_room.models.networks.formulas import NETWORK_LINES
from elbo_room.models.settings import Condition, rule, when
from elbo_room.models.variational.weights import DECODER_POSTERIORS


def unavailable(part: type[Estimator]) -> str | None:
    """Estimators for weights, and those that do not apply to a Gaussian z."""
    return NO_WEIGHTS if part.for_weights else part().supports(Normal(), MANY)


POINT = when("decoder_posterior", among=("point",))
DRAWN = [name for name, part in DECODER_POSTERIORS.items() if part.drawn]
RANDOM = when("decoder_posterior", among=DRAWN)
KL = r"\text{KL}(q(z_i)\,‖\,p(z_i))"
FREE = r"\sum_{k=1}^{K} \max(\text{KL}_k,\,\lit{free_bits}{λ_0})"  # what free bits make of the KL
START = r"\lit{objective}{ℒ(ν, θ)} = \lit{batch_size}{\frac{1}{M} \sum_{i=1}^{M}} \Big("
LIKELIHOOD = r"\lit{likelihood variational}{\text{E}_q[\log p(x_i | z_i, θ)]}"
END = r" \Big) + \lit{prior}{\tfrac{1}{N} \log p(θ)}"
WEIGHTS_KL = r"\lit{prior decoder_posterior}{\tfrac{1}{N}\, \text{KL}(q(θ)\,‖\,p(θ))}"
WEIGHT = r"\lit{beta}{β}\,"
RISING = r"\lit{beta}{β}\,\lit{warm_up}{\min(1, \tfrac{t}{W})}\,"
STEADY, BITLESS = when("warm_up", among=(0,)), when("free_bits", among=(0.0,))


def objective(
    weight: str, divergence: str, *conditions: Condition, unless: tuple[Condition, ...] = ()
) -> tuple[Line, Line]:
    """The lines of what a step maximises, for a point θ and for one with a q: the KL with its weight, with free bits or without."""
    start = f"{START} {LIKELIHOOD} − {weight}\\lit{{kl latent_prior}}{{{divergence}}}"
    return (
        line("Objective", f"{start}{END}", POINT, *conditions, unless=unless),
        line("Objective", f"{start} \\Big) − {weight}{WEIGHTS_KL}", RANDOM, *conditions, unless=unless),
    )


LINES = (
    line(
        "Data",
        r"\lit{likelihood response}{x_i | z_i, θ} ~ <response>,\quad \text{its parameters from}\ <decoder>",
    ),
    *NETWORK_LINES,
    line("Prior", r"\lit{kl latent_prior}{z_i} ~ <latent_prior>,\quad \lit{prior}{θ} ~ <prior>"),
    line(
        "Approximation",
        r"\lit{variational}{q(z_i;\,ν_i)} = \prod_{k=1}^{\lit{latent_size}{K}} N(z_{ik};\,μ_{ik}, s_{ik}^2),\quad <variational>",
    ),
    line("Of the weights", r"q(θ;\,ν_0) = <decoder_posterior>", RANDOM),
    line(
        "Bound",
        r"\lit{elbo}{\text{ELBO}(ν)} = \lit{batch_size}{\frac{1}{M} \sum_{i=1}^{M}} \Big("
        rf"{LIKELIHOOD} − \lit{{kl latent_prior}}{{{KL}}} \Big)",
        POINT,
    ),
    line(
        "Bound",
        r"\lit{elbo}{\text{ELBO}(ν)} = \lit{batch_size}{\frac{1}{M} \sum_{i=1}^{M}} \Big("
        rf"{LIKELIHOOD} − \lit{{kl latent_prior}}{{{KL}}} \Big) − {WEIGHTS_KL}",
        RANDOM,
    ),
    line(
        "Objective",
        r"\lit{objective}{ℒ(ν, θ)} = \lit{elbo}{\text{ELBO}(ν)} + \lit{prior}{\tfrac{1}{N} \log p(θ)}",
        when("beta", among=(1.0,)),
        STEADY,
        BITLESS,
        POINT,
    ),
    *objective(WEIGHT, KL, STEADY, BITLESS, unless=(when("beta", among=(1.0,)),)),
    *objective(RISING, KL, when("warm_up", low=1), BITLESS),
    *objective(WEIGHT, FREE, STEADY, unless=(BITLESS,)),
    *objective(RISING, FREE, when("warm_up", low=1), unless=(BITLESS,)),
)

FAMILY = ModelFamily(
    "deep_generative",
    "deep generative",
    "p(x | z, θ) p(z)",
    "Every data point has a latent z; a network decodes it.",
    Settings,
    build,
    DATA,
    unavailable,
    point_weights=True,
    lines=LINES,
    bound_needs=(
        rule(
            "decoder_posterior",
            "It weights the draws of each data point, which share one draw of θ here. Choose an ELBO estimator.",
            among=("point",),
        ),
    ),
    parts={
        "decoder_posteriors": DECODER_POSTERIORS,
        "decoders": DECODERS,
        "scale_heads": SCALE_HEADS,
        "decoded_responses": RESPONSE_CHOICES,
    },
)
