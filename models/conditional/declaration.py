"""Conditional models as a part."""

from elbo_room.models.conditional.model import SPREADS, build
from elbo_room.models.conditional.settings import LINK_CHOICES, RESPONSE_CHOICES, Settings
from elbo_room.models.data.supervised import SUPERVISED
from elbo_room.models.estimators import Estimator
from elbo_room.models.families import Normal
from elbo_room.models.model_family import MANY, ModelFamily


def unavailable(part: type[Estimator]) -> str | None:
    """Bounds per data point, and estimators that do not apply to Gaussian weights."""
    if part.bound == "iwae":
        return "It weights the draws of each data point; here all data points share one draw of the weights. Choose an ELBO estimator."
    return part().supports(Normal(), MANY)


FAMILY = ModelFamily(
    "conditional",
    "conditional",
    "y | x ~ {response}, m = f(w)    w = net(x; θ)    θ ~ N(0, λ²)    q(θ) = {posterior}",
    "A network predicts y from x; all its weights are one latent variable.",
    Settings,
    build,
    SUPERVISED,
    unavailable,
    parts={"spreads": SPREADS, "responses": RESPONSE_CHOICES, "links": LINK_CHOICES},
)
