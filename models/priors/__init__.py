"""Priors on the weights of a network."""

from models.priors.normal import NormalPrior

__all__ = ["NormalPrior"]
