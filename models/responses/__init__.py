"""Responses: families of y given x, one a file, with the chain x → w → m → η → y. To add one: its file, and one entry in this tuple."""

from elbo_room.models.responses.bernoulli import Bernoulli
from elbo_room.models.responses.beta import Beta
from elbo_room.models.responses.categorical import Categorical
from elbo_room.models.responses.gamma import Gamma
from elbo_room.models.responses.link import LINKS, Link
from elbo_room.models.responses.negative_binomial import NegativeBinomial
from elbo_room.models.responses.normal import Normal
from elbo_room.models.responses.poisson import Poisson
from elbo_room.models.responses.response import Chain, Response
from elbo_room.models.responses.student_t import StudentT

RESPONSES: dict[str, type[Response]] = {
    part.name: part for part in (Normal, Bernoulli, Categorical, Poisson, NegativeBinomial, Gamma, Beta, StudentT)
}

__all__ = [
    "LINKS",
    "RESPONSES",
    "Bernoulli",
    "Beta",
    "Categorical",
    "Chain",
    "Gamma",
    "Link",
    "NegativeBinomial",
    "Normal",
    "Poisson",
    "Response",
    "StudentT",
]
