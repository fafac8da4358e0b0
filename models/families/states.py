"""Draws of states with given weights."""

import torch
from torch import Tensor


def draw_states(
    weights: Tensor, count: int, generator: torch.Generator, *, replacement: bool = False
) -> tuple[Tensor, Tensor]:
    """`count` states of each row, in proportion to weights (…, S): (…, count), and whether the row is finite (…, 1).

    A row that is not finite has overflowed: its states mean nothing, so what is drawn with them is NaN.
    """
    fine = weights.isfinite().all(-1, keepdim=True)
    usable = torch.where(fine, weights, 1.0)
    return torch.multinomial(usable, count, replacement=replacement, generator=generator), fine
