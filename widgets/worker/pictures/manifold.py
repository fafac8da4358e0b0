"""The latent plane as the decoder bends it: a regular grid of z drawn in x-space, or as pictures, shaded by its magnification."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from elbo_room.models.diagnostics import Plane, magnification
from elbo_room.widgets.messages import Picture

PICTURES, LINES = 13, 25  # a side: of pictures, and of the lines' crossings
LEAST = 1e-12


def manifold(
    decode: Callable[[Tensor], Tensor], plane: Plane, span: float, draw: Callable[[Tensor], Any], *, lines: bool
) -> Picture:
    """A grid over [−span, span]²: its shade 0 … 1, log √det(W JᵀJ Wᵀ) over its range, and E[x|z] as `draw` makes it, (n², D)."""
    count = LINES if lines else PICTURES
    ticks = torch.linspace(-span, span, count)
    points = plane.lift(torch.stack([ticks.repeat(count), ticks.repeat_interleave(count)], 1))  # x fastest
    size = magnification(decode, points, plane.along).clamp_min(LEAST).log10()
    low, high = size.min(), size.max()
    shade = (size - low) / (high - low).clamp_min(1e-6)
    factor = [10.0 ** float(low), 10.0 ** float(high)]
    said = f"The decoder enlarges areas of this plane by factors from {factor[0]:.2g} to {factor[1]:.2g}."
    return {
        "replace": {"manifold": {"grid": {"shade": shade.numpy(), "decoded": draw(decode(points))}}},
        "params": {"manifold": {"side": float(count), "domain": [-span, span, -span, span], "factor": factor}},
        "facts": {"summaries": {"manifold": said}},
    }
