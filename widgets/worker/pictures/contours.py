"""Where p(z) is, in the plane that is shown: every component's ellipse of two standard deviations, the heaviest ones of many.

A prior without components is shown by draws of it, a small octagon each.
"""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from elbo_room.models.diagnostics import Plane

MOST, CORNERS = 30, 41  # ellipses, points of each
DRAWS, OCTAGON = 150, 9  # draws, points of each
TOP = 10  # the point of component 0 that the chart names, which is the ellipse's top
Columns = dict[str, np.ndarray[Any, Any]]


def components(prior: Any) -> tuple[Tensor, Tensor, Tensor]:
    """Log weights (C,), means and standard deviations (C, K) of p(z): one component where it is a plain Normal."""
    if prior.nu is not None:
        mean, raw = prior.nu.expand(2, prior.size)
        return torch.zeros(1), mean[None], raw.exp()[None]
    log_weight, nu = prior.components()
    return log_weight, nu[:, 0], nu[:, 1].exp()


class Outline:
    """The contours of one prior; a plain Normal's, which does not learn, are made once a plane."""

    def __init__(self, prior: Any) -> None:
        self.prior, self.made_of, self.made = prior, torch.zeros(0), Columns()

    def look(self, plane: Plane) -> Columns:
        """See `contours`."""
        if self.prior.nu is None:
            return contours(self.prior, plane)
        of = torch.cat([part.detach().flatten() for part in (self.prior.nu, plane.at, plane.along)])
        if not torch.equal(of, self.made_of):
            self.made_of, self.made = of, contours(self.prior, plane)
        return self.made


@torch.no_grad()
def contours(prior: Any, plane: Plane) -> Columns:
    """x, y, component and order of the ellipses' points in the plane's coordinates: the projected m, and the root of W diag(s²) Wᵀ."""
    if prior.nu is None and not hasattr(prior, "components"):
        return _draws(prior, plane)
    log_weight, mean, scale = components(prior)
    kept = log_weight.argsort(descending=True)[:MOST]
    center, root = plane.coordinates(mean[kept]), scale[kept].unsqueeze(-1) * plane.along.T  # (C, 2), (C, K, 2)
    lower = torch.linalg.cholesky(root.mT @ root + 1e-12 * torch.eye(2))  # (C, 2, 2)
    return _columns(center.unsqueeze(-1) + 2 * lower @ _circle(CORNERS), 0)  # (C, 2, CORNERS)


def _draws(prior: Any, plane: Plane) -> Columns:
    """The same noise at every look, so that a draw moves only as the prior does; the highest one is named."""
    places = plane.coordinates(prior.sample(DRAWS, torch.Generator().manual_seed(0)))  # (DRAWS, 2)
    places = places[places[:, 1].argsort(descending=True)]
    radius = 0.008 * float(places.abs().max())
    return _columns(places.unsqueeze(-1) + radius * _circle(OCTAGON), TOP - OCTAGON // 4)


def _circle(corners: int) -> Tensor:
    """A closed line around the unit circle: (2, corners)."""
    angle = torch.linspace(0, 2 * math.pi, corners)
    return torch.stack([angle.cos(), angle.sin()])


def _columns(points: Tensor, first: int) -> Columns:
    """Lines (C, 2, P) as the chart's columns; the points of each are numbered from `first`."""
    count, _, corners = points.shape
    return {
        "x": points[:, 0].flatten().numpy(),
        "y": points[:, 1].flatten().numpy(),
        "component": torch.arange(count).repeat_interleave(corners).float().numpy(),
        "order": (first + torch.arange(corners)).float().repeat(count).numpy(),
    }
