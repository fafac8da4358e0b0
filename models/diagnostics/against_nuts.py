"""How far q is from the posterior that NUTS draws from: missing variance and Wasserstein distance, of each unknown and of all together.

Missing variance: 1 − Var_q/Var_NUTS; mean-field q of a Gaussian posterior with precision Λ has Var_q = 1/Λ_kk (Bishop 2006, 10.1.2).
W₂ of one unknown is that of two samples on a line: the root mean square distance of their quantiles. Of all together it is that of the
Gaussians with both means and covariances, W₂² = |m − m'|² + tr(S + S' − 2(S^½ S' S^½)^½), below which W₂ never is (Gelbrich 1990).
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from elbo_room.models.core import Batch, Model
from elbo_room.models.data.dataset import as_batch
from elbo_room.models.diagnostics.nuts import Samples
from elbo_room.models.inference.noise import draw_noise
from elbo_room.models.probing.table import html_table, text_table
from elbo_room.models.variational import Posterior

QUANTILES = 200  # at which two samples on a line are compared
HEADER = ("unknown", "mean of q", "NUTS", "sd of q", "NUTS", "missing variance", "W₂")


@torch.no_grad()
def draws_of_q(model: Model, q: Posterior, batch: Batch, count: int, generator: torch.Generator) -> Tensor:
    """Draws of all sites of q, in the order of `nuts`' unknowns: (S, D)."""
    dtype = q.nu(next(iter(model.sites.values())), batch).dtype
    noise = draw_noise(model, batch, 1, count, generator, dtype, "iid")
    values: dict[str, Tensor] = {}
    for name, site in model.sites.items():
        nu = q.nu(site, batch, values)
        nu = nu.expand(1, count, *(nu.shape[-3:] if site.plate == "local" else (1, *nu.shape)))
        values[name] = site.family.transform(noise[name], nu)  # (1, S, M, K)
    return torch.cat([value[0].flatten(1) for value in values.values()], 1)


def root(square: Tensor) -> Tensor:
    """S^½ of a covariance (D, D)."""
    value, vector = torch.linalg.eigh(square)
    return (vector * value.clamp_min(0).sqrt()) @ vector.T


def gaussian_distance(first: Tensor, second: Tensor) -> float:
    """W₂ of the Gaussians with the means and covariances of two samples (S, D), (T, D)."""
    one, other = first.double(), second.double()
    spread = [torch.atleast_2d(torch.cov(each.T, correction=0)) for each in (one, other)]
    half = root(spread[0])
    cross = root(half @ spread[1] @ half)
    square = (one.mean(0) - other.mean(0)).square().sum() + (spread[0] + spread[1] - 2 * cross).trace()
    return math.sqrt(max(float(square), 0.0))


def distances(first: Tensor, second: Tensor) -> Tensor:
    """W₂ of each unknown's marginals: (S, D), (T, D) → (D,)."""
    at = (torch.arange(QUANTILES, dtype=torch.float64) + 0.5) / QUANTILES
    gap = first.double().quantile(at, 0) - second.double().quantile(at, 0)
    return gap.square().mean(0).sqrt()


@dataclass(frozen=True, repr=False)
class Comparison:
    """q beside the draws of NUTS, (D,) of each unknown; prints as a table."""

    names: tuple[str, ...]
    q_mean: Tensor
    q_sd: Tensor
    mean: Tensor
    sd: Tensor
    each_distance: Tensor  # W₂ of each unknown's marginals
    distance: float  # W₂ of all together, or what it is at least
    floor: float  # the same of two halves of NUTS's own draws: what chance makes of no distance at all

    @property
    def missing(self) -> Tensor:
        """1 − Var_q/Var_NUTS of each unknown; below 0 where q is wider."""
        return 1 - (self.q_sd / self.sd).square()

    @property
    def missing_variance(self) -> float:
        """1 − Σ Var_q/Σ Var_NUTS."""
        return 1 - float(self.q_sd.square().sum() / self.sd.square().sum())

    def __repr__(self) -> str:
        return "\n".join([self._title(), *text_table(HEADER, self._rows())])

    def _repr_html_(self) -> str:
        return html_table(self._title(), HEADER, self._rows(), [])

    def _title(self) -> str:
        return (
            f"q against NUTS: {self.missing_variance:.0%} of the variance is missing, W₂ = {self.distance:.3g} "
            f"({self.floor:.2g} between two halves of the draws)"
        )

    def _rows(self) -> list[list[str]]:
        numbers = zip(self.q_mean, self.mean, self.q_sd, self.sd, self.missing, self.each_distance, strict=True)
        return [
            [name, *(f"{float(each):.3g}" for each in row[:4]), f"{float(row[4]):.0%}", f"{float(row[5]):.3g}"]
            for name, row in zip(self.names, numbers, strict=True)
        ]


def chance(found: Samples) -> float:
    """W₂ between two halves of every chain: what chance makes of no distance at all."""
    half = found.flat.shape[1] // 2
    return gaussian_distance(found.flat[:, :half].flatten(0, 1), found.flat[:, half:].flatten(0, 1))


def comparison(found: Samples, drawn: Tensor, floor: float | None = None) -> Comparison:
    """NUTS's draws beside draws of q (S, D); `floor` is their `chance`, where that is known already."""
    q, truth = drawn.double(), found.flat.flatten(0, 1).double()
    return Comparison(
        found.names, q.mean(0), q.std(0), truth.mean(0), truth.std(0), distances(q, truth),
        gaussian_distance(q, truth), chance(found) if floor is None else floor,
    )  # fmt: skip


def compare(
    found: Samples,
    model: Model,
    q: Posterior,
    data: Batch | object,
    *,
    draws: int = 2000,
    generator: torch.Generator | None = None,
) -> Comparison:
    """q beside the posterior that `nuts` drew from, for the same model and data.

    >>> import elbo_room as er
    >>> run = er.run_from(er.ConditionalSettings(depth=0, stop_at=1))
    >>> _ = list(run)
    >>> found = er.nuts(run.model, run.data, draws=50, warm_up=50)
    >>> er.compare(found, run.model, run.q, run.data).names
    ('w[1]', 'w[2]')

    Args:
        found: what `nuts` returned.
        model: the model that it was drawn from.
        q: its approximation.
        data: what `nuts` was given.
        draws: of q.
        generator: the source of all randomness. None: one with seed 0.

    Raises:
        ValueError: the unknowns of q are not those of `found`.
    """
    generator = torch.Generator().manual_seed(0) if generator is None else generator
    drawn = draws_of_q(model, q, as_batch(data), draws, generator)
    if drawn.shape[1] != len(found.names):
        raise ValueError(
            f"q has {drawn.shape[1]:,} unknowns and NUTS drew {len(found.names):,}; they must be the same. Pass the model and the data "
            "that `nuts` was called with."
        )
    return comparison(found, drawn)
