"""Distributions, one per file, for responses, layers and q. To add one: write its file and add one entry to this tuple."""

from elbo_room.models.families.bernoulli import Bernoulli
from elbo_room.models.families.beta import Beta
from elbo_room.models.families.categorical import Categorical
from elbo_room.models.families.dirichlet import Dirichlet
from elbo_room.models.families.family import Family, WeakDerivative
from elbo_room.models.families.full_rank import FullRank
from elbo_room.models.families.gamma import Gamma
from elbo_room.models.families.log_normal import LogNormal
from elbo_room.models.families.low_rank import LowRank
from elbo_room.models.families.negative_binomial import NegativeBinomial, ZeroInflatedNegativeBinomial
from elbo_room.models.families.normal import Normal
from elbo_room.models.families.one_hot import OneHot
from elbo_room.models.families.point_mass import PointMass
from elbo_room.models.families.poisson import Poisson
from elbo_room.models.families.student_t import StudentT

FAMILIES: dict[str, type[Family]] = {
    family.name: family
    for family in (
        Normal,
        Bernoulli,
        Categorical,
        Poisson,
        NegativeBinomial,
        ZeroInflatedNegativeBinomial,
        StudentT,
        LogNormal,
        Gamma,
        Beta,
        Dirichlet,
        FullRank,
        LowRank,
        PointMass,
    )
}

__all__ = [
    "FAMILIES",
    "Bernoulli",
    "Beta",
    "Categorical",
    "Dirichlet",
    "Family",
    "FullRank",
    "Gamma",
    "LogNormal",
    "LowRank",
    "NegativeBinomial",
    "Normal",
    "OneHot",
    "PointMass",
    "Poisson",
    "StudentT",
    "WeakDerivative",
    "ZeroInflatedNegativeBinomial",
]
