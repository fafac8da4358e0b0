"""Deep generative models as a part."""

from elbo_room.models.data import DATA
from elbo_room.models.deep_generative.decoders import DECODERS
from elbo_room.models.deep_generative.model import SCALE_HEADS, build
from elbo_room.models.deep_generative.settings import RESPONSE_CHOICES, Settings
from elbo_room.models.estimators import Estimator
from elbo_room.models.families import Normal
from elbo_room.models.model_family import MANY, NO_WEIGHTS, ModelFamily


def unavailable(part: type[Estimator]) -> str | None:
    """Estimators for weights, and those that do not apply to a Gaussian z."""
    return NO_WEIGHTS if part.for_weights else part().supports(Normal(), MANY)


FAMILY = ModelFamily(
    "deep_generative",
    "deep generative",
    "x | z ~ {response}, its parameters {decoder}    z ~ {latent_prior}    θ ~ {prior}",
    "Every data point has a latent z; a network decodes it.",
    Settings,
    build,
    DATA,
    unavailable,
    point_weights=True,
    parts={"decoders": DECODERS, "scale_heads": SCALE_HEADS, "decoded_responses": RESPONSE_CHOICES},
)
