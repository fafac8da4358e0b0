"""y = log F⁻¹(u; α), F the distribution function of Gamma(α, 1), and ∂y/∂α = −∂_α F/∂_y F, in float64, accurate from α = 1e-9 upwards.

Below e⁻³⁰, F(eʸ; α) = e^{αy}/Γ(α + 1), so that y = (log u + log Γ(α + 1))/α: no small z is ever formed. Above α = 10⁴ the series of
Cornish & Fisher, because torch's incomplete gamma functions are inaccurate in the tails there (from α = 10⁷ their slopes have the wrong
sign). Elsewhere Newton's steps on log F (u ≤ ½) or log (1 − F) (u > ½) in y.
"""

from typing import Any

import torch
from torch import Tensor

TINY = -30.0  # log z below which the power law holds to double precision
LARGE = 1e4  # α above which the series is accurate to 1e-9 standard deviations, up to 8 of them from the mean
STEPS = 40


def log_density(y: Tensor, shape: Tensor) -> Tensor:
    """Log density of y = log z: α y − eʸ − log Γ(α)."""
    return shape * y - y.exp() - torch.lgamma(shape)


def tails(y: Tensor, shape: Tensor, upper: Tensor) -> Tensor:
    """F(eʸ; α), or 1 − F where `upper`; each costs a hundred multiplications, so only the one needed is computed."""
    z, found = y.exp(), torch.empty_like(y)
    found[upper] = torch.special.gammaincc(shape[upper], z[upper])
    found[~upper] = torch.special.gammainc(shape[~upper], z[~upper])
    return found


def solve(u: Tensor, shape: Tensor) -> Tensor:
    """y with F(eʸ; α) = u, flat float64 tensors in and out, α ≤ LARGE or not far above."""
    power = (u.log() + torch.lgamma(shape + 1)) / shape  # exact for small z; below the root elsewhere
    cube = 1 - 1 / (9 * shape) + torch.special.ndtri(u) / (3 * shape.sqrt())  # Wilson & Hilferty 1931
    y = torch.where((shape > 0.5) & (cube > 0.1), shape.log() + 3 * cube.clamp_min(0.1).log(), power)
    left = torch.nonzero(y > TINY).squeeze(-1)
    for _ in range(STEPS):
        if not len(left):
            break
        at, alpha, goal = y[left], shape[left], u[left]
        upper = goal > 0.5
        found = tails(at, alpha, upper).clamp_min(1e-300)
        target = torch.where(upper, 1 - goal, goal)
        slope = torch.exp(log_density(at, alpha) - found.log()).clamp_min(1e-300)  # |∂_y log tail|
        step = torch.where(upper, found.log() - target.log(), target.log() - found.log()) / slope
        reach = 1 / (1 + alpha.sqrt()) + 0.5  # a tail's log is concave: long steps overshoot
        step = step.clamp(-reach, reach)
        y[left] = at + step
        left = left[step.abs() > 1e-8 / (1 + alpha.sqrt())]
    return y


def implicit_slope(y: Tensor, shape: Tensor, u: Tensor) -> Tensor:
    """∂y/∂α at fixed u; ∂_α of a tail is a central difference, 1e-8 off at most, as no closed form exists."""
    upper, small = u > 0.5, y < TINY
    at = y.clamp_min(TINY)
    step = 1e-4 * shape / (1 + shape).sqrt()
    moved = (tails(at, shape + step, upper) - tails(at, shape - step, upper)) / (2 * step)
    slope = torch.where(upper, moved, -moved) * torch.exp(-log_density(at, shape))
    return torch.where(small, (torch.digamma(shape + 1) - y) / shape, slope)


class Quantile(torch.autograd.Function):
    """y (u, α), differentiable once in α."""

    @staticmethod
    def forward(ctx: Any, u: Tensor, shape: Tensor) -> Tensor:
        """log F⁻¹(u; α) of flat float64 tensors."""
        y = solve(u, shape)
        ctx.save_for_backward(y, shape, u)
        return y

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, slope: Tensor) -> tuple[None, Tensor]:
        """Implicit."""
        return None, slope * implicit_slope(*ctx.saved_tensors)


def series(u: Tensor, shape: Tensor) -> Tensor:
    """log z/α at x = Φ⁻¹(u), of large shapes: z = α + x √α + (x² − 1)/3 + … (Cornish & Fisher 1938)."""
    x, root = torch.special.ndtri(u), shape.rsqrt()
    square = x.square()
    terms = (
        x, (square - 1) / 3, x * (square - 7) / 36, -(square * (3 * square + 7) - 16) / 810,
        x * (square * (9 * square + 256) - 433) / 38_880, (square * (square * (12 * square - 243) - 923) + 1472) / 204_120,
    )  # fmt: skip
    total = torch.zeros_like(x)
    for term in reversed(terms):
        total = (total + term) * root
    return total.log1p()


def solved(u: Tensor, log_shape: Tensor) -> Tensor:
    """log F⁻¹(u; α) − log α of flat float64 tensors, differentiable once in log α."""
    shape = log_shape.exp()
    y: Tensor = Quantile.apply(u, shape.clamp_max(LARGE))
    return torch.where(shape > LARGE, series(u, shape.clamp_min(LARGE)), y - log_shape)
