"""L_K = E log (1/K) Σ_k w_k: the ELBO at K = 1, and rising with K to log p(x) (Burda, Grosse & Salakhutdinov 2016).

One set of S log weights per data point gives the whole curve: L_K is the average over the S/K blocks of K draws. The blocks of 2K are
pairs of the blocks of K, so the curve cannot fall when K doubles: log ½(a + b) ≥ ½(log a + log b).
"""

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from elbo_room.models.core import Batch, Model
from elbo_room.models.diagnostics.evidence.log_weights import log_mean, log_weights
from elbo_room.models.variational import Posterior

RESAMPLES = 100
LEVEL = 0.95
Over = Literal["draws", "data"]


@dataclass(frozen=True)
class Interval:
    """An estimate in nats per data point with the ends of its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def error(self) -> float:
        """Half the interval's width."""
        return (self.high - self.low) / 2

    def moved(self, by: float) -> "Interval":
        """The same interval, shifted by this many nats."""
        return Interval(self.value + by, self.low + by, self.high + by)


@dataclass(frozen=True)
class Curve:
    """L_K at K = 1, 2, 4, … S, each with its interval; nats per data point, averaged over M data points."""

    draws: tuple[int, ...]
    bounds: tuple[Interval, ...]

    @property
    def elbo(self) -> Interval:
        """L_1."""
        return self.bounds[0]

    @property
    def best(self) -> Interval:
        """L_S, the tightest."""
        return self.bounds[-1]

    def moved(self, by: float) -> "Curve":
        """The same curve, shifted by this many nats."""
        return Curve(self.draws, tuple(each.moved(by) for each in self.bounds))


def ladder(most: int) -> tuple[int, ...]:
    """1, 2, 4, … up to the largest power of two within S."""
    return tuple(2**k for k in range(most.bit_length()) if 2**k <= most)


def bounds(log_w: Tensor) -> Tensor:
    """L_K of every data point, for K = 1, 2, 4, …: (S, M) → (n, M)."""
    rungs = ladder(len(log_w))
    level, found = log_w[: rungs[-1]], []
    for _ in rungs:
        found.append(level.mean(0))
        level = torch.logaddexp(level[0::2], level[1::2]) - math.log(2) if len(level) > 1 else level
    return torch.stack(found)


def interval(value: Tensor, resampled: Tensor) -> list[Interval]:
    """Values (n,) and their bootstrap replicates (T, n) as intervals: the replicates' quantiles, shifted to the value.

    A log of a mean is biased downwards, and its bootstrap replicates by as much again; the shift removes that from the ends.
    """
    tail = (1 - LEVEL) / 2
    moved = resampled - resampled.mean(0) + value
    low, high = moved.quantile(tail, 0), moved.quantile(1 - tail, 0)
    return [Interval(*map(float, each)) for each in zip(value, low, high, strict=True)]


def resample(log_w: Tensor, generator: torch.Generator, over: Over) -> Tensor:
    """One bootstrap replicate of L_K, averaged over the data: (n,). Resamples the draws of each data point, or whole data points."""
    S, M = log_w.shape
    if over == "data":
        return bounds(log_w)[:, torch.randint(M, (M,), generator=generator)].mean(1)
    chosen = torch.randint(S, (S, M), generator=generator)
    return bounds(log_w.gather(0, chosen)).mean(1)


def curve_of(log_w: Tensor, generator: torch.Generator, over: Over = "draws", resamples: int = RESAMPLES) -> Curve:
    """The curve of log weights (S, M).

    `over="draws"` measures the uncertainty due to the draws for exactly these data; `over="data"`, how far the result would move for other
    data of the same kind.
    """
    rungs = ladder(len(log_w))
    log_w = log_w[: rungs[-1]]
    each = bounds(log_w)
    if over == "data":
        M = log_w.shape[1]
        chosen = torch.randint(M, (resamples, M), generator=generator)
        replicates = each[:, chosen].mean(2).T
    else:
        replicates = torch.stack([resample(log_w, generator, over) for _ in range(resamples)])
    return Curve(rungs, tuple(interval(each.mean(1), replicates)))


def iwae_curve(
    model: Model,
    q: Posterior,
    batch: Batch,
    generator: torch.Generator,
    draws: int = 1024,
    over: Over = "draws",
) -> Curve:
    """The ELBO and its importance-weighted tightenings up to K = `draws`, for M data points.

    Raises:
        ValueError: a site is global.
    """
    return curve_of(log_weights(model, q, batch, draws, generator), generator, over)


def log_evidence(log_w: Tensor, generator: torch.Generator, resamples: int = RESAMPLES) -> Interval:
    """log (1/S) Σ w averaged over the data, with its interval due to the draws: (S, M), any S."""
    S, M = log_w.shape
    replicates = [
        log_mean(log_w.gather(0, torch.randint(S, (S, M), generator=generator))).mean() for _ in range(resamples)
    ]
    return interval(log_mean(log_w).mean().reshape(1), torch.stack(replicates).reshape(-1, 1))[0]
