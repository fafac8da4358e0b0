"""Responses: families of y given x, one a file, with the chain x → w → m → η → y. To add one: its file, and one entry in this tuple."""

from models.responses.bernoulli import Bernoulli
from models.responses.beta import Beta
from models.responses.categorical import Categorical
from models.responses.gamma import Gamma
from models.responses.link import LINKS, Link
from models.responses.negative_binomial import NegativeBinomial
from models.responses.normal import Normal
from models.responses.poisson import Poisson
from models.responses.response import Chain, Response
from models.responses.student_t import StudentT

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
