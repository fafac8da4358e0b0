"""The latent space as numbers for charts: embedding ẑ_i = E_q[z_i], its posterior spread, and decoded grids."""

import torch
from torch import Tensor

from elbo_room.models.core import Batch, Model
from elbo_room.models.variational import Posterior


def unit_of(model: object) -> float:
    """λ_z, the standard deviation of z before any data; 1 for a prior that has no such knob."""
    return float(getattr(getattr(model, "latent_prior", None), "scale", 1.0))


@torch.no_grad()
def embedding(
    model: Model, q: Posterior, batch: Batch, site: str = "z", nu: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """E_q[z_i] and sd_q[z_i], each (M, K); `nu` saves computing it again."""
    family = model.sites[site].family
    nu = q.nu(model.sites[site], batch) if nu is None else nu
    scale = family.scale(nu[..., 1, :]) if family.location_scale else torch.zeros_like(nu[..., 0, :])
    return family.mean(nu), scale


def plane(at: Tensor, axes: tuple[int, int], low: Tensor, high: Tensor, count: int) -> Tensor:
    """A count × count grid in the plane of two axes through `at` (K,), rows from low to high of the second: (count², K)."""
    ticks = torch.linspace(0, 1, count)
    first, second = low[0] + ticks * (high[0] - low[0]), low[1] + ticks * (high[1] - low[1])
    grid = at.repeat(count * count, 1)
    grid[:, axes[1]] = second.repeat_interleave(count)
    grid[:, axes[0]] = first.repeat(count)
    return grid
