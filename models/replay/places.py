"""Where a value lives on a tape: x · 1 is x itself, and what is only stacked or joined is computed in its place of the result.

Every number is still made by the same kernel from the same numbers. A value that moves keeps its layout, or is read and written only by
kernels that treat each number by itself (`EXACT`): sums, products of matrices and transcendental functions may round otherwise there.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise, starmap
from typing import Any

import torch
from torch import Tensor

from elbo_room.models.replay.kernels import COPY, aten

MOST = 2_000_000  # numbers of a value whose places are worked out
EXACT = {
    aten.add.Tensor, aten.sub.Tensor, aten.mul.Tensor, aten.div.Tensor, aten.neg.default, aten.clone.default, COPY,
    aten.stack.default, aten.cat.default, aten.relu.default, aten.threshold_backward.default,
}  # fmt: skip
JOINING = {aten.stack.default, aten.cat.default}
_UNCHANGED = {aten.mul.Tensor, aten.mul.Scalar, aten.div.Tensor, aten.div.Scalar, aten.pow.Tensor_Scalar}  # by 1


@dataclass(frozen=True)
class Place:
    """The storage of another tensor, and the position there of every number of a storage: all shifted alike, or listed."""

    there: Tensor
    shift: int = 0
    positions: Tensor | None = None  # (numbers of the storage,) int64

    def view(self, tensor: Tensor) -> Tensor | None:
        """A view of the old storage as one of the new; None if no strides lead there."""
        if self.positions is None:
            return torch.as_strided(self.there, tensor.shape, tensor.stride(), tensor.storage_offset() + self.shift)
        found = self.positions.as_strided(tensor.shape, tensor.stride(), tensor.storage_offset())
        if not found.numel():
            return None
        strides = [
            int(found.select(axis, 1).flatten()[0] - found.flatten()[0]) if size > 1 else 0
            for axis, size in enumerate(found.shape)
        ]
        start = int(found.flatten()[0])
        if min(strides, default=0) < 0 or not torch.equal(grid(found.shape, strides, start), found):
            return None
        return torch.as_strided(self.there, tensor.shape, strides, start)


def grid(shape: Iterable[int], strides: Iterable[int], start: int) -> Tensor:
    """The positions that a view with these strides reads."""
    sizes = list(shape)
    whole = torch.full(sizes, start, dtype=torch.int64)
    for axis, (size, stride) in enumerate(zip(sizes, strides, strict=True)):
        whole += (torch.arange(size) * stride).view(-1, *[1] * (len(sizes) - axis - 1))
    return whole


def positions(tensor: Tensor) -> Tensor:
    """The position in its storage of every number of a tensor, in the tensor's shape."""
    return grid(tensor.shape, tensor.stride(), int(tensor.storage_offset()))


def dense(tensor: Tensor) -> bool:
    """Whether a tensor is all of its storage, each number once."""
    if tensor.numel() * tensor.itemsize != tensor.untyped_storage().nbytes() or not 0 < tensor.numel() <= MOST:
        return False
    pairs = sorted((stride, size) for stride, size in zip(tensor.stride(), tensor.shape, strict=True) if size > 1)
    return all(starmap(lambda a, b: a[0] * a[1] == b[0], pairwise(pairs))) and (not pairs or pairs[0][0] == 1)


def moved_to(tensor: Tensor, there: Tensor, target: Tensor) -> Place:
    """The place of a dense tensor's storage whose numbers are at these positions of another storage."""
    table = torch.empty(tensor.numel(), dtype=torch.int64)
    table.as_strided(tensor.shape, tensor.stride(), tensor.storage_offset()).copy_(target.reshape(tensor.shape))
    shift = int(table[0])
    if torch.equal(table, torch.arange(shift, shift + len(table))):
        return Place(there, shift)
    return Place(there, 0, table)


def unchanged(
    func: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any], out: Tensor, now: Callable[[Tensor], Tensor]
) -> Place | None:
    """Where the numbers that this kernel returns already are, side by side or not; None if it computes new ones."""
    if not dense(out):
        return None
    if func in JOINING:
        parts = [now(part) for part in args[0]]
        apart = {part.untyped_storage()._cdata for part in parts}
        if len(apart) == 1 and all(part.dtype == out.dtype for part in parts):
            where = func([positions(part) for part in parts], *args[1:])
            return moved_to(out, parts[0], where)
        return None
    if func is aten.select_backward.default:
        one = args[1][args[2]] == 1
        return moved_to(out, now(args[0]), positions(now(args[0]))) if one and args[0].dtype == out.dtype else None
    if func in _UNCHANGED and not kwargs and isinstance(args[1], int | float) and args[1] == 1:
        same = args[0].dtype == out.dtype and out.is_floating_point()
        return moved_to(out, now(args[0]), positions(now(args[0]))) if same else None
    return None


def slots(func: Any, args: tuple[Any, ...], out: Tensor) -> list[Tensor]:
    """The part of the result in which each joined tensor ends, as positions in the result's storage."""
    where, axis = positions(out), args[1] if len(args) > 1 else 0
    if func is aten.stack.default:
        return [*where.unbind(axis)]
    return [*where.split([part.shape[axis] for part in args[0]], axis)]
