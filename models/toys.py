"""Toy problems whose gradients and variances are known in closed form: for notebooks, and to see an estimator's noise naked.

Each returns (model, q, batch) for `probe` and `estimate`. They have one datum and one local site z of `size` coordinates.
"""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from elbo_room.models.core import Batch, Factor, Site
from elbo_room.models.families import Bernoulli, Family, Normal
from elbo_room.models.variational import Global, Posterior

Problem = tuple["Toy", Posterior, Batch]


class Toy:
    """A model of one site whose log joint is a function of z alone."""

    def __init__(self, family: Family, size: int, log_joint: Callable[[Tensor], Tensor]) -> None:
        self.sites: Mapping[str, Site] = {"z": Site("z", "global", (size,), family)}
        self.log_joint = log_joint

    def factors(self, batch: Batch, latents: Mapping[str, Tensor]) -> list[Factor]:
        """The log joint at z, (R, B); a toy has no data."""
        del batch
        return [Factor("log p", self.log_joint(latents["z"]).sum(-1), frozenset({"z"}))]


def _problem(family: Family, nu: Tensor, log_joint: Callable[[Tensor], Tensor]) -> Problem:
    size = nu.shape[-1]
    batch = Batch(torch.zeros(1, 1), torch.zeros(1, dtype=torch.int64), 1)
    return Toy(family, size, log_joint), Posterior({"z": Global(Site("z", "global", (size,), family), nu)}), batch


def _normal(mean: float, scale: float, size: int) -> Tensor:
    """ν = (μ, log s) of `size` coordinates alike: (2, size)."""
    return torch.stack([torch.full((size,), mean), torch.full((size,), scale).log()])


def quadratic(mean: float = 1.0, scale: float = 1.0, center: float = 0.0, size: int = 1) -> Problem:
    """∇E_q f with f(z) = Σ_j (z_j − k)² and q = N(μ, s²): ∂_μ = 2δ, ∂_{log s} = 2s², δ = μ − k.

    The log joint is f + log q(z; ⌊ν⌋), so the instantaneous ELBO is f itself. In one dimension the score's variance for μ is
    δ⁴/s² + 14δ² + 15s², path only's 4s² (the total derivative adds −s on top); with `size` coordinates the score's variance for one
    of them grows as size², path only's not at all.
    """
    nu = _normal(mean, scale, size)
    return _problem(Normal(), nu, lambda z: (z - center).square() + Normal().log_prob(z, nu))


def gaussian(
    mean: float = 0.0, scale: float = 1.0, target_mean: float = 0.0, target_scale: float = 1.0, size: int = 1
) -> Problem:
    """The ELBO of q = N(m, s²) against p = N(m0, s0²); D = m − m0.

    Variance for m: total s²/s0⁴, path only (1/s − s/s0²)²; for log s: s²D²/s0⁴ + 2s⁴/s0⁴ and s²D²/s0⁴ + 2(1 − s²/s0²)².
    At q = p path only has none; it is the worse one for m when s² < s0²/2.
    """
    target = _normal(target_mean, target_scale, size)
    return _problem(Normal(), _normal(mean, scale, size), lambda z: Normal().log_prob(z, target))


def bernoulli_unit(logit: float, at_zero: float, at_one: float) -> Problem:
    """∇E_q f for one binary unit: p(1−p)(f1 − f0); a score with baseline c has variance p(1−p)[(f1−c)(1−p) + (f0−c)p]²."""
    nu = torch.full((1, 1), logit)
    family = Bernoulli()
    return _problem(family, nu, lambda z: at_zero + z * (at_one - at_zero) + family.log_prob(z, nu))
