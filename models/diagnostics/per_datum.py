"""Per data point: its ELBO, its KL, and the density of the average q at its position in the latent space."""

import math

import torch
from torch import Tensor

from elbo_room.models.core import Batch, Model
from elbo_room.models.inference.noise import draw_noise
from elbo_room.models.variational import Posterior


@torch.no_grad()
def elbo_of_each(
    model: Model, q: Posterior, batch: Batch, generator: torch.Generator, draws: int = 8, site: str = "z"
) -> tuple[Tensor, Tensor]:
    """(1/B) Σ_b log p(x_i, z_b) − log q(z_b; ν_i) in nats, and its part (1/B) Σ_b log p(x_i | z_b): (M,) each, z_b ~ q."""
    noise = draw_noise(model, batch, 1, draws, generator, batch.x.dtype, "iid")
    values, bound = {}, torch.zeros(())
    for name, each in model.sites.items():
        nu = q.nu(each, batch)
        values[name] = each.family.transform(noise[name], nu.expand(1, draws, *nu.shape))
        if each.plate == "local":
            bound = bound - each.family.log_prob(values[name], nu).sum(-1)  # (1, B, M)
    terms = [factor for factor in model.factors(batch, values) if factor.value.ndim == 3]
    fits = (each.value for each in terms if site in each.on and not each.in_kl)
    fit = sum(fits, torch.zeros(1, draws, batch.size))
    bound = bound + sum((each.value for each in terms), torch.zeros(()))
    return bound.mean((0, 1)), fit.mean((0, 1))


def average_q(at: Tensor, nu: Tensor) -> Tensor:
    """log (1/M) Σ_j N(z; μ_j, s_j²), the log density of the average q, at z (n, K) for ν (M, 2, K) of a Normal: (n,).

    In float64: z²/s² − 2zμ/s² + μ²/s² is one matrix product, but differences of large numbers where s is small.
    """
    mean, raw = nu.double().unbind(1)  # (M, K)
    z, precision = at.double(), (-2 * raw).exp()
    square = z.square() @ precision.T - 2 * z @ (mean * precision).T + (mean.square() * precision).sum(1)  # (n, M)
    each = -0.5 * square - raw.sum(1) - 0.5 * nu.shape[-1] * math.log(2 * math.pi)
    return (each.logsumexp(1) - math.log(len(nu))).to(at.dtype)
