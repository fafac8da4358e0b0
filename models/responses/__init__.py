"""Responses: families of y, or of x, with a link; one per file. To add one: write its file and add one entry to this tuple."""

from elbo_room.models.responses.bernoulli import BernoulliResponse
from elbo_room.models.responses.beta import BetaResponse
from elbo_room.models.responses.categorical import CategoricalResponse
from elbo_room.models.responses.gamma import GammaResponse
from elbo_room.models.responses.link import LINKS, Link
from elbo_room.models.responses.negative_binomial import NegativeBinomialResponse
from elbo_room.models.responses.normal import NormalResponse
from elbo_room.models.responses.poisson import PoissonResponse
from elbo_room.models.responses.response import Chain, Response, Words
from elbo_room.models.responses.student_t import StudentTResponse
from elbo_room.models.responses.zero_inflated import ZeroInflatedResponse

RESPONSES: dict[str, type[Response]] = {
    part.name: part
    for part in (
        NormalResponse,
        BernoulliResponse,
        CategoricalResponse,
        PoissonResponse,
        NegativeBinomialResponse,
        ZeroInflatedResponse,
        GammaResponse,
        BetaResponse,
        StudentTResponse,
    )
}

__all__ = ["LINKS", "RESPONSES", "Chain", "Link", "Response", "Words"]
