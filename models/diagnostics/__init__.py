"""Diagnostics: what a trained model is asked."""

from models.diagnostics.collapse import THRESHOLD, active, active_units, kl_per_dimension, mutual_information
from models.diagnostics.exact import Collapse, diagnose, flatness, posterior_on_grid
from models.diagnostics.latent import embedding, plane
from models.diagnostics.links import LINKS, LinkErrors, link_errors, link_lengths
from models.diagnostics.prior_predictive import functions, limit, no_limit

__all__ = [
    "LINKS",
    "THRESHOLD",
    "Collapse",
    "LinkErrors",
    "active",
    "active_units",
    "diagnose",
    "embedding",
    "flatness",
    "functions",
    "kl_per_dimension",
    "limit",
    "link_errors",
    "link_lengths",
    "mutual_information",
    "no_limit",
    "plane",
    "posterior_on_grid",
]
