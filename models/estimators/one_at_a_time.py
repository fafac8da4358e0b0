"""f(z with z_k replaced by z'_k), for every coordinate k alone: the basis of exact sums and weak derivatives."""

import torch
from torch import Tensor

from elbo_room.models.estimators.estimator import Context, Draw

MOST_NUMBERS = 2**22  # of all altered values and their data, in memory at a time


def replaced(draw: Draw, context: Context, candidates: Tensor) -> Tensor:
    """f with one coordinate at a time set to a candidate's value, the other coordinates and sites as drawn.

    Args:
        draw: B draws of the site.
        context: evaluates f elsewhere.
        candidates: C values for every coordinate, (R, B, C, M, K).

    Returns:
        (R, B, C, M, K), at C·K evaluations per draw, as many coordinates at a time as fit in memory.
    """
    every = torch.arange(candidates.shape[-1])
    evaluations = candidates.shape[0] * candidates.shape[1] * candidates.shape[2]  # of one coordinate
    together = max(1, MOST_NUMBERS // max(1, evaluations * context.evaluation))
    parts = [_replaced(draw, context, candidates, coordinates) for coordinates in every.split(together)]
    return torch.cat(parts, -1)


def _replaced(draw: Draw, context: Context, candidates: Tensor, coordinates: Tensor) -> Tensor:
    """The same for these coordinates only (P,): (R, B, C, M, P)."""
    count, size = candidates.shape[2], candidates.shape[-1]
    own = (coordinates.unsqueeze(1) == torch.arange(size)).unsqueeze(1)  # (P, 1, K)
    values = torch.where(own, candidates.unsqueeze(3), draw.value.detach()[:, :, None, None])  # (R, B, C, P, M, K)
    found = context.at(values.flatten(1, 3))  # (R, B·C·P, M)
    return found.unflatten(1, (-1, count, len(coordinates))).movedim(3, -1)
