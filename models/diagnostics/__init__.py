"""Diagnostics: what a trained model is asked."""

from models.diagnostics.collapse import THRESHOLD, active, active_units, kl_per_dimension, mutual_information
from models.diagnostics.exact import Collapse, diagnose, flatness, posterior_on_grid
from models.diagnostics.latent import embedding, plane

__all__ = [
    "THRESHOLD",
    "Collapse",
    "active",
    "active_units",
    "diagnose",
    "embedding",
    "flatness",
    "kl_per_dimension",
    "mutual_information",
    "plane",
    "posterior_on_grid",
]
