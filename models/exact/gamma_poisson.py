"""Gamma–Poisson factorisation, z_nk ~ Γ(a, rate b), w_vk ~ Γ(c, rate d), x_nv ~ Poisson(Σ_k z_nk w_vk): a conjugate yardstick.

It is the one-layer sparse gamma DEF with Gamma weights. Splitting x_nv into its K sources makes every conditional a known distribution,
so that exact coordinate ascent (Cemgil 2009; Gopalan, Hofman & Blei 2015) and Gibbs sampling need no gradient: black box inference should
approach their results.
"""

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from elbo_room.models.families.entries import Entries, at_entries, times


@dataclass(frozen=True)
class Prior:
    """Shapes and rates: z ~ Γ(a, b), w ~ Γ(c, d)."""

    a: float = 0.3
    b: float = 0.3
    c: float = 0.3
    d: float = 0.3


class GammaPoisson:
    """q(z) q(w), all Gamma, and one sweep of exact coordinate ascent at a time; float64, only entries x > 0 are touched."""

    def __init__(self, x: Tensor, size: int, prior: Prior, generator: torch.Generator) -> None:
        self.prior, self.total = prior, x.shape
        self.entries = Entries.of(x.double())
        scale = (x.double().mean() / size).sqrt()
        first = lambda n: 0.5 + torch.rand(n, size, generator=generator, dtype=torch.float64)  # noqa: E731
        self.z_shape, self.w_shape = first(x.shape[0]), first(x.shape[1])
        self.z_rate = torch.ones(x.shape[0], size, dtype=torch.float64) / scale
        self.w_rate = torch.ones(x.shape[1], size, dtype=torch.float64) / scale

        self._moved()

    def _moved(self, *, z: bool = True, w: bool = True) -> None:
        """exp(E log z) (N, K), exp(E log w) (V, K), and Σ_k of their products at the entries (1, E), after q(z) or q(w) changed."""
        if z:
            self.z_center = (torch.digamma(self.z_shape) - self.z_rate.log()).exp()
        if w:
            self.w_center = (torch.digamma(self.w_shape) - self.w_rate.log()).exp()
        self.rate = at_entries(self.z_center[None], self.w_center[None], self.entries)

    def sweep(self, *, weights: bool = True) -> Self:
        """q(z), then q(w) (unless it is fixed), each set to its optimum given the rest; x_nv is split in proportion to z_nk w_vk."""
        p, z, w = self.prior, self.z_center, self.w_center
        self.z_shape = p.a + z * times(self.entries.count / self.rate, w[None], self.entries)[0]  # a + Σ_v x_nvk
        self.z_rate = p.b + (self.w_shape / self.w_rate).sum(0).expand_as(self.z_shape)
        self._moved(w=False)
        if weights:
            by_column = times(self.entries.count / self.rate, self.z_center[None], self.entries, turned=True)[0]
            self.w_shape = p.c + w * by_column  # c + Σ_n x_nvk
            self.w_rate = p.d + (self.z_shape / self.z_rate).sum(0).expand_as(self.w_shape)
            self._moved(z=False)
        return self

    def elbo(self) -> float:
        """The exact ELBO of all data in nats; the splits are at their optimum given q(z) q(w)."""
        mean_z, mean_w = self.means()
        seen = (self.entries.count * self.rate.log()).sum() - self.entries.log_factorials.sum()
        likelihood = seen - (mean_z.sum(0) * mean_w.sum(0)).sum()
        p = self.prior
        z_gap = _divergence(self.z_shape, self.z_rate, p.a, p.b) + _divergence(self.w_shape, self.w_rate, p.c, p.d)
        return float(likelihood - z_gap)

    def means(self) -> tuple[Tensor, Tensor]:
        """E z (N, K) and E w (V, K)."""
        return self.z_shape / self.z_rate, self.w_shape / self.w_rate

    def fold_in(self, x: Tensor, sweeps: int = 50) -> Tensor:
        """E z of other documents (N', K), q(w) fixed."""
        other = GammaPoisson(x, self.z_shape.shape[1], self.prior, torch.Generator().manual_seed(0))
        other.w_shape, other.w_rate = self.w_shape, self.w_rate
        other._moved()
        for _ in range(sweeps):
            other.sweep(weights=False)
        return other.means()[0]


def _divergence(shape: Tensor, rate: Tensor, prior_shape: float, prior_rate: float) -> Tensor:
    """Σ KL(Γ(shape, rate) ‖ Γ(prior))."""
    first, second = torch.tensor(prior_shape, dtype=torch.float64), torch.tensor(prior_rate, dtype=torch.float64)
    gap = (shape - first) * torch.digamma(shape) - torch.lgamma(shape) + torch.lgamma(first)
    return (gap + first * (rate.log() - second.log()) + shape * (second / rate - 1)).sum()


def gibbs(
    x: Tensor, size: int, prior: Prior, sweeps: int, burn: int, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Exact Gibbs sampling of (splits, z, w): the mean of z wᵀ over the sweeps after `burn`, and the last z and w.

    The split of a count is multinomial, drawn as a chain of binomials.
    """
    state = GammaPoisson(x, size, prior, generator)
    entries = state.entries
    z, w = state.means()
    mean = torch.zeros(x.shape, dtype=torch.float64)
    for sweep in range(sweeps):
        part = z[entries.row] * w[entries.column]
        left, rest, pieces = entries.count.clone(), part.sum(-1), []
        for k in range(size - 1):
            chance = (part[:, k] / rest).clamp(0, 1)
            drawn = torch.binomial(left, chance, generator=generator)
            left, rest = left - drawn, (rest - part[:, k]).clamp_min(1e-300)
            pieces.append(drawn)
        split = torch.stack([*pieces, left], -1)
        by_row = torch.zeros_like(z).index_add(0, entries.row, split)
        z = _gamma(prior.a + by_row, prior.b + w.sum(0), generator)
        by_column = torch.zeros_like(w).index_add(0, entries.column, split)
        w = _gamma(prior.c + by_column, prior.d + z.sum(0), generator)
        if sweep >= burn:
            mean += z @ w.T / (sweeps - burn)
    return mean, z, w


def _gamma(shape: Tensor, rate: Tensor, generator: torch.Generator) -> Tensor:
    drawn = torch._standard_gamma(shape, generator=generator)
    return (drawn / rate).clamp_min(1e-300)


def perplexity(rates: Tensor, x: Tensor) -> float:
    """exp(−Σ x log p / Σ x), p = rates normalised over the features: rates (N, V), tokens x (N, V)."""
    p = rates.double() / rates.double().sum(-1, keepdim=True)
    row, column = x.nonzero(as_tuple=True)
    count = x[row, column].double()
    return float((-(count * p[row, column].log()).sum() / count.sum()).exp())


def halves(x: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Assign each token to one of two halves by a fair coin: (observed, held out)."""
    seen = torch.binomial(x, torch.full_like(x, 0.5), generator=generator)
    return seen, x - seen
