"""Taylor control variate: G_b = path_b − (g̃_b − E g̃), g̃ the path gradient of log p's second-order expansion at q's mean.

With δ = s ε, g₀ = ∇_z log p and H = diag ∇²_z log p at μ: g̃_μ = g₀ + H δ, g̃_{log s} = (g₀ + H δ) δ; E g̃ = (g₀, H s²), so that
g̃ − E g̃ = (H δ, g₀ δ + H (δ² − s²)). Its mean is zero under q whatever g₀ and H are, as long as they do not use the draw.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from elbo_room.models.estimators.estimator import Context, Draw, Estimator
from elbo_room.models.estimators.one_at_a_time import MOST_NUMBERS
from elbo_room.models.families import Family

SECOND = 4  # evaluations that hold as much as one with its second derivatives


def not_normal(label: str, family: Family) -> str | None:
    """None for a Normal with free (μ, log s); else the reason."""
    if family.gaussian and family.log_scaled:
        return None
    return (
        f"{label} expands log p around a Gaussian q's mean; {family.label} is not Gaussian. Choose reparameterisation."
    )


def centered(slope: Tensor, curvature: Tensor, noise: Tensor, variance: Tensor) -> Tensor:
    """(H δ, g₀ δ + H (δ² − s²)) stacked like ν: (R, B, M, 2, K)."""
    return torch.stack([curvature * noise, slope * noise + curvature * (noise.square() - variance)], -2)


def _rows(mean: Tensor, context: Context, coordinates: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """∇f at the mean (R, B, M, K), and for these coordinates the rows of ∇²f (R, B, P, M, K) and 1 at each row's own (P, 1, K).

    From P copies of the mean in one backward pass.
    """
    count = len(coordinates)
    own = (coordinates.unsqueeze(1) == torch.arange(mean.shape[-1])).unsqueeze(1).to(mean.dtype)  # (P, 1, K)
    with torch.enable_grad():
        at = mean.repeat_interleave(count, 1).requires_grad_()  # (R, B·P, M, K)
        (slope,) = torch.autograd.grad(context.at(at, live=True).sum(), at, create_graph=True)
        (second,) = torch.autograd.grad((slope.unflatten(1, (-1, count)) * own).sum(), at)
    return slope.detach()[:, ::count], second.unflatten(1, (-1, count)), own


def _derivatives(mean: Tensor, context: Context, coordinates: Tensor) -> tuple[Tensor, Tensor]:
    """∇f at the mean (R, B, M, K), and ∂²f/∂z_k² for these coordinates (R, B, M, P)."""
    slope, rows, own = _rows(mean, context, coordinates)
    return slope, (rows * own).sum(-1).movedim(2, -1)


def _splits(mean: Tensor, context: Context) -> tuple[Tensor, ...]:
    """The coordinates, as many together as fit in memory."""
    together = max(1, MOST_NUMBERS // (SECOND * mean.shape[0] * mean.shape[1] * max(1, context.evaluation)))
    return torch.arange(mean.shape[-1]).split(together)


def whole_hessian(nu: Tensor, context: Context) -> tuple[Tensor, Tensor]:
    """(g₀, H) of log p at the mean: (R, B, M, K) and (R, B, M, K, K), detached."""
    mean, raw = nu.unbind(-2)
    parts = [_rows(mean, context, coordinates) for coordinates in _splits(mean, context)]
    hessian = torch.cat([rows.movedim(2, -2) for _, rows, _ in parts], -2)
    # f contains −log q(z; ⌊ν⌋): no slope at the mean, curvature 1/s².
    return parts[0][0], hessian - torch.diag_embed(torch.exp(-2 * raw))


@dataclass(frozen=True)
class QuadraticMiller(Estimator):
    """Removes what a quadratic log p explains: nearly everything when q is narrow, little where ReLU makes H vanish (Miller et al. 2017).

    Diagonal H, one Hessian-vector product per coordinate, as many together as fit in memory; with several sites, once per draw, the others
    as drawn.
    """

    name: ClassVar[str] = "quadratic_miller"
    label: ClassVar[str] = "path − Taylor's"
    symbol: ClassVar[str] = (
        r"G_b = g_b − (g̃_b − \lit{variational posterior}{\text{E}_q}\, g̃),\quad g_b = ∇_ν f(t(ε_b, ν))"
    )
    help: ClassVar[str] = (
        "Subtracts the noise of a quadratic expansion at q's mean, whose gradient is known; needs second derivatives."
    )
    source: ClassVar[str] = "Miller, Foti, D'Amour & Adams 2017"
    moves: ClassVar[bool] = True
    expands: ClassVar[bool] = True
    path: ClassVar[bool] = True

    def supports(self, family: Family, draws: int) -> str | None:
        """None, or the reason: only a Gaussian q has this closed form."""
        return super().supports(family, draws) or not_normal(self.label, family)

    def evaluations(self, draws: int, size: int) -> int:
        """B at the draws; at the mean one, and two for every Hessian-vector product (a model of one site)."""
        return draws + 1 + 2 * size

    def expansion(self, draw: Draw, context: Context) -> tuple[Tensor, Tensor]:
        """(g₀, H) of log p at the mean, each (R, B or 1, M, K), detached."""
        nu = draw.nu.detach()[:, :1] if context.alone else draw.nu.detach()
        mean, raw = nu.unbind(-2)
        parts = [_derivatives(mean, context, coordinates) for coordinates in _splits(mean, context)]
        # f contains −log q(z; ⌊ν⌋): no slope at the mean, curvature 1/s².
        return parts[0][0], torch.cat([curvature for _, curvature in parts], -1) - torch.exp(-2 * raw)

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        """H(q) − ⌊g̃ − E g̃⌋ · ν."""
        mean, raw = draw.nu.detach().unbind(-2)
        slope, curvature = self.expansion(draw, context)
        extra = centered(slope, curvature, draw.value.detach() - mean, torch.exp(2 * raw))
        return draw.family.entropy(draw.nu).sum(-1) - draw.linear(extra)
