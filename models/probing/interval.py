"""[low, high] for a variance known as the mean V of R squared distances d_r = ‖ĝ_r − ḡ‖² R/(R−1).

    log high = log V + (t + a) e,   log low = log V − t e,   e = sd(d)/(V √R),   a = [γ (2t² + 1)/6 − c t²/2]₊/√R

t is Student's 97.5 % quantile, c = sd(d)/V, γ the skewness of d. The estimate's error is large where the estimate is large, which is
why V ± 2 sd/√R is too low; in log V only the skewness remains, and its term a is the first of the Cornish–Fisher expansion
of the studentised log mean (Johnson 1978, Hall 1992). R numbers have less skewness than their distribution: γ is
(1 + 12/√R) times theirs, a factor found empirically for the distances of Gaussian, polynomial and network gradients at R = 8 to 128
(`tests/benchmarks/coverage.py` measures it).

Where the tail is heavier than that, V is mostly too low, because the draws that make it large are still missing. Of n numbers whose
tail is P(d > x) ~ exp(−x^(1/θ)), the share Q(1 + θ, log n) of the mean comes from beyond the largest expected one, with Q the upper
regularised incomplete Γ. Where that share is above a quarter, R replicates cannot bound the variance above: high is ∞, and low the
one-sided 96 % limit, a little more than 95 % because some such samples look harmless, stay closed, and are too low. θ is the Weibull tail
coefficient of the largest eighth (Beirlant et al. 1995, Gardes & Girard 2008), estimated from the single draws where they are available: B
times as many numbers as replicates, however their dependence affects V.

Every point has its own interval: neighbouring probes are not pooled, because the parameters move between them, and the variances with them.
"""

import math

import torch
from torch import Tensor

from elbo_room.models.probing.variance import Variance

NORMAL_TWO_SIDED, NORMAL_ONE_SIDED = 1.959964, 1.750686  # 97.5 % and 96 % quantiles
SKEWNESS = 12.0  # γ is (1 + 12/√R) times that of the R distances
UNSEEN = 0.25  # share of the mean beyond the largest expected draw, above which the interval is open
TAIL, LEAST_TAIL = 8, 4  # the largest eighth, and at least four numbers, determine how heavy the tail is
LEAST_REPLICATES = 8  # with fewer, the error of V cannot be estimated


def student(quantile: float, freedom: int) -> float:
    """Student's t from the normal quantile z: z + (z³ + z)/4ν + … (Abramowitz & Stegun 26.7.5), to .001 for ν ≥ 7."""
    z = quantile
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
    )
    return z + sum(term / freedom ** (k + 1) for k, term in enumerate(terms))


def unseen(single: Tensor) -> Tensor:
    """Q(1 + θ, log n), elementwise: the share of the mean of n squared distances (n, …) that is beyond the largest expected one."""
    count = len(single)
    size = max(LEAST_TAIL, count // TAIL)
    logs = single.double().topk(size + 1, 0).values.clamp_min(1e-300).log()  # (size + 1, …)
    ranks = torch.arange(1, size + 2, dtype=torch.float64)
    scale = torch.log(torch.log((count + 1) / ranks))  # (size + 1,)
    theta = (logs[:-1] - logs[-1]).sum(0) / (scale[:-1] - scale[-1]).sum()
    return torch.special.gammaincc(1 + theta, torch.tensor(math.log(count), dtype=torch.float64))


def interval(distance: Tensor, single: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """(low, high) of the mean of R squared distances (R, …), elementwise and in float64; `single` (n, …) are those of single draws."""
    count, distance = len(distance), distance.double()
    mean = distance.mean(0)
    if count < LEAST_REPLICATES:
        return torch.zeros_like(mean), torch.full_like(mean, math.inf)
    least = mean.clamp_min(1e-300)
    centred = (distance - mean) / least  # c² is its mean square
    spread = centred.square().mean(0).sqrt()
    skewness = centred.pow(3).mean(0) / spread.pow(3).clamp_min(1e-300) * (1 + SKEWNESS / count**0.5)
    both, lower = (student(quantile, count - 1) for quantile in (NORMAL_TWO_SIDED, NORMAL_ONE_SIDED))
    error = spread / (count - 1) ** 0.5
    shift = (skewness * (2 * both**2 + 1) / 6 - spread * both**2 / 2).clamp_min(0) / count**0.5
    wide = unseen(distance if single is None else single) > UNSEEN
    low = mean * torch.exp(-error * torch.where(wide, lower, both))
    return low, torch.where(wide, math.inf, mean * torch.exp(error * (both + shift)))


def variance_of(distance: Tensor, single: Tensor | None = None) -> Variance:
    """The mean of R squared distances (R,) as a variance, with its standard error and its interval."""
    low, high = interval(distance, single)
    return Variance(
        float(distance.mean()), float(distance.double().std()) / len(distance) ** 0.5, float(low), float(high)
    )
