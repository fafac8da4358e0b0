"""y = log F⁻¹(u; α), F the distribution function of Gamma(α, 1), and ∂y/∂α = −∂_α F/∂_y F, right from α = 1e-9 to 1e9.

Below e⁻³⁰, F(eʸ; α) = e^{αy}/Γ(α + 1), so that y = (log u + log Γ(α + 1))/α: no small z is ever formed. Elsewhere Newton's steps on
log F (u ≤ ½) or log (1 − F) (u > ½) in y. All in float64, whatever comes. Taking u for the noise, and not the draws of a rejection
sampler, makes y a smooth function of ν at fixed noise. The shape-augmented form log Γ_{α+1} + log U/α needs no inverse, but two
numbers a draw, and no net of points survives its sampler.
"""

from typing import Any

import torch
from torch import Tensor

TINY = -30.0  # log z below which the power law holds to double precision
STEPS = 40


def uniform(shape: tuple[int, ...], generator: torch.Generator, dtype: torch.dtype) -> Tensor:
    """U in (0, 1) with the digits of a double near 0: a float32 `rand` has 0 itself, and nothing below 6e-8."""
    drawn = torch.rand(shape, generator=generator, dtype=torch.float64)
    return drawn.clamp_min(2.0**-53).to(dtype).clamp_max(1 - torch.finfo(dtype).eps)


def log_density(y: Tensor, shape: Tensor) -> Tensor:
    """Of y = log z: α y − eʸ − log Γ(α)."""
    return shape * y - y.exp() - torch.lgamma(shape)


def tails(y: Tensor, shape: Tensor, upper: Tensor) -> Tensor:
    """F(eʸ; α), or 1 − F where `upper`."""
    z = y.exp()
    return torch.where(upper, torch.special.gammaincc(shape, z), torch.special.gammainc(shape, z))


def solve(u: Tensor, shape: Tensor) -> Tensor:
    """Y with F(eʸ; α) = u, flat float64 tensors in and out."""
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
        """Log F⁻¹(u; α) of flat float64 tensors."""
        y = solve(u, shape)
        ctx.save_for_backward(y, shape, u)
        return y

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, slope: Tensor) -> tuple[None, Tensor]:
        """Implicit."""
        return None, slope * implicit_slope(*ctx.saved_tensors)


def log_gamma_quantile(u: Tensor, log_shape: Tensor) -> Tensor:
    """Y = log F⁻¹(u; e^{log α}) of any shapes that broadcast, in the dtype of log α."""
    u, wide = torch.broadcast_tensors(u.double(), log_shape.double())
    y: Tensor = Quantile.apply(u.reshape(-1), wide.exp().reshape(-1))
    return y.reshape(u.shape).to(log_shape.dtype)
