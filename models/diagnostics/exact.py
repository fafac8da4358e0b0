"""p(z | x) ∝ p(z) p(x | z) on a grid, which distinguishes the two kinds of collapse.

Exact collapse: KL(p(z_k | x) ‖ p(z_k)) itself is 0, the likelihood is flat in z_k. Variational collapse: q equals the prior although the
exact posterior does not (He et al. 2019; Wang, Blei & Cunningham 2021).
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from elbo_room.models.core import Batch, Model
from elbo_room.models.diagnostics.collapse import kl_per_dimension
from elbo_room.models.diagnostics.latent import embedding, unit_of
from elbo_room.models.families import Normal
from elbo_room.models.inference.size import Trace
from elbo_room.models.thresholds import ACTIVE
from elbo_room.models.variational import Posterior

NODES, REACH = 81, 5.0  # of the grid along each dimension, and its half-width
TOGETHER = 10**7  # numbers that are held at once: of places, features and whatever the model computes between the two
ON_GRID = 10**8  # such numbers in all, beyond which a plane is too dear and lines through q's means are looked at
TRIED, HELD = 4, 4  # places of the trial; copies of the data that any model holds beside them
FLAT = 0.1  # nats: the optimiser's noise in a column that should be 0; .03 to .05 with Adam at .01


@dataclass(frozen=True)
class GridPosterior:
    """p(z | x) of M data points as masses on a grid of NODES^K points."""

    nodes: Tensor  # (G,), the ticks of every dimension
    log_mass: Tensor  # (M, G) or (M, G, G), Σ exp = 1
    log_prior: Tensor  # (G,) or (G, G), Σ exp = 1
    evidence: Tensor  # (M,), log p(x) by the grid's sum, nats

    def margin(self, axis: int) -> tuple[Tensor, Tensor]:
        """Marginal log mass of one dimension: of the posterior (M, G) and of the prior (G,)."""
        others = [k for k in range(self.log_prior.ndim) if k != axis]
        if not others:
            return self.log_mass, self.log_prior
        return self.log_mass.logsumexp([k + 1 for k in others]), self.log_prior.logsumexp(others)

    def divergence(self) -> Tensor:
        """KL(p(z_k | x_i) ‖ p(z_k)) of every data point and dimension: (M, K)."""
        found = []
        for axis in range(self.log_prior.ndim):
            posterior, prior = self.margin(axis)
            found.append((posterior.exp() * (posterior - prior)).sum(-1))
        return torch.stack(found, -1)

    def moments(self) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation of every dimension: (M, K) each."""
        margins = torch.stack([self.margin(axis)[0].exp() for axis in range(self.log_prior.ndim)], 1)  # (M, K, G)
        mean = margins @ self.nodes
        return mean, (margins @ self.nodes.square() - mean.square()).clamp_min(0).sqrt()


@torch.no_grad()
def numbers_of_a_place(model: Model, batch: Batch, site: str = "z") -> int:
    """Numbers that log p(x, z) of all rows holds at one place z: the data, or what a decoder and a mixture hold where that is more."""
    z = torch.zeros(1, TRIED, batch.size, *model.sites[site].shape, dtype=batch.x.dtype)
    with Trace() as trace:
        _log_joint_at_once(model, batch, z, site)
    most = max(trace.steps, default=0) // (TRIED * z.element_size())
    return max(batch.size * batch.x[0].numel(), most // HELD)


def _log_joint(model: Model, batch: Batch, z: Tensor, site: str) -> tuple[Tensor, Tensor]:
    """log p(z) and the terms of data point i at z (1, G, M, K): (1, G, M) each, some of the G points at a time."""
    parts = z.split(max(1, TOGETHER // numbers_of_a_place(model, batch, site)), 1)
    priors, likelihoods = zip(*(_log_joint_at_once(model, batch, each, site) for each in parts), strict=True)
    return torch.cat(priors, 1), torch.cat(likelihoods, 1)


def _log_joint_at_once(model: Model, batch: Batch, z: Tensor, site: str) -> tuple[Tensor, Tensor]:
    factors = [f for f in model.factors(batch, {site: z}) if f.value.ndim == 3 and site in f.on]
    prior = sum((f.value for f in factors if f.in_kl), torch.zeros(z.shape[:3]))
    return prior, sum((f.value for f in factors if not f.in_kl), torch.zeros(z.shape[:3]))


@torch.no_grad()
def posterior_on_grid(
    model: Model, batch: Batch, site: str = "z", nodes: int = NODES, reach: float = REACH
) -> GridPosterior:
    """The exact posterior of M data points for K ≤ 2, up to the grid's step 2·reach·λ_z/(nodes − 1); narrower posteriors need more nodes.

    Raises:
        ValueError: more than two latent dimensions, or more than one site.
    """
    (size,) = model.sites[site].shape
    if size > 2 or len(model.sites) > 1:
        raise ValueError(
            f"A grid was requested for {size} dimensions of {len(model.sites)} site(s); it is possible for at most 2 of one site. "
            "Choose a latent size of 1 or 2, or use `flatness`."
        )
    reach = reach * unit_of(model)
    ticks = torch.linspace(-reach, reach, nodes, dtype=batch.x.dtype)
    places = torch.cartesian_prod(*[ticks] * size).reshape(-1, size)  # (G^K, K)
    z = places[None, :, None].expand(1, -1, batch.size, -1)
    prior, likelihood = _log_joint(model, batch, z, site)
    shape = (batch.size, *[nodes] * size)
    joint = (prior + likelihood)[0].T.reshape(shape)
    total = joint.flatten(1).logsumexp(-1)  # (M,)
    base = prior[0, :, 0].reshape(shape[1:])
    cell = size * float((ticks[1] - ticks[0]).log())
    return GridPosterior(
        ticks, joint - total.reshape(-1, *[1] * size), base - base.logsumexp(list(range(size))), total + cell
    )


@torch.no_grad()
def flatness(
    model: Model, q: Posterior, batch: Batch, site: str = "z", nodes: int = NODES, reach: float = REACH
) -> Tensor:
    """KL(p(z_k | x, z_{−k} = E_q z_{−k}) ‖ p(z_k | z_{−k})) on a line through q's mean, for any K: (M, K)."""
    mean, _ = embedding(model, q, batch, site)  # (M, K)
    reach = reach * unit_of(model)
    ticks = torch.linspace(-reach, reach, nodes, dtype=mean.dtype)
    found = []
    for k in range(mean.shape[1]):
        z = mean.repeat(1, nodes, 1, 1)  # (1, G, M, K)
        z[..., k] = ticks[:, None]
        prior, likelihood = _log_joint(model, batch, z, site)
        base = prior[0] - prior[0].logsumexp(0)  # (G, M)
        joint = (prior + likelihood)[0]
        log_mass = joint - joint.logsumexp(0)
        found.append((log_mass.exp() * (log_mass - base)).sum(0))
    return torch.stack(found, -1)


@dataclass(frozen=True)
class Collapse:
    """The state of one dimension: q's KL and the exact posterior's, averaged over the data, in nats."""

    dimension: int  # from 0
    by_q: float
    exact: float

    @property
    def kind(self) -> str:
        """`active`, `exact` (the posterior itself is the prior) or `variational` (q ignores it)."""
        if self.by_q >= ACTIVE:
            return "active"
        return "exact" if self.exact < FLAT else "variational"

    @property
    def sentence(self) -> str:
        """The cause in one sentence."""
        name = f"z{self.dimension + 1}"
        if self.kind == "exact":
            return f"The likelihood is flat in {name}: the exact posterior equals the prior."
        if self.kind == "variational":
            return f"q ignores {name} although the exact posterior has {self.exact:.2f} nats."
        return f"{name} is active with {self.by_q:.2f} nats."


def diagnose(model: Model, q: Posterior, batch: Batch, site: str = "z") -> list[Collapse]:
    """Every dimension's state: from the grid if K ≤ 2 and the data are small enough, else along lines through q's means."""
    by_q = kl_per_dimension(model, q, batch, site)
    few = len(by_q) <= 2 and len(model.sites) == 1
    few = few and numbers_of_a_place(model, batch, site) * NODES ** len(by_q) <= ON_GRID
    exact = posterior_on_grid(model, batch, site).divergence() if few else flatness(model, q, batch, site)
    return [Collapse(k, float(a), float(b)) for k, (a, b) in enumerate(zip(by_q, exact.mean(0), strict=True))]


@torch.no_grad()
def distance_of_q(model: Model, q: Posterior, batch: Batch, site: str = "z") -> Tensor:
    """KL(q(z | x_i) ‖ p(z | x_i)) = log p(x_i) − ELBO_i with q evaluated on the same grid, for K ≤ 2: (M,)."""
    grid = posterior_on_grid(model, batch, site)
    nu = q.nu(model.sites[site], batch)  # (M, 2, K)
    each = Normal().log_prob(grid.nodes[:, None], nu.unsqueeze(1).expand(-1, len(grid.nodes), -1, -1))  # (M, G, K)
    log_q = each[..., 0] if nu.shape[-1] == 1 else each[:, :, None, 0] + each[:, None, :, 1]
    log_q = log_q - log_q.flatten(1).logsumexp(-1).reshape(-1, *[1] * (log_q.ndim - 1))
    return (log_q.exp() * (log_q - grid.log_mass)).flatten(1).sum(-1)
