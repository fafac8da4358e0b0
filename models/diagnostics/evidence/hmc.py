"""Hamiltonian Monte Carlo on the path log f_β(z) = (1 − β) log base(z) + β log p(x, z), for M data points with C chains each.

base is a Normal for every data point: q itself, or the prior. The mass matrix is that of a Gaussian path from base to q, so one step size
suits all dimensions; a trajectory is at most a quarter of that Gaussian's period, after which z is new (Neal 2011).
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from elbo_room.models.core import Batch, Model
from elbo_room.models.diagnostics.evidence.log_weights import local_log_joint, refuse_global
from elbo_room.models.families import Normal
from elbo_room.models.variational import Posterior

LEAPS = 4  # leapfrog steps of a trajectory
LONGEST = math.pi / 2 / LEAPS  # step size, in units of the path's standard deviation


@dataclass
class Point:
    """The position of the chains, with what a leapfrog step needs; d = joint − base is the gain of log w with β."""

    z: Tensor  # (C, M, K)
    base: Tensor  # (C, M), log base(z)
    joint: Tensor  # (C, M), log p(x, z)
    slope_base: Tensor  # (C, M, K)
    slope_joint: Tensor  # (C, M, K)

    def value(self, beta: float) -> Tensor:
        """log f_β: (C, M)."""
        return (1 - beta) * self.base + beta * self.joint

    def slope(self, beta: float) -> Tensor:
        """∇ log f_β: (C, M, K)."""
        return (1 - beta) * self.slope_base + beta * self.slope_joint

    def where(self, accepted: Tensor, other: "Point") -> "Point":
        """The other point where accepted (C, M), this one elsewhere."""
        pick = lambda a, b: torch.where(accepted if a.ndim == 2 else accepted[..., None], b, a)  # noqa: E731
        return Point(
            *(pick(mine, theirs) for mine, theirs in zip(vars(self).values(), vars(other).values(), strict=True))
        )


class Path:
    """The densities between base and joint, of all of a model's Normal local sites at once: their coordinates are concatenated."""

    def __init__(self, model: Model, q: Posterior, batch: Batch, base: str = "q") -> None:
        """`base` is "q", or "prior" for a model with one site and a prior that is a product of Normals.

        Raises:
            ValueError: a site is global or not Normal, or the base does not exist.
        """
        refuse_global(model)
        self.model, self.batch = model, batch
        other = [site for site in model.sites.values() if not site.family.gaussian]
        if other:
            raise ValueError(
                f"Annealing moves along gradients, so z must be Normal; site {other[0].name!r} is {other[0].family.label}. "
                "Use the importance-weighted bound for this model."
            )
        self.sizes = {name: math.prod(site.shape) for name, site in model.sites.items()}
        with torch.no_grad():
            own = torch.cat([q.nu(site, batch).flatten(2) for site in model.sites.values()], -1)  # (M, 2, K)
        self.nu = own if base == "q" else _prior(model, own)
        self.from_variance, self.to_variance = ((2 * nu[:, 1]).exp() for nu in (self.nu, own))  # (M, K)

    def scale(self, beta: float) -> Tensor:
        """The standard deviation of the Gaussian path at β: (M, K)."""
        return ((1 - beta) / self.from_variance + beta / self.to_variance).rsqrt()

    def start(self, chains: int, generator: torch.Generator) -> Point:
        """Draws of base: (C, M, K)."""
        noise = torch.randn(chains, *self.nu[:, 0].shape, generator=generator, dtype=self.nu.dtype)
        return self.at(Normal().transform(noise, self.nu))

    def at(self, z: Tensor) -> Point:
        """Both log densities and their gradients."""
        with torch.enable_grad():
            z = z.detach().requires_grad_()
            parts = z[None].split(list(self.sizes.values()), -1)
            values = {
                name: part.reshape(1, *z.shape[:2], *site.shape)
                for (name, site), part in zip(self.model.sites.items(), parts, strict=True)
            }
            joint = local_log_joint(self.model, self.batch, values)[0]
            (slope,) = torch.autograd.grad(joint.sum(), z)
        z = z.detach()
        base = Normal().log_prob(z, self.nu).sum(-1)
        slope_base = (self.nu[:, 0] - z) / self.from_variance
        return Point(z, base, joint.detach(), slope_base, slope)

    def move(self, here: Point, beta: float, step_size: Tensor, generator: torch.Generator) -> tuple[Point, Tensor]:
        """One trajectory with a Metropolis test: the new point, and the probability of acceptance (C, M).

        `step_size` (M,) is in units of the path's standard deviation.
        """
        scale = self.scale(beta)  # (M, K)
        step = step_size[:, None] * scale
        momentum = torch.randn(here.z.shape, generator=generator, dtype=here.z.dtype)  # conjugate to scale·z
        energy = here.value(beta) - 0.5 * momentum.square().sum(-1)
        there = here
        for _ in range(LEAPS):
            momentum = momentum + 0.5 * step * there.slope(beta)
            there = self.at(there.z + step * momentum)
            momentum = momentum + 0.5 * step * there.slope(beta)
        gain = there.value(beta) - 0.5 * momentum.square().sum(-1) - energy  # (C, M)
        chance = gain.nan_to_num(nan=-torch.inf, posinf=-torch.inf).clamp_max(0).exp()
        toss = torch.rand(chance.shape, generator=generator, dtype=chance.dtype)
        return here.where(toss < chance, there), chance


def _prior(model: Model, like: Tensor) -> Tensor:
    prior = getattr(model, "latent_prior", None)
    if prior is None or prior.nu is None or len(model.sites) > 1:
        raise ValueError("Annealing from the prior needs one site with a prior N(m, s²). Anneal from q, base='q'.")
    return prior.nu.detach().to(like.dtype).expand_as(like)
