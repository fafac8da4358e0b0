"""t = log F⁻¹(u; α) − log α in float32, looked up: t = S D(R, S) − p + log(1 + 1/α) with a D that is smooth for all u and α.

p = −log u/α, S = (1 + α)^(−½), R = log(−log u) + log(1 + 1/α). As z → 0 the power law makes D the same at all R; as α → 0, D depends on
R alone; as α → ∞ it becomes a Normal quantile at e^{−e^R}, with corrections in powers of S. So polynomials of degree 4 in 64 × 8 cells
are accurate to 1e-6 of the spread of log z at every α, their slopes nearly so, at a thirtieth of the cost of solving F = u.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import torch
from torch import Tensor

from elbo_room.models.families.log_gamma_exact import solve

LOW, HIGH = -16.0, 4.35  # of R: −log u ≥ 1.2e-7, and above HIGH only the power law remains
ACROSS, DEEP, DEGREE = 64, 8, 4  # cells of R, of S, and the degree in both
WIDE = (HIGH - LOW) / ACROSS
PART = 2**15  # draws that are looked up together
LEAST = 1e-9  # −log u that a double separates from 0 by seven digits; for a float32 below 1 it is never as small


@cache
@torch.inference_mode(mode=False)
@torch.no_grad()
def coefficients() -> Tensor:
    """Coefficients of R^i S^j in each cell, where R and S run from −1 to 1, interpolated at Chebyshev points: (5·5, 64·8)."""
    count = DEGREE + 1
    node = torch.cos(torch.pi * (torch.arange(count, dtype=torch.float64) + 0.5) / count)
    r = LOW + WIDE * (torch.arange(ACROSS).unsqueeze(-1) + 0.5 + 0.5 * node)  # (64, 5)
    s = (torch.arange(DEEP).unsqueeze(-1) + 0.5 + 0.5 * node) / DEEP  # (8, 5)
    r, s = torch.broadcast_tensors(r[:, None, :, None], s[None, :, None, :])  # (64, 8, 5, 5)
    shape = 1 / s.square() - 1
    minus_log_u = (r.exp() * (1 - s.square())).clamp_min(LEAST)
    y = solve((-minus_log_u).exp().reshape(-1), shape.reshape(-1)).view(s.shape)
    found = (y + minus_log_u / shape + 2 * s.log()) / s
    inverse = torch.linalg.inv(torch.vander(node, increasing=True))
    return torch.einsum("ia,rsab,jb->ijrs", inverse, found, inverse).reshape(count**2, -1).float()


def horner(rows: Sequence[Tensor], at: Tensor) -> tuple[Tensor, Tensor]:
    """Σ_i rows_i at^i, and its derivative in `at`."""
    value, slope = torch.addcmul(rows[-2], rows[-1], at), rows[-1]
    for row in reversed(rows[:-2]):
        slope = torch.addcmul(value, slope, at)
        value = torch.addcmul(row, value, at)
    return value, slope


def look_up(u: Tensor, log_shape: Tensor) -> tuple[Tensor, Tensor]:
    """t, and ∂t/∂log α at fixed u, of flat float32 tensors."""
    inverse, minus_log = (-log_shape).exp(), -u.log()
    p, lift, s = minus_log * inverse, inverse.log1p(), (1 + 1 / inverse).rsqrt()
    r = ((minus_log.log() + lift - LOW) / WIDE).clamp(0, ACROSS - 2.0**-16)  # in cells, as `deep`
    deep = s * DEEP
    column, row = r.floor(), deep.floor().clamp_max(DEEP - 1)
    cell = (column * DEEP + row).nan_to_num(0.0).int()  # of an overflowed α: t is NaN by a and b
    a, b = 2 * (r - column) - 1, 2 * (deep - row) - 1
    chosen = coefficients().index_select(1, cell).unflatten(0, (DEGREE + 1, -1))  # (i, j, n)
    at_a, slope_a = horner(chosen.unbind(0), a)  # (j, n) each
    d, d_b = horner(at_a.unbind(0), b)
    d_a, _ = horner(slope_a.unbind(0), b)
    square = s.square()  # ∂R/∂log α = −S², ∂S/∂log α = −½ S (1 − S²)
    along = d + (2 * DEEP) * s * d_b
    slope = p - square - s * (0.5 * (1 - square) * along + (2 / WIDE) * square * d_a)
    return s * d - p + lift, slope


class LookedUp(torch.autograd.Function):
    """t (u, log α), differentiable once in log α; the slope comes with the value, because both use the same cell."""

    @staticmethod
    def forward(ctx: Any, u: Tensor, log_shape: Tensor) -> Tensor:
        """For flat float32 tensors, part by part: a hundred bytes per draw pass through the cache."""
        parts = [look_up(*each) for each in zip(u.split(PART), log_shape.split(PART), strict=True)]
        t, slope = (torch.cat(each) if len(parts) > 1 else each[0] for each in zip(*parts, strict=True))
        ctx.save_for_backward(slope)
        return t

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, slope: Tensor) -> tuple[None, Tensor]:
        """The slope from the table."""
        return None, slope * ctx.saved_tensors[0]


def looked_up(u: Tensor, log_shape: Tensor) -> Tensor:
    """log F⁻¹(u; α) − log α of flat float32 tensors, differentiable once in log α."""
    found: Tensor = LookedUp.apply(u, log_shape)
    return found
