"""α log α − α − log Γ(α) and its slope log α − ψ(α), whose large terms cancel: by Stirling's series, at α + 4 or more if α is small.

log Γ(α) = log Γ(z) − log α (α + 1)(α + 2)(α + 3) with z = α + 4, and everything is written in r = 1/z, so that no large terms are left to
cancel: float32 is accurate to 1e-6 from α = 1e-30 to 1e12, in a third of the time of torch's lgamma and digamma.
"""

import math
from typing import Any

import torch
from torch import Tensor

LARGE = 20.0  # in float64: from here the series alone is accurate to 1e-9


class _Remainder(torch.autograd.Function):
    """In float32; infinitely differentiable."""

    @staticmethod
    def forward(ctx: Any, shape: Tensor) -> Tensor:
        """−α log(z/α) + 4 + log √(z/2π) Π (α + k)/z − 1/12z + 1/360z³ − 1/1260z⁵."""
        ctx.save_for_backward(shape)
        z = shape + 4
        r = z.reciprocal()
        square = r.square()
        product = (1 - r) * (1 - 2 * r) * (1 - 3 * r) * (shape * r)
        series = (((square / 1260 - 1 / 360) * square) + 1 / 12) * r
        return (product * (z / (2 * math.pi)).sqrt()).log() - shape * (4 / shape).log1p() + (4 - series)

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> Tensor:
        """log α − ψ(α)."""
        return slope * log_minus_digamma(ctx.saved_tensors[0])


def remainder(shape: Tensor) -> Tensor:
    """α log α − α − log Γ(α)."""
    if shape.dtype == torch.float32:
        found: Tensor = _Remainder.apply(shape)
        return found
    big = shape.clamp_min(LARGE)
    series = 0.5 * (big / (2 * math.pi)).log() - 1 / (12 * big) + 1 / (360 * big**3)
    small = shape.clamp_max(LARGE)
    return torch.where(shape > LARGE, series, small * small.log() - small - torch.lgamma(small))


def log_minus_digamma(shape: Tensor) -> Tensor:
    """log α − ψ(α) = 1/2z + 1/12z² − 1/120z⁴ + 1/252z⁶ + Σ_k 1/(α + k) − log(z/α)."""
    if shape.dtype == torch.float32:
        r = (shape + 4).reciprocal()
        square = r.square()
        series = (((square / 252 - 1 / 120) * square) + 1 / 12) * square + 0.5 * r
        steps = ((3 * shape + 12) * shape + 11) / ((shape + 1) * (shape + 2) * (shape + 3))
        return (series + steps - (4 / shape).log1p()) + shape.reciprocal()
    big = shape.clamp_min(LARGE)
    series = 1 / (2 * big) + 1 / (12 * big**2) - 1 / (120 * big**4)
    small = shape.clamp_max(LARGE)
    return torch.where(shape > LARGE, series, small.log() - torch.digamma(small))


def constant_of(shape: float) -> float:
    """α log α − α − log Γ(α) of a number up to about 100."""
    return shape * math.log(shape) - shape - math.lgamma(shape)
