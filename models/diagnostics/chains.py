"""Statistics of Markov chains: rank-normalised split R̂, bulk and tail effective sample size, and the error of a quantile.

All from draws (C, S) of one quantity, S draws of each of C chains, after Vehtari, Gelman, Simpson, Carpenter & Bürkner (2021).
"""

import math

import torch
from torch import Tensor

TAILS = (0.05, 0.95)


def split(draws: Tensor) -> Tensor:
    """Each chain in two halves, so that a drift within a chain counts as a difference between chains: (C, S) → (2C, S // 2)."""
    half = draws.shape[1] // 2
    return torch.cat([draws[:, :half], draws[:, draws.shape[1] - half :]])


def rank_normalised(draws: Tensor) -> Tensor:
    """Φ⁻¹((r − ⅜)/(n + ¼)), r the average rank of each of the n draws: defined for heavy tails too."""
    flat = draws.flatten().double()
    values, place, counts = flat.unique(return_inverse=True, return_counts=True)
    del values
    last = counts.cumsum(0).double()
    rank = (last - (counts - 1) / 2)[place]  # the mean of the tied ranks
    return torch.special.ndtri((rank - 0.375) / (len(flat) + 0.25)).reshape(draws.shape)


def _r_hat(chains: Tensor) -> float:
    """√(((n − 1)/n W + B/n)/W), B/n the variance of the chains' means and W the mean of their variances."""
    n = chains.shape[1]
    within = chains.var(1).mean()
    between = chains.mean(1).var()
    if not float(within) > 0:
        return math.nan if not float(between) > 0 else math.inf
    return float(((n - 1) / n * within + between) / within) ** 0.5


def r_hat(draws: Tensor) -> float:
    """The larger R̂ of the ranks and of the ranks of |draw − median|, which see location and scale: 1 where the chains agree."""
    folded = (draws - draws.median()).abs()
    return max(_r_hat(split(rank_normalised(each))) for each in (draws, folded))


def effective_size(chains: Tensor) -> float:
    """C S/τ, τ = −1 + 2 Σ_t (ρ_{2t} + ρ_{2t+1}) summed while positive and made monotone (Geyer 1992), at most C S log₁₀ C S."""
    count, n = chains.shape
    centred = chains.double() - chains.double().mean(1, keepdim=True)
    size = 2 ** math.ceil(math.log2(2 * n))
    spectrum = torch.fft.rfft(centred, size)
    covariance = torch.fft.irfft(spectrum.abs().square(), size)[:, :n].mean(0) / n  # (n,)
    within = covariance[0] * n / (n - 1)
    total = covariance[0] + (chains.double().mean(1).var() if count > 1 else 0.0)
    if not float(total) > 0:
        return math.nan
    rho = 1 - (within - covariance) / total
    rho[0] = 1.0
    pairs = rho[: n - n % 2].reshape(-1, 2).sum(1)
    positive = (pairs > 0).long().cumprod(0).bool()
    kept = pairs[positive].cummin(0).values
    tau = max(-1 + 2 * float(kept.sum()), 1 / math.log10(count * n))
    return count * n / tau


def bulk_size(draws: Tensor) -> float:
    """The effective sample size for the centre: of the rank-normalised split chains."""
    return effective_size(split(rank_normalised(draws)))


def tail_size(draws: Tensor) -> float:
    """The smaller effective sample size of the 5 % and the 95 % quantile: of the indicators of the tails."""
    return min(quantile_size(draws, level) for level in TAILS)


def quantile_size(draws: Tensor, level: float) -> float:
    """The effective sample size for one quantile: of the indicator 1[draw ≤ quantile]."""
    return effective_size(split((draws <= draws.flatten().quantile(level)).double()))


def quantile_error(draws: Tensor, level: float) -> float:
    """The Monte Carlo standard error of a quantile: half the width, in draws, of its one-standard-error interval by a Beta law."""
    from scipy.stats import beta

    size = quantile_size(draws, level)
    low, high = beta.ppf([0.1586553, 0.8413447], size * level + 1, size * (1 - level) + 1)
    ends = draws.flatten().double().quantile(torch.tensor([low, high], dtype=torch.float64))
    return float(ends[1] - ends[0]) / 2
