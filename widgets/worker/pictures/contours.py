"""Where p(z) is, in the plane that is shown: every component's ellipse of two standard deviations, the heaviest ones of many."""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from models.diagnostics import Plane

MOST, CORNERS = 30, 41  # ellipses, points of each
Columns = dict[str, np.ndarray[Any, Any]]


def components(prior: Any) -> tuple[Tensor, Tensor, Tensor]:
    """Log weights (C,), means and standard deviations (C, K) of p(z): one component where it is a plain Normal."""
    if prior.nu is not None:
        mean, raw = prior.nu.expand(2, prior.size)
        return torch.zeros(1), mean[None], raw.exp()[None]
    log_weight, nu = prior.components()
    return log_weight, nu[:, 0], nu[:, 1].exp()


@torch.no_grad()
def contours(prior: Any, plane: Plane) -> Columns:
    """x, y, component and order of the ellipses' points in the plane's coordinates: the projected m, and the root of W diag(s²) Wᵀ."""
    log_weight, mean, scale = components(prior)
    kept = log_weight.argsort(descending=True)[:MOST]
    center, root = plane.coordinates(mean[kept]), scale[kept].unsqueeze(-1) * plane.along.T  # (C, 2), (C, K, 2)
    lower = torch.linalg.cholesky(root.mT @ root + 1e-12 * torch.eye(2))  # (C, 2, 2)
    angle = torch.linspace(0, 2 * math.pi, CORNERS)
    circle = torch.stack([angle.cos(), angle.sin()])  # (2, CORNERS)
    points = center.unsqueeze(-1) + 2 * lower @ circle  # (C, 2, CORNERS)
    number = torch.arange(len(kept)).repeat_interleave(CORNERS).float()
    return {
        "x": points[:, 0].flatten().numpy(),
        "y": points[:, 1].flatten().numpy(),
        "component": number.numpy(),
        "order": torch.arange(CORNERS).float().repeat(len(kept)).numpy(),
    }
