"""log p(x; η) = x η − exp η − log x!: counts, with rate λ = exp η."""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from elbo_room.models.families.entries import Entries, log_sums
from elbo_room.models.families.family import Family, WeakDerivative
from elbo_room.models.families.support import COUNT, Support


def log_factorials(x: Tensor) -> Tensor:
    """Σ_v log x_v!, which is 0 unless some x_v ≥ 2, as few entries of a table of words are: (M, D) → (M,)."""
    row, column = (x > 1).nonzero(as_tuple=True)
    return torch.zeros(len(x), dtype=x.dtype).index_add(0, row, torch.lgamma(x[row, column] + 1))


@dataclass(frozen=True)
class Poisson(Family):
    """Poisson with natural parameter η = log λ; it is not truncated, so its states cannot be enumerated."""

    name: ClassVar[str] = "poisson"
    label: ClassVar[str] = "Poisson"
    symbol: ClassVar[str] = "Pois(λ)"
    help: ClassVar[str] = "Counts: 0, 1, 2, … without an upper bound."
    conjugate: ClassVar[str] = "gamma"
    support: ClassVar[Support] = COUNT
    n_params: ClassVar[int] = 1
    discrete: ClassVar[bool] = True
    reparameterizable: ClassVar[bool] = False
    parameter_names: ClassVar[tuple[str, ...]] = ("log rate",)

    def noise(self, shape: tuple[int, ...], generator: torch.Generator, dtype: torch.dtype = torch.float32) -> Tensor:
        """ε ~ Uniform[0, 1)."""
        return torch.rand(shape, generator=generator, dtype=dtype)

    def mirror(self, noise: Tensor) -> Tensor:
        """1 − ε."""
        return 1 - noise

    def from_uniform(self, uniform: Tensor) -> Tensor:
        """ε = u."""
        return uniform

    @torch.no_grad()
    def transform(self, noise: Tensor, nu: Tensor) -> Tensor:
        """The smallest x with P(X ≤ x) > ε, by bisection in float64; P(X ≤ x) = Γ(x + 1, λ)/Γ(x + 1).

        A rate above 2⁵³, where float64 has no more odd numbers, is x itself, and so is one that is not finite. Not `torch.poisson`, whose
        draw is not a function of noise that probes could share among estimators.
        """
        rate = nu.squeeze(-2).double().exp()
        below_one = noise.double().clamp_max(1 - torch.finfo(noise.dtype).eps / 2)
        below_one, rate = torch.broadcast_tensors(below_one, rate)
        low = (rate - 12 * rate.sqrt() - 1).floor().clamp_min(-1)  # P(X ≤ low) ≤ ε: even 2⁻⁵³ is within these bounds
        high = (rate + 12 * rate.sqrt() + 30).ceil()
        exact = rate <= 2.0**53  # not of NaN
        for _ in range(math.ceil(math.log2(float(torch.where(exact, high - low, 1.0).max())))):
            middle = ((low + high) / 2).floor()
            enough = torch.special.gammaincc(middle + 1, rate) > below_one
            low, high = torch.where(enough, low, middle), torch.where(enough, middle, high)
        return torch.where(exact, high, rate).to(noise.dtype)

    def log_prob(self, value: Tensor, nu: Tensor) -> Tensor:
        """x η − exp η − log x!, for every coordinate."""
        eta = nu.squeeze(-2)
        return value * eta - eta.exp() - torch.lgamma(value + 1)

    def log_prob_sum(self, value: Tensor, parameters: tuple[Tensor, ...]) -> Tensor:
        """Σ_v (x_v η_v − exp η_v) − Σ_v log x_v!."""
        (eta,) = parameters
        return self.log_prob_sum_at(value, eta, eta.exp())

    def log_prob_sum_at(self, value: Tensor, log_rate: Tensor, rate: Tensor) -> Tensor:
        """The same for a model that has both log λ and λ."""
        return (value * log_rate - rate).sum(-1) - log_factorials(value)

    def log_prob_factored(self, entries: Entries, left: Tensor, right: Tensor, floor: float) -> Tensor:
        """The same for rates λ_rv = Σ_k left_rk right_vk + floor, with logs only where x > 0: Σ_v λ_rv is Σ_k left_rk Σ_v right_vk.

        left (S, M, K), right (S, D, K) → (S, M). Ten times as fast on text.
        """
        seen = log_sums(left, right, entries, floor)  # (S, M)
        whole = (left * right.sum(1, keepdim=True)).sum(-1) + floor * right.shape[1]
        return seen - whole - entries.log_factorials

    def sample(self, nu: Tensor, generator: torch.Generator) -> Tensor:
        """torch's sampler, which is faster than the quantile of the noise."""
        return torch.poisson(self.mean(nu), generator=generator)

    def weak_derivatives(
        self,
        value: Tensor,
        nu: Tensor,
        generator: torch.Generator | None,  # noqa: ARG002 - one signature for all
    ) -> list[WeakDerivative]:
        """d/dλ E f = E[f(x + 1) − f(x)], where x is the draw itself."""
        return [WeakDerivative(self.mean(nu), torch.ones_like(value), value + 1, value)]

    def mean(self, nu: Tensor) -> Tensor:
        """λ = exp η."""
        return nu.squeeze(-2).exp()

    def natural_step(self, nu: Tensor, gradient: Tensor, step_size: float) -> Tensor:
        """η ← η + ρ (∂L/∂η)/λ, η = log λ; λ counts as at least 1e−3."""
        return nu + step_size * gradient / nu.exp().clamp_min(1e-3)
