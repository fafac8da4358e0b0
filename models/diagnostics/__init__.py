"""Diagnostics of a trained model."""

from elbo_room.models.diagnostics.collapse import THRESHOLD, active, active_units, kl_per_dimension, mutual_information
from elbo_room.models.diagnostics.exact import Collapse, diagnose, flatness, posterior_on_grid
from elbo_room.models.diagnostics.groups import Grouping, grouping
from elbo_room.models.diagnostics.latent import embedding, plane
from elbo_room.models.diagnostics.links import LINKS, LinkErrors, link_errors, link_lengths
from elbo_room.models.diagnostics.per_datum import average_q, elbo_of_each
from elbo_room.models.diagnostics.planes import Plane, axes_plane, magnification, principal_plane
from elbo_room.models.diagnostics.prior_predictive import functions, limit, no_limit

__all__ = [
    "LINKS",
    "THRESHOLD",
    "Collapse",
    "Grouping",
    "LinkErrors",
    "Plane",
    "active",
    "active_units",
    "average_q",
    "axes_plane",
    "diagnose",
    "elbo_of_each",
    "embedding",
    "flatness",
    "functions",
    "grouping",
    "kl_per_dimension",
    "limit",
    "link_errors",
    "link_lengths",
    "magnification",
    "mutual_information",
    "no_limit",
    "plane",
    "posterior_on_grid",
    "principal_plane",
]
