"""log of a Gamma(α, 1) draw as a function of one uniform: y = log F⁻¹(u; α), looked up in float32, solved in float64.

With u as the noise, instead of the draws of a rejection sampler, y is a smooth function of ν at fixed noise. The shape-augmented
form log Γ_{α+1} + log U/α needs no inverse, but two numbers per draw, and its sampler destroys low-discrepancy points.
"""

import torch
from torch import Tensor

from elbo_room.models.families.log_gamma_exact import solved
from elbo_room.models.families.log_gamma_table import looked_up


def uniform(shape: tuple[int, ...], generator: torch.Generator, dtype: torch.dtype) -> Tensor:
    """u in (0, 1) with the precision of a double near 0: a float32 `rand` includes 0 itself, and nothing else below 6e-8."""
    drawn = torch.rand(shape, generator=generator, dtype=torch.float64)
    return drawn.clamp_min(2.0**-53).to(dtype).clamp_max(1 - torch.finfo(dtype).eps)


def log_ratio_quantile(u: Tensor, log_shape: Tensor) -> Tensor:
    """log z/α, z = F⁻¹(u; e^{log α}), of any shapes that broadcast, in the dtype of log α: near 0 where α is large."""
    u, wide = torch.broadcast_tensors(u.to(log_shape.dtype), log_shape)
    way = looked_up if log_shape.dtype == torch.float32 else solved
    return way(u.reshape(-1), wide.reshape(-1)).view(u.shape)


def log_gamma_quantile(u: Tensor, log_shape: Tensor) -> Tensor:
    """log z, likewise."""
    return log_ratio_quantile(u, log_shape) + log_shape
