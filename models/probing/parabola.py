"""Var(ĝ_ξ) = [Var g − 2ξ Cov(g, h) + ξ² Var h]/B, g = f s, h = s: the parabola of the control variate, its minimum ξ* and (1 − ρ²)."""

from dataclasses import dataclass

import torch
from torch import Tensor

from elbo_room.models.core import Batch, Model
from elbo_room.models.estimators import Score
from elbo_room.models.inference.estimate import estimate
from elbo_room.models.inference.surrogate_context import numbers_of_draw, numbers_of_evaluation
from elbo_room.models.probing.interval import variance_of
from elbo_room.models.probing.probe import frozen
from elbo_room.models.probing.variance import Variance
from elbo_room.models.variational import Posterior

LEAST = 32  # samples: with fewer the bands are meaningless
MOST_NUMBERS, AT_A_TIME = 2**25, 2**21  # of all samples together, and of those drawn at a time
Coordinate = tuple[int, int]  # which of ν's parameters, which of the site's coordinates


@dataclass(frozen=True)
class Parabola:
    """The moments of single draws, kept draw by draw so that every number comes with its standard error."""

    raw: Tensor  # (D,), ‖g − ḡ‖² of each draw
    cross: Tensor  # (D,), ⟨g − ḡ, h − h̄⟩
    square: Tensor  # (D,), ‖h − h̄‖²
    draws: int  # B of the estimate whose variance is computed

    def _distance(self, xi: float) -> Tensor:
        return self.raw - 2 * xi * self.cross + xi**2 * self.square

    def variance(self, xi: float) -> Variance:
        """Var(ĝ_ξ) with B draws."""
        return variance_of(self._distance(xi) / self.draws)

    @property
    def best(self) -> tuple[float, float]:
        """ξ* = Cov/Var h and its standard error."""
        bottom = float(self.square.mean())
        xi = float(self.cross.mean()) / bottom
        return xi, float((self.cross - xi * self.square).std()) / (len(self.square) ** 0.5 * bottom)

    @property
    def rho_squared(self) -> float:
        """ρ² = Cov²/(Var g Var h): the share of the variance that ξ* removes."""
        return float(self.cross.mean() ** 2 / (self.raw.mean() * self.square.mean()).clamp_min(1e-30))

    @property
    def floor(self) -> float:
        """(1 − ρ²) Var(ĝ₀): what remains at ξ*."""
        return (1 - self.rho_squared) * self.variance(0.0).value


def parabola(
    model: Model,
    q: Posterior,
    batch: Batch,
    draws: int,
    samples: int,
    generator: torch.Generator,
    *,
    site: str,
    coordinate: Coordinate | None = None,
    rao_blackwell: str = "plate",
) -> Parabola:
    """The parabola of one site at frozen ν from `samples` independent draws: for all of ν, with one ξ for all data, averaged over the data.

    With a `coordinate`, for that parameter's gradient averaged over the data. Where one draw has very many numbers, such as the weights
    of a large network, there are fewer samples than requested, and wider bands; they are drawn a few at a time.
    """
    of_data = batch.x.shape[1:], batch.size
    samples = max(LEAST, min(samples, MOST_NUMBERS // numbers_of_draw(model, *of_data)))
    together = max(1, AT_A_TIME // numbers_of_evaluation(model, *of_data))
    g, h = torch.zeros(0), torch.zeros(0)
    for start in range(0, samples, together):
        part = _gradients(model, q, batch, min(together, samples - start), generator, site, coordinate, rao_blackwell)
        if not start:
            g, h = (each.new_empty(samples, *each.shape[1:]) for each in part)
        for whole, each in zip((g, h), part, strict=True):
            whole[start : start + len(each)] = each
    right = samples / (samples - 1)
    g -= g.mean(0)
    h -= h.mean(0)
    raw, cross, square = (torch.linalg.vecdot(*pair).mean(1) * right for pair in ((g, g), (g, h), (h, h)))
    return Parabola(raw, cross, square, draws)


def _gradients(
    model: Model,
    q: Posterior,
    batch: Batch,
    count: int,
    generator: torch.Generator,
    site: str,
    coordinate: Coordinate | None,
    rao_blackwell: str,
) -> tuple[Tensor, Tensor]:
    """g and h of this many draws: all of ν, (D, M, P), or one coordinate's average over the data, (D, 1, 1)."""
    with frozen(model, q):
        parts = dict.fromkeys(model.sites, Score())
        found = estimate(model, q, parts, batch, count, generator, rao_blackwell=rao_blackwell)
        draw = found.draws[site]
        g = found.draw_gradients(model.sites[site])[0]  # (D, M, n_params, K)
        h = draw.family.score(draw.value, draw.nu.detach())[0]
    if coordinate is None:
        return g.flatten(2), h.flatten(2)
    which, k = coordinate
    return g[..., which, k].mean(1)[:, None, None], h[..., which, k].mean(1)[:, None, None]
