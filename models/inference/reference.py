"""∇ELBO without sampling, for small models: Σ_nodes W(ν) [log p(x, z) − log q(z; ν)], W = Π q(state; ν) or quadrature weights.

Discrete coordinates are enumerated. Continuous ones take the noise's own quantiles at Gauss-Hermite nodes, ε = F⁻¹(Φ(t)), so any family
that can start from uniforms is integrated. One grid serves all data points, because a data point's terms contain only its own latents.
"""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from elbo_room.models.core import Batch, Model, Site
from elbo_room.models.estimators import Estimator, LeaveOneOut, Reparameterization
from elbo_room.models.inference.costs import factors_at
from elbo_room.models.probing.report import Reference

if TYPE_CHECKING:
    from elbo_room.models.variational import Posterior

MOST_NODES = 2**16
MOST_POINTS, LEAST_POINTS = 40, 8  # per continuous coordinate
LONG_REPLICATES, LONG_DRAWS = 512, 8


def _points(sites: Mapping[str, Site]) -> int:
    """How many Gauss-Hermite nodes a continuous coordinate gets, so that the whole grid stays below `MOST_NODES`."""
    states, continuous = 1.0, 0
    for site in sites.values():
        size, family = math.prod(site.shape), site.family
        if family.n_states:
            states *= float(family.n_states) ** size
        elif family.reparameterizable and family.states("from_uniform") and family.noise_shape((1, size)) == (1, size):
            continuous += size
        else:
            raise ValueError(
                f"No exact gradient: {family.label} can be neither enumerated nor integrated by quadrature. Use reference='long'."
            )
    room = (MOST_NODES / states) ** (1 / continuous) if continuous else MOST_POINTS
    if states > MOST_NODES or room < LEAST_POINTS:
        raise ValueError(
            f"No exact gradient: it would need more than {MOST_NODES} nodes. Use reference='long', or a smaller model."
        )
    return min(MOST_POINTS, int(room))


def _grid(sites: Mapping[str, Site], points: int) -> dict[str, Tensor]:
    """Indices of nodes or states, every combination of all coordinates of all sites: (B, K) per site."""
    sizes = {name: math.prod(site.shape) for name, site in sites.items()}
    axes = [torch.arange(site.family.n_states or points) for name, site in sites.items() for _ in range(sizes[name])]
    whole = torch.cartesian_prod(*axes).reshape(-1, len(axes))
    return dict(zip(sizes, whole.split(list(sizes.values()), 1), strict=True))


def _nodes(site: Site, index: Tensor, nu: Tensor, points: int) -> tuple[Tensor, Tensor]:
    """(values, log W) of one site: (1, B, M, K), differentiable in ν where continuous, and (1, B, M), differentiable where discrete."""
    wide = nu.expand(1, len(index), *nu.shape[-3:])  # (1, B, M, n_params, K)
    shape = (1, len(index), nu.shape[-3], index.shape[1])
    if site.family.n_states:
        value = index.to(nu.dtype)[None, :, None].expand(shape)
        return value, site.family.log_prob(value, wide).sum(-1)
    at, weight = (torch.tensor(part) for part in np.polynomial.hermite_e.hermegauss(points))
    uniform = torch.special.ndtr(at).clamp(2.0**-52, 1 - 2.0**-52)
    noise = site.family.from_uniform(uniform).to(nu.dtype)[index][None, :, None].expand(shape)
    log_weight = (weight.log() - 0.5 * math.log(2 * math.pi)).to(nu.dtype)[index].sum(-1)  # (B,)
    return site.family.transform(noise, wide), log_weight[None, :, None].expand(shape[:3])


def exact(model: Model, q: "Posterior", batch: Batch) -> Reference:
    """The exact ∇ELBO of every site, in the engine's units: of each data point's own ELBO, or of the whole for a global site.

    Raises:
        ValueError: the model is too large, or a family can be neither enumerated nor integrated.
    """
    points, nus, log_weight = _points(model.sites), {}, {}
    values: dict[str, Tensor] = {}
    shifts: dict[str, Tensor] = {}
    grid = _grid(model.sites, points)
    for name, site in model.sites.items():
        dependent = (
            name in q.above
        )  # its ν moves with the draw above; the gradient is taken in a shift added at every draw
        nu = q.nu(site, batch, values if dependent else None)
        nu = nu if site.plate == "local" else nu.unsqueeze(0)
        shifts[name] = torch.zeros(nu.shape[-3:], dtype=nu.dtype, requires_grad=True)
        nus[name] = (nu if dependent else nu.detach()) + shifts[name]
        values[name], log_weight[name] = _nodes(site, grid[name], nus[name], points)
    weight = torch.stack([each.expand(1, -1, batch.size) for each in log_weight.values()]).sum(0).exp()  # (1, B, M)
    scale, whole = batch.total / batch.size, torch.zeros(())
    terms = [factor.value for factor in factors_at(model, batch, values)]
    for name, site in model.sites.items():
        log_q = site.family.log_prob(values[name], nus[name]).sum(-1)  # (1, B, M or 1)
        terms.append(-log_q if site.plate == "local" else -log_q[..., 0])
    for term in terms:
        whole = whole + ((weight * term).sum() * scale if term.ndim == 3 else (weight[..., 0] * term).sum())
    slopes = dict(zip(nus, torch.autograd.grad(whole, list(shifts.values())), strict=True))
    mean = {name: slopes[name] / scale if site.plate == "local" else slopes[name] for name, site in model.sites.items()}
    return Reference("exact", mean, {name: torch.zeros_like(slope) for name, slope in mean.items()})


def long_run(
    model: Model,
    q: "Posterior",
    batch: Batch,
    generator: torch.Generator,
    replicates: int = LONG_REPLICATES,
    chunk: int | None = None,
) -> Reference:
    """The mean of many replicates of an unbiased estimator, path where applicable, else leave-one-out, with its standard error.

    `chunk` replicates are drawn at a time, which bounds the memory; None: all at once.
    """
    from elbo_room.models.inference.estimate import estimate

    def calm(site: Site) -> Estimator:
        path = Reparameterization()
        return LeaveOneOut() if path.supports(site.family, LONG_DRAWS) else path

    parts = {name: calm(site) for name, site in model.sites.items()}
    parted = list[dict[str, Tensor]]()
    for start in range(0, replicates, chunk or replicates):
        size = min(chunk or replicates, replicates - start)
        found = estimate(model, q, parts, batch, LONG_DRAWS, generator, replicates=size, rao_blackwell="blanket")
        parted.append({name: found.draw_gradients(site).mean(1) for name, site in model.sites.items()})
    sample = {name: torch.cat([part[name] for part in parted]) for name in model.sites}  # (R, M, n_params, K)
    return Reference(
        "long",
        {name: each.mean(0) for name, each in sample.items()},
        {name: each.std(0) / replicates**0.5 for name, each in sample.items()},
    )
