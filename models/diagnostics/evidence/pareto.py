"""Pareto k̂ of importance ratios: the index of a generalised Pareto distribution fitted to the largest w_s of each data point.

Moments of w up to 1/k are finite. Below min(1 − 1/log₁₀ S, 0.7) the estimate can be trusted; above 1 not even the mean exists
(Vehtari, Simpson, Gelman, Yao & Gabry 2024). The fit is Zhang & Stephens's (2009), with their weak prior.
"""

import math

import torch
from torch import Tensor

PRIOR_K, PRIOR_ROWS = 0.5, 10  # what k̂ is shrunk towards, with the weight of that many ratios
LEAST_TAIL = 5
FLAT = 1e-5  # a tail that differs by less is rounding


def trusted_below(draws: int) -> float:
    """min(1 − 1/log₁₀ S, 0.7): above this, S draws are too few, or no number is enough."""
    return min(1 - 1 / math.log10(max(draws, 11)), 0.7)


def tail_length(draws: int) -> int:
    """min(S/5, 3√S), the number of largest ratios."""
    return math.ceil(min(0.2 * draws, 3 * draws**0.5))


def fit(excess: Tensor) -> tuple[Tensor, Tensor]:
    """Shape k and scale σ of x ~ GPD(k, σ), x in ascending order: (n, M) → (M,), (M,).

    With b = −k/σ the profile log likelihood is n [log(−b/k(b)) − k(b) − 1], k(b) = mean log(1 − b x); b̂ is its posterior mean on a grid.
    """
    n = len(excess)
    count = 30 + int(n**0.5)
    quarter = excess[int(n / 4 + 0.5) - 1].clamp_min(1e-300)  # (M,)
    j = torch.arange(1, count + 1, dtype=excess.dtype)
    b = (1 - (count / (j - 0.5)).sqrt())[:, None] / (3 * quarter) + 1 / excess[-1]  # (C, M)
    k = torch.log1p(-b[:, None] * excess).mean(1)  # (C, M)
    profile = n * ((-b / k).log() - k - 1)
    weight = profile.softmax(0)
    best = (b * weight).sum(0)  # (M,)
    k_hat = torch.log1p(-best * excess).mean(0)
    return k_hat, -k_hat / best


def smoothed(log_w: Tensor) -> tuple[Tensor, Tensor]:
    """Log weights with the tail replaced by the fitted distribution's expected order statistics, and k̂: (S, M) → (S, M), (M,).

    No smoothed weight exceeds the largest raw one. A data point whose tail is flat has k̂ = −∞ and keeps its weights.

    Raises:
        ValueError: fewer than 25 draws.
    """
    S, n = len(log_w), tail_length(len(log_w))
    if n < LEAST_TAIL:
        raise ValueError(f"There were {S} draws; a tail needs at least 25. Draw more, ideally a few hundred.")
    order = log_w.double().argsort(0)
    ranked = log_w.double().gather(0, order)
    top = ranked[-1]
    cut = (ranked[-n - 1] - top).exp()  # (M,), as a share of the largest weight
    excess = (ranked[-n:] - top).exp() - cut  # (n, M)
    flat = cut > 1 - FLAT
    k, sigma = fit(torch.where(flat, torch.linspace(1, 2, n, dtype=excess.dtype)[:, None], excess))
    k = (n * k + PRIOR_ROWS * PRIOR_K) / (n + PRIOR_ROWS)
    p = (torch.arange(n, dtype=k.dtype)[:, None] + 0.5) / n
    expected = cut + sigma * torch.expm1(-k * torch.log1p(-p)) / k
    tail = torch.where(flat, ranked[-n:], expected.clamp_min(1e-300).log().clamp_max(0) + top)
    whole = torch.empty_like(ranked).scatter_(0, order, torch.cat([ranked[:-n], tail]))
    return whole, torch.where(flat, -torch.inf, k)


def pareto_k(log_w: Tensor) -> Tensor:
    """k̂ of each data point's importance ratios: (S, M) → (M,)."""
    return smoothed(log_w)[1]
