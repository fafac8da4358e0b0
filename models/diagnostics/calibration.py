"""Simulation-based calibration: if q is right, the rank of the true z among its draws is uniform over simulated data sets.

z ~ p(z), x ~ p(x | z), z_1 … z_L ~ q(z | x): r = #{l: z_l < z} is uniform on 0 … L where q is the posterior, averaged over x (Cook,
Gelman & Rubin 2006; Talts, Betancourt, Simpson, Vehtari & Gelman 2018). A q that is too narrow gives ranks at both ends, one that is too
wide ranks in the middle, a shifted one ranks at one end. The empirical distribution of r/L lies within simultaneous bands with
probability 1 − α (Säilynoja, Bürkner & Vehtari 2022).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from elbo_room.models.core import described, shown
from elbo_room.models.inference.boundary import check_count
from elbo_room.models.probing.table import html_table, text_table

SIMULATED = 2000  # uniform samples from which the width of the bands is found
FEWEST = 20  # data sets
HEADER = ("unknown", "p-value", "inside the band?", "spread of ranks", "mean of ranks")
Simulate = Callable[[torch.Generator], tuple[Tensor, object]]
Infer = Callable[[object, torch.Generator], Tensor]


def ranks_of(truth: Tensor, draws: Tensor) -> Tensor:
    """#{l: z_l < z}: truth (N, K) and draws (N, L, K) → (N, K), from 0 to L."""
    return (draws < truth.unsqueeze(1)).sum(1)


def binomial_tails(count: int, at: Tensor) -> tuple[Tensor, Tensor]:
    """P(X ≤ k) and P(X ≥ k) of X ~ Binomial(N, p) for every k = 0 … N and each p of `at` (P,): (P, N + 1) each."""
    k = torch.arange(count + 1, dtype=torch.float64)
    choose = math.lgamma(count + 1) - torch.lgamma(k + 1) - torch.lgamma(count - k + 1)
    p = at.double().clamp(1e-15, 1 - 1e-15)[:, None]
    mass = (choose + k * p.log() + (count - k) * torch.log1p(-p)).exp()
    below = mass.cumsum(1).clamp_max(1)
    return below, (1 - below + mass).clamp(0, 1)


@dataclass(frozen=True, repr=False)
class Calibration:
    """The ranks of the truth among L draws, (N, K), for N simulated data sets; prints as a table.

    >>> import elbo_room as er
    >>> import torch
    >>> def simulate(generator):  # z ~ N(0, 1), x ~ N(z, 1)
    ...     z = torch.randn(1, generator=generator)
    ...     return z, z + torch.randn(1, generator=generator)
    >>> def infer(x, generator):  # the exact posterior, N(x/2, 1/2)
    ...     return x / 2 + 0.5**0.5 * torch.randn(99, 1, generator=generator)
    >>> found = er.calibrate(simulate, infer, data_sets=100)
    >>> found.ranks.shape, found.calibrated
    (torch.Size([100, 1]), True)
    """

    ranks: Tensor  # (N, K) int64
    draws: int  # L
    level: float = 0.95  # 1 − α, of the bands of one unknown

    @property
    def points(self) -> Tensor:
        """Where the distribution is looked at: (j + 1)/(L + 1) for j = 0 … L − 1, at most 100 of them, (P,)."""
        count = min(self.draws, 100)
        whole = torch.linspace(0, self.draws - 1, count, dtype=torch.float64).round()
        return (whole + 1) / (self.draws + 1)

    @cached_property
    def ecdf(self) -> Tensor:
        """The share of ranks r with (r + 1)/(L + 1) ≤ each point: (P, K)."""
        return self._below(self.ranks).double() / len(self.ranks)

    def _below(self, ranks: Tensor) -> Tensor:
        """How many ranks (N, …) are below each point: (P, …)."""
        limits = (self.points * (self.draws + 1)).round().long() - 1  # the largest rank that counts
        flat = ranks.flatten(1).T.contiguous()  # (…, N)
        counts = torch.searchsorted(flat.sort(1).values, limits.expand(len(flat), -1).contiguous(), right=True)
        return counts.T.reshape(-1, *ranks.shape[1:])

    def _least_tail(self, ranks: Tensor) -> Tensor:
        """The smallest 2 min(P(X ≤ k), P(X ≥ k)) over the points: how far the distribution is from uniform, (N, …) → (…)."""
        below, above = self._tails
        counts = self._below(ranks).flatten(1)  # (P, …)
        both = 2 * torch.minimum(below.gather(1, counts), above.gather(1, counts))
        return both.min(0).values.reshape(ranks.shape[1:])

    @cached_property
    def _tails(self) -> tuple[Tensor, Tensor]:
        return binomial_tails(len(self.ranks), self.points)

    @cached_property
    def _null(self) -> Tensor:
        """`_least_tail` of uniform ranks, sorted: (SIMULATED,)."""
        generator = torch.Generator().manual_seed(1)
        uniform = torch.randint(self.draws + 1, (len(self.ranks), SIMULATED), generator=generator)
        return self._least_tail(uniform).sort().values

    @cached_property
    def band(self) -> tuple[Tensor, Tensor]:
        """The lower and upper end of the simultaneous band for the distribution, (P,) each."""
        share = self._null[int((1 - self.level) * SIMULATED)]  # γ, of each point
        below, above = self._tails
        count = len(self.ranks)
        low = (2 * below <= share).sum(1).clamp_max(count)  # the least k that is not in the lower tail
        high = (count - (2 * above <= share).sum(1)).clamp_min(0)
        return low.double() / count, high.double() / count

    @property
    def inside(self) -> list[bool]:
        """Whether each unknown's distribution lies in its band."""
        low, high = self.band
        return ((self.ecdf >= low[:, None] - 1e-12) & (self.ecdf <= high[:, None] + 1e-12)).all(0).tolist()

    @cached_property
    def p_values(self) -> list[float]:
        """How often uniform ranks are as far from uniform as these, for each unknown."""
        found = self._least_tail(self.ranks)
        return [float((self._null <= each).double().mean().clamp_min(1 / SIMULATED)) for each in found]

    @property
    def calibrated(self) -> bool:
        """Whether no unknown is worse than chance allows for all of them together (Bonferroni)."""
        return min(self.p_values) > (1 - self.level) / self.ranks.shape[1]

    @property
    def spread(self) -> list[float]:
        """The standard deviation of the ranks relative to uniform ones': above 1, q is too narrow; below 1, too wide."""
        uniform = math.sqrt(((self.draws + 1) ** 2 - 1) / 12)
        return (self.ranks.double().std(0) / uniform).tolist()

    @property
    def shift(self) -> list[float]:
        """The mean of r/L − ½: above 0, q is too low; below 0, too high."""
        return (self.ranks.double().mean(0) / self.draws - 0.5).tolist()

    @property
    def sentences(self) -> list[str]:
        """What is wrong with each unknown that is outside its band."""
        found = []
        for k, (inside, spread, shift) in enumerate(zip(self.inside, self.spread, self.shift, strict=True)):
            if inside:
                continue
            error = 1 / math.sqrt(12 * len(self.ranks))
            if abs(shift) > 3 * error:
                found.append(f"Unknown {k + 1}: q is too {'low' if shift > 0 else 'high'}.")
            elif spread > 1:
                found.append(f"Unknown {k + 1}: q is too narrow, the truth lies in its tails too often.")
            else:
                found.append(f"Unknown {k + 1}: q is too wide, the truth lies in its middle too often.")
        return found

    def __repr__(self) -> str:
        return "\n".join([self._title(), *text_table(HEADER, self._rows()), *self.sentences])

    def _repr_html_(self) -> str:
        return html_table(self._title(), HEADER, self._rows(), self.sentences)

    def _title(self) -> str:
        word = "calibrated" if self.calibrated else "not calibrated"
        return f"Simulation-based calibration: {word}, {len(self.ranks)} data sets, {self.draws} draws each"

    def _rows(self) -> list[list[str]]:
        rows = zip(self.p_values, self.inside, self.spread, self.shift, strict=True)
        return [
            [f"{k + 1}", f"{p:.3g}", "yes" if inside else "no", f"{spread:.2f}", f"{shift + 0.5:.2f}"]
            for k, (p, inside, spread, shift) in enumerate(rows)
        ]


def calibration(truth: Tensor, draws: Tensor, level: float = 0.95) -> Calibration:
    """The calibration of draws that are there already: truth (N, K), draws (N, L, K).

    Raises:
        ValueError: the shapes do not fit, or there are fewer than 20 data sets.
    """
    for what, tensor, axes in (("The truth", truth, 2), ("The draws", draws, 3)):
        if not isinstance(tensor, Tensor) or tensor.ndim != axes:
            shape = "(N, K)" if axes == 2 else "(N, L, K)"
            raise ValueError(
                f"{what} came as {described(tensor)}; a tensor of shape {shape} is needed. Stack the data sets first."
            )
    if draws.shape[0] != truth.shape[0] or draws.shape[2] != truth.shape[1]:
        raise ValueError(
            f"The truth has shape {tuple(truth.shape)} and the draws {tuple(draws.shape)}; they must be (N, K) and (N, L, K). "
            "Give each data set its own draws."
        )
    if len(truth) < FEWEST:
        raise ValueError(
            f"There were {len(truth)} data sets; calibration needs at least {FEWEST}, ideally 200. Simulate more."
        )
    if not 0.5 <= level < 1:
        raise ValueError(f"The level was {shown(level)}; it must be from 0.5 to below 1. 0.95 is usual.")
    return Calibration(ranks_of(truth, draws), draws.shape[1], level)


def calibrate(
    simulate: Simulate,
    infer: Infer,
    *,
    data_sets: int = 200,
    generator: torch.Generator | None = None,
    level: float = 0.95,
) -> Calibration:
    """Simulate data sets with known z, infer each, and compare the truth's ranks with uniform ones.

    >>> import elbo_room as er
    >>> import torch
    >>> def simulate(generator):  # z ~ N(0, 1), x ~ N(z, 1)
    ...     z = torch.randn(1, generator=generator)
    ...     return z, z + torch.randn(1, generator=generator)
    >>> def infer(x, generator):  # the exact posterior's mean, but a quarter of its variance
    ...     return x / 2 + 0.125**0.5 * torch.randn(99, 1, generator=generator)
    >>> er.calibrate(simulate, infer, data_sets=200).sentences
    ['Unknown 1: q is too narrow, the truth lies in its tails too often.']

    Args:
        simulate: generator → z (K,) from the prior, and data from p(x | z).
        infer: data, generator → draws (L, K) of q(z | x): the same L each time.
        data_sets: N, ideally 200 or more.
        generator: the source of all randomness. None: one with seed 0.
        level: the probability that the band covers the distribution of a calibrated unknown.

    Raises:
        ValueError: what came back has the wrong shape, or there are fewer than 20 data sets.
    """
    check_count("The number of data sets", data_sets)
    generator = torch.Generator().manual_seed(0) if generator is None else generator
    truths: list[Tensor] = []
    draws: list[Tensor] = []
    for _ in range(data_sets):
        z, data = simulate(generator)
        found = infer(data, generator)
        if found.ndim != 2 or found.shape[1:] != z.shape or (draws and found.shape != draws[0].shape):
            raise ValueError(
                f"z came as {described(z)} and the draws as {described(found)}; they must be (K,) and (L, K), with the same L each time."
                " Flatten all unknowns into one axis."
            )
        truths.append(z)
        draws.append(found.detach())
    return calibration(torch.stack(truths), torch.stack(draws), level)
