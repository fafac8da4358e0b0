"""Exponential families: one a file, serving as response, as latent layer and as variational factor."""

from models.families.bernoulli import Bernoulli
from models.families.beta import Beta
from models.families.categorical import Categorical
from models.families.dirichlet import Dirichlet
from models.families.family import Family, WeakDerivative
from models.families.full_rank import FullRank
from models.families.gamma import Gamma
from models.families.log_normal import LogNormal
from models.families.low_rank import LowRank
from models.families.negative_binomial import NegativeBinomial, ZeroInflatedNegativeBinomial
from models.families.normal import Normal
from models.families.point_mass import PointMass
from models.families.poisson import Poisson

FAMILIES: dict[str, type[Family]] = {
    family.name: family
    for family in (Normal, Bernoulli, Categorical, Poisson, NegativeBinomial, ZeroInflatedNegativeBinomial)
}  # of a response
LATENT_FAMILIES: dict[str, type[Family]] = {
    family.name: family
    for family in (Normal, Bernoulli, Categorical, Poisson, Gamma, LogNormal, Beta, Dirichlet, FullRank, LowRank)
}  # of a site

__all__ = [
    "FAMILIES",
    "LATENT_FAMILIES",
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
    "PointMass",
    "Poisson",
    "WeakDerivative",
    "ZeroInflatedNegativeBinomial",
]
