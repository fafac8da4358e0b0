"""D_j(x) − log x! = Σ_{1≤k≤x} [log(1 + (k−1)/r_j) − log k]: the negative binomial's constants for every count of a table, looked up.

r_j (D,) is one per feature, shared by all data points. Three log-gamma functions for each count of a minibatch, and as many digammas
in the gradient, would cost more than the network; few counts occur, and neighbours differ by one term of the sum.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from elbo_room.models.replay.untaped import untaped

MOST = 1_000_000  # sums; tables that would need more, because of large counts, use the gamma functions


class _LookedUp(torch.autograd.Function):
    """The constants (M, D), and their slope in r: a second column of sums, of −(k−1)/(r (r + k−1))."""

    @staticmethod
    def forward(ctx: Any, size: Tensor, slots: Tensor, table: CountTable) -> Tensor:
        ctx.save_for_backward(size, slots)
        ctx.table = table
        terms = torch.log1p(table.before / size.index_select(0, table.feature)) - table.log_count
        return table.sums(terms, slots)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        size, slots = ctx.saved_tensors
        each = size.index_select(0, ctx.table.feature)  # (P,)
        slope = ctx.table.sums(-ctx.table.before / (each * (each + ctx.table.before)), slots)  # (M, D)
        return (gradient * slope).sum(0), None, None


class CountTable:
    """The sums for every feature j and every k from 0 to its largest count, features concatenated: P of them."""

    def __init__(self, x: Tensor) -> None:
        """Find the largest count of each feature of x (N, D)."""
        self.largest = x.amax(0)  # (D,)
        sizes = self.largest.long() + 1
        first = sizes.cumsum(0) - sizes
        self.feature = torch.arange(len(sizes)).repeat_interleave(sizes).int()  # (P,)
        count = torch.arange(len(self.feature)) - first[self.feature]
        self.before, self.log_count = (count - 1).clamp_min(0).to(x.dtype), count.clamp_min(1).to(x.dtype).log()
        self.first = first.int()

    @classmethod
    def of(cls, x: Tensor) -> CountTable | None:
        """The table of these data, or None if their counts are too large."""
        return cls(x) if float(x.amax(0).sum()) + x.shape[1] <= MOST else None

    def covers(self, x: Tensor) -> bool:
        """Whether the table covers all counts of x (M, D); it always covers a run's own rows."""
        with untaped():
            return x.shape[-1] == len(self.largest) and bool((x <= self.largest).all())

    def sums(self, terms: Tensor, slots: Tensor) -> Tensor:
        """Σ of the terms (P,) from the first of a feature to that at each slot (M, D)."""
        total = terms.cumsum(0, dtype=torch.float64)
        own = total - total.index_select(0, self.first).index_select(0, self.feature)
        return own.to(terms.dtype).index_select(0, slots.flatten()).view(slots.shape)

    def __call__(self, x: Tensor, size: Tensor) -> Tensor:
        """The constants of counts x (M, D) that are covered, at r (D,): (M, D)."""
        found: Tensor = _LookedUp.apply(size, x.to(torch.int32) + self.first, self)
        return found
