"""Posterior collapse, measured: KL_k = (1/N) Σ_i KL(q(z_ik) ‖ N(0, λ_z²)); a dimension is collapsed when KL_k < 0.01 nats."""

import math

import torch
from torch import Tensor

from elbo_room.models.core import Batch, Model
from elbo_room.models.families import Normal
from elbo_room.models.thresholds import ACTIVE
from elbo_room.models.variational import Posterior

THRESHOLD = ACTIVE
LEAST_SPREAD = (
    0.01  # variance of the posterior means over the data, of an active unit (Burda, Grosse & Salakhutdinov 2016)
)


def _nu(model: Model, q: Posterior, batch: Batch, site: str) -> Tensor:
    family = model.sites[site].family
    if not family.gaussian:
        raise ValueError(
            f"KL per dimension is known for Normal latents; site {site!r} is {family.label}. Look at its factors instead."
        )
    return q.nu(model.sites[site], batch)


def divergence_from_prior(model: object, nu: Tensor) -> Tensor:
    """KL(N(μ, s²) ‖ N(0, λ_z²)) of every data point and coordinate, λ_z = 1 for a prior without it: ν (…, 2, K) → (…, K)."""
    prior = getattr(getattr(model, "latent_prior", None), "nu", None)
    if prior is None:
        return Normal().divergence_from_standard(nu)
    return Normal().divergence(nu, prior.to(nu.dtype))


@torch.no_grad()
def kl_per_dimension(model: Model, q: Posterior, batch: Batch, site: str = "z", nu: Tensor | None = None) -> Tensor:
    """Average KL of every latent dimension from its prior, in nats: (K,); `nu` saves computing it again.

    Under a learned prior, which is not a product over dimensions, from N(mean, variance) of q's average over the batch instead: the
    Gaussian bound on I(x; z_k), 0 if every data point has the same q.
    """
    nu = _nu(model, q, batch, site) if nu is None else nu
    prior = getattr(model, "latent_prior", None)
    if prior is None or prior.nu is not None:
        return divergence_from_prior(model, nu).mean(0)
    mean, scale = nu[:, 0], nu[:, 1].exp()
    whole = (scale.square().mean(0) + mean.var(0, correction=0)).sqrt().log()  # log sd of the average q, (K,)
    return Normal().divergence(nu, torch.stack([mean.mean(0), whole])).mean(0)


def active(divergence: Tensor) -> Tensor:
    """Which dimensions carry information: (K,) bool."""
    return divergence >= THRESHOLD


@torch.no_grad()
def active_units(model: Model, q: Posterior, batch: Batch, site: str = "z") -> Tensor:
    """Which dimensions have Var_x(E_q[z_k | x]) > .01: (K,) bool (Burda, Grosse & Salakhutdinov 2016)."""
    return _nu(model, q, batch, site)[:, 0].var(0) > LEAST_SPREAD


@torch.no_grad()
def mutual_information(
    model: Model, q: Posterior, batch: Batch, generator: torch.Generator, draws: int = 4, site: str = "z"
) -> tuple[float, float]:
    """I_q(x; z) = E log q(z | x) − log (1/M) Σ_j q(z | x_j) over the batch, and its standard error, in nats.

    Each data point's z is compared with the mixture of the batch's M posteriors (Hoffman & Johnson 2016): the mutual information of these
    M data points, at most log M, and below that of all the data.
    """
    nu = _nu(model, q, batch, site)  # (M, 2, K)
    noise = torch.randn(draws, *nu[:, 0].shape, generator=generator, dtype=nu.dtype)
    z = Normal().transform(noise, nu)  # (B, M, K)
    each = torch.stack([Normal().log_prob(one.unsqueeze(1), nu).sum(-1) for one in z])  # (B, M, M)
    own = each.diagonal(dim1=1, dim2=2)  # (B, M)
    gain = (own - (each.logsumexp(-1) - math.log(batch.size))).mean(0)  # (M,)
    return float(gain.mean()), float(gain.std()) / batch.size**0.5
