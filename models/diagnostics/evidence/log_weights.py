"""log w_s = log p(x, z_s) − log q(z_s; x), z_s ~ q: the basis of every importance-sampling estimate of the evidence."""

import math

import torch
from torch import Tensor

from elbo_room.models.core import Batch, Model
from elbo_room.models.inference.noise import draw_noise
from elbo_room.models.variational import Posterior

CELLS = 2_000_000  # draws × rows × features that are decoded at a time


def refuse_global(model: Model) -> None:
    """Refuse global sites: an importance weight belongs to a single data point.

    Raises:
        ValueError: a site is global.
    """
    if any(site.plate == "global" for site in model.sites.values()):
        raise ValueError(
            "A global site has its own q; this score is for one data point at a time. Use point-mass weights."
        )


def local_log_joint(model: Model, batch: Batch, values: dict[str, Tensor]) -> Tensor:
    """log p(x_i, z_i) at values (R, B, M, K), without the weights' prior: (R, B, M)."""
    return sum((f.value for f in model.factors(batch, values) if f.value.ndim == 3), torch.zeros(()))


@torch.no_grad()
def log_weights(model: Model, q: Posterior, batch: Batch, draws: int, generator: torch.Generator) -> Tensor:
    """Log weights of S draws for each of M data points, all sites together: (S, M).

    Raises:
        ValueError: a site is global.
    """
    refuse_global(model)
    dtype = q.nu(next(iter(model.sites.values())), batch).dtype
    chunk = max(1, CELLS // (batch.size * batch.x[0].numel()))
    found = []
    for first in range(0, draws, chunk):
        count = min(chunk, draws - first)
        noise = draw_noise(model, batch, 1, count, generator, dtype, "iid")
        values: dict[str, Tensor] = {}
        log_q = torch.zeros(())
        for name, site in model.sites.items():
            nu = q.nu(site, batch, values)
            nu = nu.expand(1, count, *nu.shape[-3:])
            values[name] = site.family.transform(noise[name], nu)
            log_q = log_q + site.family.log_prob(values[name], nu).sum(-1)
        found.append((local_log_joint(model, batch, values) - log_q)[0])
    return torch.cat(found)


def log_mean(log_w: Tensor) -> Tensor:
    """log (1/S) Σ_s w_s: (S, …) → (…)."""
    return log_w.logsumexp(0) - math.log(len(log_w))
