"""The knobs of a deep generative model: data, response, latent size, q; those of its network and inference are shared."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from elbo_room.models.data import DATA
from elbo_room.models.deep_generative.rules import RULES
from elbo_room.models.families.support import COUNT
from elbo_room.models.latent_priors import LATENT_PRIORS
from elbo_room.models.networks.settings import NetworkSettings
from elbo_room.models.responses import RESPONSES
from elbo_room.models.responses.choice import Choice, needs
from elbo_room.models.settings import Need, rule, setting
from elbo_room.models.training.collapse_settings import CollapseSettings
from elbo_room.models.training.settings import InferenceSettings, model_setting

RESPONSE_CHOICES = {
    name: Choice(
        name, part.label, (part.decoded or part).symbol, (part.decoded or part).help,
        needs(part.decoded_data or part.family.support, DATA),
    )
    for name, part in RESPONSES.items()
    if part.decodable()
}  # fmt: skip
COUNTS = tuple(name for name, part in RESPONSES.items() if part.family.support is COUNT)
PLAIN = tuple(name for name, part in LATENT_PRIORS.items() if part.closed_form)
UNPAIRED = tuple(name for name, part in LATENT_PRIORS.items() if not part.encodes)
MIXED = tuple(name for name, part in LATENT_PRIORS.items() if part.mixed)
SCALED = tuple(name for name, part in RESPONSES.items() if part.family.scaled)
LOCATED = tuple(name for name, part in RESPONSES.items() if part.family.location_scale)


BATCHED = (
    rule("response", "It shifts the log mean of counts; choose a count response.", among=COUNTS, hides=True),
    rule("data", "These data have no batches. Choose the cell lines.", among=("cell_lines", "own"), hides=True),
)


@dataclass(frozen=True)
class Settings(NetworkSettings, CollapseSettings, InferenceSettings):
    """A deep generative model, its prior and its inference; live knobs take effect at the next step, the others start a new run.

    >>> import elbo_room as er
    >>> er.DeepGenerativeSettings(draws=8).draws
    8
    """

    RULES: ClassVar[Mapping[str, tuple[Need, ...]]] = RULES
    model: str = model_setting("deep_generative")
    data: str = setting(
        "digits", label="Data", group="Data", choices="data", help="The data to model; nothing is downloaded."
    )
    response: str = setting(
        "normal",
        label="Response",
        symbol="p(x|z)",
        group="Model",
        choices="decoded_responses",
        help="The family of x given z.",
    )
    scale_head: str = setting(
        "shared", label="Scale", symbol="σ, r", group="Model", choices="scale_heads",
        help="The source of the Gaussian's σ, or of the dispersion r of counts.",
        requires=(rule("response", "This response has no scale.", among=SCALED, hides=True),),
    )  # fmt: skip
    sigma: float = setting(
        0.5, label="Fixed scale", symbol="σ", group="Model", low=0.01, high=10.0, log=True, live=True,
        help="The Gaussian's standard deviation if it is fixed.",
        requires=(rule("scale_head", "σ is learned; it is a knob if the response scale is fixed.", among=("fixed",), hides=True),),
    )  # fmt: skip
    scale_floor: float = setting(
        0.05, label="Floor of σ", symbol="σ₀", group="Model", low=0.0, high=1.0, live=True,
        help="The smallest σ that can be learned: at 0 a constant feature sends the likelihood to ∞.",
        requires=(
            rule("response", "This response's likelihood is bounded: its scale needs no floor.", among=LOCATED, hides=True),
            rule("scale_head", "A fixed σ needs no floor.", among=("network", "shared", "feature"), hides=True),
        ),
    )  # fmt: skip
    library_size: bool = setting(
        True, label="Library size", symbol="ℓᵢ", group="Model",
        help="The mean of a data point's counts is ℓᵢ softmax(dec(zᵢ)); ℓᵢ is their sum.",
        requires=(rule("response", "Only counts have a library size.", among=COUNTS, hides=True),),
    )  # fmt: skip
    batch_covariate: bool = setting(
        False, label="Batch covariate", symbol="γ c", group="Model",
        help="The decoder sees the batch cᵢ too, so z need not explain the batch.",
        requires=BATCHED,
    )  # fmt: skip
    encoder_covariate: bool = setting(
        False, label="Encoder sees batch", symbol="enc(x, c)", group="Model",
        help="The encoder sees the batch cᵢ too, so it can remove its effect from what it reads in xᵢ.",
        requires=(
            *BATCHED,
            rule("batch_covariate", "The decoder has no batch covariate. Switch it on first.", among=(True,)),
            rule("variational", "A table has no encoder. Choose the amortised one.", among=("amortized",)),
            rule("network", "A network over positions has no input for c. Choose the feed-forward one.", among=("feed_forward",)),
            rule("latent_prior", "VampPrior's pseudo-data have no batch. Choose another prior of z.", among=UNPAIRED),
        ),
    )  # fmt: skip
    latent_size: int = setting(
        2, label="Latent size", symbol="K", group="Model", low=1, high=20, help="Dimensions of z."
    )
    decoder: str = setting(
        "network", label="Decoder", group="Model", choices="decoders", help="What maps z to the response's parameters."
    )
    latent_prior: str = setting(
        "normal", label="Prior of z", symbol="p(z)", group="Prior", choices="latent_priors", help="The distribution of z before any data.",
    )  # fmt: skip
    latent_scale: float = setting(
        1.0, label="Scale of z", symbol="λz", group="Prior", low=0.01, high=100.0, log=True, live=True,
        help="Standard deviation of z before any data. A free decoder absorbs it: only the prior of its weights notices.",
        requires=(rule("latent_prior", "This prior of z learns its own scales.", among=PLAIN, hides=True),),
    )  # fmt: skip
    held_out: float = setting(
        0.0, label="Held out", group="Data", low=0.0, high=0.5,
        help="Share of the data points excluded from training; the view 'evidence' scores them.",
    )  # fmt: skip
    components: int = setting(
        10, label="Components", symbol="C", group="Prior", low=1, high=500,
        help="Number of Gaussians (or pseudo-data) in the prior: more follow a thin cloud more closely, and cost time.",
        requires=(rule("latent_prior", "A normal prior has no components.", among=MIXED, hides=True),),
    )  # fmt: skip
    decoder_posterior: str = setting(
        "point", label="q(θ)", symbol="ν₀", group="Inference", choices="decoder_posteriors",
        help="A point estimate of the decoder's weights, or a q for p(θ | x): every draw then decodes with its own θ.",
    )  # fmt: skip
    variational: str = setting(
        "amortized",
        label="q's parameters",
        symbol="ν",
        group="Inference",
        choices="variational",
        help="The source of each data point's ν.",
    )
