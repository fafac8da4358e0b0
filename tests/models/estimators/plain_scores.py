"""The textbook's −surrogate per data point of score-type estimators, written with loops: what `test_identities` compares with."""

import math

import torch
from torch import Tensor

from elbo_room.models.families import Normal


def plain_vargrad(model, q, batch, noise, nu, z, factors, log_q) -> Tensor:
    log_p = factors[0].value + factors[1].value
    return 0.5 * (log_q - log_p.detach()).var(1, correction=1).mean() - log_p.mean()


def plain_first_nvil(model, q, batch, noise, nu, z, factors, log_q) -> Tensor:
    """Plain score: it has learned nothing yet."""
    log_p = factors[0].value + factors[1].value
    return -(log_p + (log_p - log_q).detach() * log_q).mean()


def plain_each(model, q, batch, noise, nu, z, factors, log_q) -> Tensor:
    """ξ_j of every draw from a loop over the others."""
    log_p = factors[0].value + factors[1].value
    f, count = (log_p - log_q).detach(), z.shape[1]
    s = Normal().score(z, nu.expand(*z.shape[:2], *nu.shape))  # (1, B, M, n_params, K)
    total = torch.zeros(())
    for b in range(count):
        top = sum(f[:, c, :, None, None] * s[:, c].square() for c in range(count) if c != b)
        bottom = sum(s[:, c].square() for c in range(count) if c != b)
        total = total + f[:, b].mul(log_q[:, b]).sum() - (top / bottom * s[:, b] * nu).sum()
    return -log_p.mean() - total / (count * batch.size)


def plain_measure_valued(model, q, batch, noise, nu, z, factors, log_q) -> Tensor:
    """One coordinate and parameter at a time, Rayleigh numbers from the same generator."""
    w = (-2 * torch.log1p(-torch.rand(z.shape, generator=torch.Generator(), dtype=z.dtype))).sqrt()
    m, s = nu[:, 0].detach(), nu[:, 1].detach().exp()

    def f(at: Tensor) -> Tensor:
        found = model.factors(batch, {"z": at})
        return (found[0].value + found[1].value - Normal().log_prob(at, nu).sum(-1)).detach()

    total = torch.zeros(())
    for k in range(z.shape[-1]):
        own = torch.arange(z.shape[-1]) == k
        n = (z - m) / s
        away = torch.sign(n) * (n.square() + w.square()).sqrt()
        up, down = (f(torch.where(own, m + sign * s * w, z)) for sign in (1, -1))
        far = f(torch.where(own, m + s * away, z))
        total = total + ((up - down) / (s * math.sqrt(2 * math.pi))[:, k] * nu[:, 0, k]).sum()
        total = total + ((far - f(z)) * nu[:, 1, k]).sum()  # 1/s, and ds/dρ = s
    return -(factors[0].value + factors[1].value).mean() - total / (z.shape[1] * batch.size)


SCORE_LOSSES = {
    "vargrad": plain_vargrad,
    "nvil": plain_first_nvil,
    "score_xi_each": plain_each,
    "measure_valued": plain_measure_valued,
}
