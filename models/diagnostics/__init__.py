"""Diagnostics: what a trained model is asked."""

from models.diagnostics.collapse import THRESHOLD, active, kl_per_dimension
from models.diagnostics.latent import embedding, plane
from models.diagnostics.prior_predictive import functions, limit, no_limit

__all__ = ["THRESHOLD", "active", "embedding", "functions", "kl_per_dimension", "limit", "no_limit", "plane"]
