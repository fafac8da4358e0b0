"""The entries x_nv > 0 of a table that is mostly 0, and the two sums over them that a factorisation of counts needs.

(s wᵀ) at the entries, Σ_k s_rk w_ck, and Σ_c v_rc d_ck, a sparse table times a dense one: each is the other's derivative. They are torch's
own kernels for compressed sparse rows, behind two operators of plain tensors, so that a tape of kernels can record them and redirect
their results.
"""

import warnings
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Self

import torch
from torch import Tensor

from elbo_room.models.families.compressed_rows import CompressedRows

SPARSE = 0.15  # share of nonzero entries below which using those alone is faster


@dataclass(frozen=True)
class Entries:
    """E entries in compressed rows, and the same by columns; those past the last row's entries are padding, with count 0.

    With padding the shapes are the same for any M rows.
    """

    start: Tensor  # (M + 1,) the start of each row
    column: Tensor  # (E,)
    count: Tensor  # (E,)
    row: Tensor  # (E,)
    column_start: Tensor  # (D + 1,)
    row_by_column: Tensor  # (E,)
    order: Tensor  # (E,) the entry at each position of the column order
    log_factorials: Tensor  # (M,) Σ_v log x_v!

    @classmethod
    def of(cls, x: Tensor) -> Self:
        """All nonzero entries of x (M, D)."""
        if isinstance(x, CompressedRows) and x.fill.item() == 0 and bool((x.values != 0).all()):
            row, column = x.row, x.column
            factorials = torch.zeros(len(x), dtype=x.dtype).index_add(0, row, torch.lgamma(x.values + 1))
            return cls._made(x.start, column, x.values, row, x.shape[1], factorials)
        row, column = x.nonzero(as_tuple=True)
        count = x[row, column]
        start = _starts(torch.bincount(row, minlength=len(x)))
        factorials = torch.zeros(len(x), dtype=x.dtype).index_add(0, row, torch.lgamma(count + 1))
        return cls._made(start, column, count, row, x.shape[1], factorials)

    @classmethod
    def _made(cls, start: Tensor, column: Tensor, count: Tensor, row: Tensor, wide: int, factorials: Tensor) -> Self:
        order = column.argsort(stable=True)
        column_start = _starts(torch.bincount(column, minlength=wide))
        places = (start, column, column_start, row[order], order)
        start, column, column_start, row_by_column, order = (each.int() for each in places)  # as the kernels require
        return cls(start, column, count, row, column_start, row_by_column, order, factorials)

    @cached_property
    def _most(self) -> Tensor:
        """(M + 1,): the total number of entries in the 0, 1, 2, … fullest rows."""
        return _starts((self.start[1:] - self.start[:-1]).sort(descending=True).values)

    def rows(self, rows: Tensor) -> "Entries":
        """The entries of these rows, padded to the largest number for any M rows."""
        begin = self.start[rows]
        lengths = self.start[rows + 1] - begin
        start = _starts(lengths)
        size, most = int(start[-1]), int(self._most[len(rows)])
        row = torch.repeat_interleave(lengths, output_size=size)
        place = torch.arange(size) + (begin - start[:-1])[row]
        pad = (0, most - size)
        column = torch.nn.functional.pad(self.column[place], pad)
        count = torch.nn.functional.pad(self.count[place], pad)
        row = torch.nn.functional.pad(row, pad, value=len(rows) - 1)
        start[-1] = most
        return self._made(start, column, count, row, len(self.column_start) - 1, self.log_factorials[rows])

    def tensors(self) -> dict[str, Tensor]:
        """Every tensor by its name."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    def clone(self) -> "Entries":
        """A private copy."""
        return Entries(**{name: tensor.clone() for name, tensor in self.tensors().items()})


def entries_of(x: Tensor) -> Entries | None:
    """The entries of a sparse table of numbers ≥ 0; None for any other table."""
    sparse = float((x > 0).float().mean()) < SPARSE and not bool((x < 0).any())
    return Entries.of(x) if sparse else None


def _starts(lengths: Tensor) -> Tensor:
    return torch.cat([torch.zeros(1, dtype=torch.int64), lengths.cumsum(0)])


def _compressed(start: Tensor, column: Tensor, values: Tensor, wide: int) -> Tensor:
    shape = (len(start) - 1, wide)
    return torch.sparse_csr_tensor(start, column, values, shape, dtype=values.dtype, check_invariants=False)


def _at_entries_out(left: Tensor, right: Tensor, start: Tensor, column: Tensor, *, out: Tensor) -> Tensor:
    out.zero_()  # torch multiplies the existing values by 0, and they may be NaN
    for s, w, place in zip(left, right, out, strict=True):
        table = _compressed(start, column, place, right.shape[1])
        torch.sparse.sampled_addmm(table, s, w.T, beta=0.0, out=table)
    return out


def _over_entries_out(values: Tensor, dense: Tensor, start: Tensor, column: Tensor, *, out: Tensor) -> Tensor:
    for each, right, place in zip(values, dense, out, strict=True):
        table = _compressed(start, column, each, dense.shape[1])
        if dense.shape[2] == 1:  # a vector, for which there is a kernel twice as fast
            torch.mv(table, right[:, 0], out=place[:, 0])
        else:
            torch.mm(table, right, out=place)
    return out


def _at_entries(left: Tensor, right: Tensor, start: Tensor, column: Tensor) -> Tensor:
    return _at_entries_out(left, right, start, column, out=left.new_empty(len(left), len(column)))


def _over_entries(values: Tensor, dense: Tensor, start: Tensor, column: Tensor) -> Tensor:
    place = dense.new_empty(len(values), len(start) - 1, dense.shape[2])
    return _over_entries_out(values, dense, start, column, out=place)


_LIBRARY = torch.library.Library("elbo_room", "DEF")
_LIBRARY.define("at_entries(Tensor left, Tensor right, Tensor start, Tensor column) -> Tensor")
_LIBRARY.define(
    "at_entries.out(Tensor left, Tensor right, Tensor start, Tensor column, *, Tensor(a!) out) -> Tensor(a!)"
)
_LIBRARY.define("over_entries(Tensor values, Tensor dense, Tensor start, Tensor column) -> Tensor")
_LIBRARY.define(
    "over_entries.out(Tensor values, Tensor dense, Tensor start, Tensor column, *, Tensor(a!) out) -> Tensor(a!)"
)
_LIBRARY.impl("at_entries", _at_entries, "CPU")
_LIBRARY.impl("at_entries.out", _at_entries_out, "CPU")
_LIBRARY.impl("over_entries", _over_entries, "CPU")
_LIBRARY.impl("over_entries.out", _over_entries_out, "CPU")
with warnings.catch_warnings():  # torch warns once that its compressed rows are in beta
    warnings.simplefilter("ignore")
    _compressed(torch.zeros(2, dtype=torch.int32), torch.zeros(0, dtype=torch.int32), torch.zeros(0), 1)


class _At(torch.autograd.Function):
    """left (S, M, K), right (S, D, K) → (S, E); `turned`: the entries are in column order."""

    @staticmethod
    def forward(ctx: Any, left: Tensor, right: Tensor, entries: Entries, turned: bool) -> Tensor:
        """Σ_k left_rk right_ck, in the order of the entries."""
        ctx.save_for_backward(left, right)
        ctx.entries, ctx.turned = entries, turned
        if not turned:
            found: Tensor = torch.ops.elbo_room.at_entries(left, right, entries.start, entries.column)
            return found
        by_column = torch.ops.elbo_room.at_entries(left, right, entries.column_start, entries.row_by_column)
        return torch.empty_like(by_column).index_copy_(1, entries.order.long(), by_column)

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor, Tensor, None, None]:
        """Each side's slope is the table of slopes times the other side."""
        left, right = ctx.saved_tensors
        return (
            _Over.apply(slope, right, ctx.entries, ctx.turned), _Over.apply(slope, left, ctx.entries, not ctx.turned), None, None
        )  # fmt: skip


class _Over(torch.autograd.Function):
    """values (S, E), dense (S, D, K) → (S, M, K); `turned`: dense (S, M, K) → (S, D, K)."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, dense: Tensor, entries: Entries, turned: bool) -> Tensor:
        """Σ over a row's entries of v_rc dense_ck."""
        ctx.save_for_backward(values, dense)
        ctx.entries, ctx.turned = entries, turned
        start, other = (entries.column_start, entries.row_by_column) if turned else (entries.start, entries.column)
        own = values.index_select(1, entries.order) if turned else values
        found: Tensor = torch.ops.elbo_room.over_entries(own.contiguous(), dense.contiguous(), start, other)
        return found

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor, Tensor, None, None]:
        """The values' slope is (slope denseᵀ) at the entries, the dense one's is the transposed sum."""
        values, dense = ctx.saved_tensors
        return (
            _At.apply(slope, dense, ctx.entries, ctx.turned), _Over.apply(values, slope, ctx.entries, not ctx.turned), None, None
        )  # fmt: skip


def at_entries(left: Tensor, right: Tensor, entries: Entries) -> Tensor:
    """Σ_k left_rk right_ck at every entry (r, c): left (S, M, K), right (S, D, K) → (S, E)."""
    found: Tensor = _At.apply(left.contiguous(), right.contiguous(), entries, False)
    return found


def times(values: Tensor, dense: Tensor, entries: Entries, *, turned: bool = False) -> Tensor:
    """Σ_c v_rc dense_ck over each row's entries, (S, E), (S, D, K) → (S, M, K); `turned`, Σ_r v_rc dense_rk: (S, M, K) → (S, D, K)."""
    found: Tensor = _Over.apply(values, dense, entries, turned)
    return found


class _LogSums(torch.autograd.Function):
    """left (S, M, K), right (S, D, K) → Σ_c x_rc log(ε + Σ_k left_rk right_ck) over each row's entries: (S, M)."""

    @staticmethod
    def forward(ctx: Any, left: Tensor, right: Tensor, entries: Entries, floor: float) -> Tensor:
        """The logs at the entries, and their sparse table times ones."""
        rate = torch.ops.elbo_room.at_entries(left, right, entries.start, entries.column).add_(floor)
        ctx.save_for_backward(left, right, rate)
        ctx.entries, ctx.floor = entries, floor
        ones = torch.ones(len(left), right.shape[1], 1, dtype=left.dtype)
        found: Tensor = torch.ops.elbo_room.over_entries(
            entries.count * rate.log(), ones, entries.start, entries.column
        )
        return found.squeeze(-1)

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor, Tensor, None, None]:
        """Σ x/rate times the other side; a row's slope is applied to its M × K numbers, which are fewer than its entries."""
        left, right, rate = ctx.saved_tensors
        if torch.is_grad_enabled():
            rate = at_entries(left, right, ctx.entries) + ctx.floor
        share, slope = ctx.entries.count / rate, slope.unsqueeze(-1)
        return (
            slope * times(share, right, ctx.entries), times(share, slope * left, ctx.entries, turned=True), None, None
        )  # fmt: skip


def log_sums(left: Tensor, right: Tensor, entries: Entries, floor: float) -> Tensor:
    """Σ_c x_rc log(ε + Σ_k left_rk right_ck) over each row's entries, ε = `floor`: (S, M, K), (S, D, K) → (S, M)."""
    found: Tensor = _LogSums.apply(left.contiguous(), right.contiguous(), entries, floor)
    return found
