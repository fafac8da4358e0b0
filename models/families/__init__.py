"""Exponential families: one a file, serving as response, as latent layer and as variational factor."""

from models.families.bernoulli import Bernoulli
from models.families.family import Family
from models.families.normal import Normal

FAMILIES: dict[str, type[Family]] = {family.name: family for family in (Normal, Bernoulli)}

__all__ = ["FAMILIES", "Bernoulli", "Family", "Normal"]
