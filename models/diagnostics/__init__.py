"""Diagnostics: what a trained model is asked."""

from models.diagnostics.collapse import THRESHOLD, active, kl_per_dimension
from models.diagnostics.latent import embedding, plane

__all__ = ["THRESHOLD", "active", "embedding", "kl_per_dimension", "plane"]
