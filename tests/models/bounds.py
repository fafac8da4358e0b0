"""The importance-weighted bound L_B = E log (1/B) Σ_b w_b and its gradient, exactly: every combination of B quadrature
nodes (Normal sites) or states (binary ones).
"""

import math

import numpy as np
import torch
from torch import Tensor

from tests.models.problems import NU, Problem

NODES = 24  # along each Normal coordinate
MOST = 1_000_000  # combinations


def measure(problem: Problem, nus: NU) -> tuple[dict[str, Tensor], Tensor]:
    """Every point of q's discrete stand-in: values {site: (P, M, K)} live in ν, and its mass (P, M)."""
    axis, weights = (torch.tensor(part) for part in np.polynomial.hermite_e.hermegauss(NODES))
    choices, masses, layout = [], [], []
    for name, site in problem.model.sites.items():
        for _ in range(site.shape[0]):
            discrete = site.family.discrete
            choices.append(torch.tensor([0.0, 1.0], dtype=torch.float64) if discrete else axis)
            masses.append(torch.ones(2, dtype=torch.float64) if discrete else weights / math.sqrt(2 * math.pi))
            layout.append(name)
    points = torch.cartesian_prod(*choices).reshape(-1, len(layout))  # (P, ΣK)
    mass = torch.cartesian_prod(*masses).reshape(-1, len(layout)).prod(-1, keepdim=True)  # (P, 1)
    values = {}
    for name, site in problem.model.sites.items():
        own = points[:, None, [place for place, each in enumerate(layout) if each == name]]  # (P, 1, K)
        if site.family.discrete:
            values[name] = own.expand(-1, problem.batch.size, -1)
            mass = mass * site.family.log_prob(own, nus[name]).sum(-1).exp()  # (P, M)
        else:
            values[name] = site.family.transform(own, nus[name])
    return values, mass.expand(-1, problem.batch.size)


def weighted_bound(problem: Problem, nus: NU, draws: int) -> Tensor | None:
    """L_B of each datum (M,), or None beyond `MOST` combinations."""
    sizes = [
        2 if site.family.discrete else NODES for site in problem.model.sites.values() for _ in range(site.shape[0])
    ]
    if math.prod(sizes) ** draws > MOST:
        return None
    values, mass = measure(problem, nus)
    latents = {name: value.unsqueeze(0) for name, value in values.items()}
    log_w = torch.stack(
        [factor.value[0].expand_as(mass) for factor in problem.model.factors(problem.batch, latents)]
    ).sum(0)
    for name, site in problem.model.sites.items():
        log_w = log_w - site.family.log_prob(values[name], nus[name]).sum(-1)  # (P, M)
    whole, chance = log_w, mass
    for _ in range(draws - 1):
        whole = torch.logaddexp(whole[:, None], log_w[None]).flatten(0, 1)
        chance = (chance[:, None] * mass[None]).flatten(0, 1)
    return (chance * (whole - math.log(draws))).sum(0)


def weighted_gradient(problem: Problem, draws: int) -> NU | None:
    """∇_{ν_i} L_B of each datum, as the engine reports it."""
    nus = {
        name: problem.q.nu(site, problem.batch).detach().requires_grad_() for name, site in problem.model.sites.items()
    }
    bound = weighted_bound(problem, nus, draws)
    if bound is None:
        return None
    return dict(zip(nus, torch.autograd.grad(bound.sum(), list(nus.values())), strict=True))
