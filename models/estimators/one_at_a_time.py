"""f(z with z_k replaced by z'_k), for every coordinate k alone: what exact sums and weak derivatives are made of."""

import torch
from torch import Tensor

from elbo_room.models.estimators.estimator import Context, Draw


def replaced(draw: Draw, context: Context, candidates: Tensor) -> Tensor:
    """F with one coordinate at a time set to a candidate's value, the other coordinates and sites as drawn.

    Args:
        draw: B draws of the site.
        context: knows f elsewhere.
        candidates: C values for every coordinate, (R, B, C, M, K).

    Returns:
        (R, B, C, M, K), at C·K evaluations a draw.
    """
    count, size = candidates.shape[2], candidates.shape[-1]
    own = torch.eye(size, dtype=torch.bool).unsqueeze(1)  # (K, 1, K)
    values = torch.where(own, candidates.unsqueeze(3), draw.value.detach()[:, :, None, None])  # (R, B, C, K, M, K)
    found = context.at(values.flatten(1, 3))  # (R, B·C·K, M)
    return found.unflatten(1, (-1, count, size)).movedim(3, -1)
