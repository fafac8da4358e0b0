"""A table (N, D) of mostly one value as a tensor that stores only its other entries, by rows: x_nd = v_e at entry e, else the fill.

It behaves as the dense tensor does. Rows, columns, reductions and elementwise functions are computed from the entries: f(x) has the
entries f(v) and the fill f(fill). Whatever has no such rule is computed from a dense copy, `dense`, which is then let go.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

aten: Any = torch.ops.aten
CHUNK = 4_000_000  # numbers of a dense piece, where a table is walked in pieces
COPIES = (aten.detach, aten.alias, aten.clone, aten._to_copy, aten.lift_fresh)


class CompressedRows(Tensor):
    """The table; `start` (N + 1,) and `column` (E,) are int64, each row's columns are in order and distinct."""

    start: Tensor
    column: Tensor
    values: Tensor  # type: ignore[assignment]  # (E,)
    fill: Tensor  # ()

    @staticmethod
    def __new__(cls, start: Tensor, column: Tensor, values: Tensor, wide: int, fill: Tensor | None = None) -> Any:
        """A tensor without storage of its own."""
        make: Any = Tensor._make_wrapper_subclass
        return make(cls, (len(start) - 1, wide), dtype=values.dtype)

    def __init__(self, start: Tensor, column: Tensor, values: Tensor, wide: int, fill: Tensor | None = None) -> None:
        del wide
        self.start, self.column, self.values = start, column, values
        self.fill = values.new_zeros(()) if fill is None else fill

    @classmethod
    def __torch_dispatch__(  # type: ignore[override]  # torch leaves its types open
        cls, func: Any, types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """The function by its rule; without one, that of the dense tables."""
        del types
        keywords = dict(kwargs or {})
        rule = RULES.get(func.overloadpacket)
        if rule is not None and isinstance(args[0], cls):
            found = rule(args[0], *args[1:], **keywords)
            if found is not NotImplemented:
                return found
        if torch.Tag.pointwise in func.tags or func.overloadpacket in COPIES:
            found = _elementwise(func, args, keywords)
            if found is not NotImplemented:
                return found
        plain = torch.utils._pytree.tree_map_only(cls, cls.dense, (args, keywords))
        return func(*plain[0], **plain[1])

    def __repr__(self, *, tensor_contents: Any = None) -> Any:  # type: ignore[override]  # torch does not declare it
        """Its size, not its values."""
        del tensor_contents
        return f"CompressedRows({tuple(self.shape)}, {len(self.values):,} entries, fill {self.fill.item():g})"

    @property
    def nbytes(self) -> int:  # type: ignore[override]  # torch declares an attribute
        """The memory that it takes."""
        return self.start.nbytes + self.column.nbytes + self.values.nbytes

    def with_values(self, values: Tensor, fill: Tensor) -> "CompressedRows":
        """Other values at the same places."""
        return CompressedRows(self.start, self.column, values, self.shape[1], fill)

    @property
    def row(self) -> Tensor:
        """(E,) the row of every entry."""
        return torch.repeat_interleave(torch.arange(len(self)), self.lengths)

    @property
    def lengths(self) -> Tensor:
        """(N,) the number of entries of every row."""
        return self.start.diff()

    def _places(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """The starts (M + 1,) of these rows' entries when they are put together, and where each is now."""
        begin = self.start[rows]
        lengths = self.start[rows + 1] - begin
        start = torch.cat([torch.zeros(1, dtype=torch.int64), lengths.cumsum(0)])
        size = int(start[-1])
        place = torch.arange(size) + torch.repeat_interleave(begin - start[:-1], lengths, output_size=size)
        return start, place

    def rows(self, rows: Tensor) -> "CompressedRows":
        """These rows (M,) as such a table."""
        start, place = self._places(rows)
        return CompressedRows(start, self.column[place], self.values[place], self.shape[1], self.fill)

    def at(self, rows: Tensor) -> Tensor:
        """These rows (M,) as a dense table (M, D)."""
        start, place = self._places(rows)
        row = torch.repeat_interleave(torch.arange(len(rows)), start.diff(), output_size=len(place))
        made = self.fill.repeat(len(rows), self.shape[1])
        made.view(-1)[row * self.shape[1] + self.column[place]] = self.values[place]
        return made

    def dense(self) -> Tensor:
        """The dense table (N, D)."""
        return self.at(torch.arange(len(self)))

    def pieces(self) -> "list[Tensor]":
        """The numbers of rows, in pieces whose dense tables are small."""
        return list(torch.arange(len(self)).split(max(1, CHUNK // self.shape[1])))

    def numpy(self, **_: Any) -> np.ndarray[Any, Any]:
        """The dense table as an array."""
        return self.dense().numpy()


def rows_of(x: Tensor, rows: Tensor) -> Tensor:
    """Rows of a table, stored as it is."""
    return x.rows(rows) if isinstance(x, CompressedRows) else x[rows]


def dense_pieces(x: Tensor) -> "list[Callable[[], Tensor]]":
    """A table piece by piece: each makes dense rows of it, all together in order."""
    if not isinstance(x, CompressedRows):
        return [lambda: x]
    return [lambda rows=rows: x.at(rows) for rows in x.pieces()]  # type: ignore[misc]


def compressed(parts: Mapping[str, np.ndarray[Any, Any]], shape: Sequence[int]) -> CompressedRows:
    """The table of scipy's CSR parts `data`, `indices` and `indptr`, whose columns are in order and distinct."""
    start, column = (torch.from_numpy(parts[name].astype(np.int64)) for name in ("indptr", "indices"))
    return CompressedRows(start, column, torch.from_numpy(parts["data"]), int(shape[1]))


# Elementwise: f(v) and f(fill), of tables with the same places, numbers, and for a fill of 0 a factor for each row.


def _elementwise(func: Any, args: Any, keywords: dict[str, Any]) -> Any:
    tables = [each for each in args if isinstance(each, CompressedRows)]
    others = [each for each in args if isinstance(each, Tensor) and not isinstance(each, CompressedRows)]
    first = tables[0]
    if any(each.start is not first.start or each.column is not first.column for each in tables):
        return NotImplemented
    by_row = [each for each in others if each.numel() > 1]
    if by_row:
        scales = func.overloadpacket in (aten.mul, aten.div) and args[0] is first and first.fill.item() == 0
        if not scales or tuple(by_row[0].shape) != (len(first), 1):
            return NotImplemented
        return first.with_values(func(first.values, by_row[0][first.row, 0], **keywords), first.fill)

    def with_parts(name: str) -> Tensor:
        return cast(
            "Tensor",
            func(
                *(
                    getattr(each, name)
                    if isinstance(each, CompressedRows)
                    else each.reshape(())
                    if isinstance(each, Tensor)
                    else each
                    for each in args
                ),
                **keywords,
            ),
        )

    values, fill = with_parts("values"), with_parts("fill")
    return first.with_values(values, fill.to(values.dtype))


# Rows and columns


def _index_select(x: CompressedRows, dim: int, index: Tensor) -> Any:
    return x.at(index) if dim % 2 == 0 else _columns(x, index)


def _columns(x: CompressedRows, columns: Tensor) -> Tensor:
    """Columns (F,) as a dense table (N, F)."""
    made = x.fill.repeat(len(x), len(columns))
    for place, column in enumerate(columns.tolist()):
        here = (x.column == column).nonzero().flatten()
        made[torch.searchsorted(x.start, here, right=True) - 1, place] = x.values[here]
    return made


def _select(x: CompressedRows, dim: int, index: int) -> Tensor:
    place = torch.tensor([index % x.shape[dim]])
    return x.at(place)[0] if dim % 2 == 0 else _columns(x, place)[:, 0]


def _slice(x: CompressedRows, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1) -> Any:
    places = torch.arange(x.shape[dim])[slice(start, end, step)]
    if len(places) == x.shape[dim]:
        return x
    return x.rows(places) if dim % 2 == 0 else _columns(x, places)


def _index(x: CompressedRows, indices: Sequence[Tensor | None]) -> Any:
    rows, *columns = indices
    if rows is None:
        return NotImplemented
    if not columns:
        rows = rows.nonzero().flatten() if rows.dtype == torch.bool else rows
        return x.at(rows % len(x)) if rows.ndim == 1 else NotImplemented
    if rows.ndim == 2 and rows.shape[1] == 1 and columns[0] is not None and columns[0].ndim < 2:
        return x.at(rows[:, 0] % len(x))[:, columns[0]]
    return NotImplemented


def _nonzero(x: CompressedRows) -> Any:
    if x.fill.item() != 0:
        return NotImplemented
    here = x.values != 0
    return torch.stack([x.row[here], x.column[here]], 1)


# Reductions: over all values, or over dimension 0 or 1


def _dims(dim: Any) -> tuple[int, ...]:
    return () if dim is None else tuple(each % 2 for each in ([dim] if isinstance(dim, int) else dim))


def _groups(x: CompressedRows, dim: int) -> tuple[Tensor, Tensor]:
    """Which column (dim 0) or row (dim 1) each entry belongs to, and how many entries each has."""
    if dim == 1:
        return x.row, x.lengths
    return x.column, torch.bincount(x.column, minlength=x.shape[1])


def _sum(x: CompressedRows, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    kind = dtype or (x.dtype if x.dtype.is_floating_point else torch.int64)
    wide = torch.float64 if kind.is_floating_point else kind
    dims = _dims(dim)
    if len(dims) != 1:
        others = x.numel() - len(x.values)
        total = x.values.to(wide).sum() + x.fill.to(wide) * others
        return total.to(kind) if not keepdim else NotImplemented
    group, held = _groups(x, dims[0])
    total = torch.zeros(len(held), dtype=wide).index_add(0, group, x.values.to(wide))
    total = (total + x.fill.to(wide) * (x.shape[dims[0]] - held)).to(kind)
    return total.unsqueeze(dims[0]) if keepdim else total


def _mean(x: CompressedRows, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    dims = _dims(dim)
    total = _sum(x, dim, keepdim, dtype=torch.float64)
    if total is NotImplemented:
        return total
    return (total / (x.shape[dims[0]] if len(dims) == 1 else x.numel())).to(dtype or x.dtype)


def _var(x: CompressedRows, dim: Any = None, *, correction: float | None = None, keepdim: bool = False) -> Any:
    """Σ (x − x̄)² / (n − correction), in double precision."""
    dims = _dims(dim)
    if keepdim:
        return NotImplemented
    exact = x.with_values(x.values.double(), x.fill.double())
    freedom = (x.shape[dims[0]] if len(dims) == 1 else x.numel()) - (1 if correction is None else correction)
    mean = _mean(exact, dim)
    if len(dims) != 1:
        squares = exact.with_values((exact.values - mean).square(), (exact.fill - mean).square())
        return (_sum(squares) / freedom).to(x.dtype)
    group, held = _groups(x, dims[0])
    near = torch.zeros(len(held), dtype=torch.float64).index_add(0, group, (exact.values - mean[group]).square())
    return ((near + (exact.fill - mean).square() * (x.shape[dims[0]] - held)) / freedom).to(x.dtype)


def _std(x: CompressedRows, dim: Any = None, *, correction: float | None = None, keepdim: bool = False) -> Any:
    found = _var(x, dim, correction=correction, keepdim=keepdim)
    return found if found is NotImplemented else found.sqrt()


def _extreme(how: str) -> Callable[..., Any]:
    def find(x: CompressedRows, dim: Any = (), keepdim: bool = False) -> Any:
        dims = _dims(dim)
        pick = torch.maximum if how == "amax" else torch.minimum
        if len(dims) != 1:
            if keepdim:
                return NotImplemented
            held = getattr(x.values, how)() if len(x.values) else x.fill
            return held if len(x.values) == x.numel() else pick(held, x.fill)
        group, held = _groups(x, dims[0])
        some = x.values.new_zeros(len(held)).scatter_reduce(0, group, x.values, how, include_self=False)
        most = torch.where(held == 0, x.fill, torch.where(held < x.shape[dims[0]], pick(some, x.fill), some))
        return most.unsqueeze(dims[0]) if keepdim else most

    return find


def _whole_extreme(how: str) -> Callable[..., Any]:
    """`max` and `min` without a dimension; with one they also return places, which have no rule."""

    def find(x: CompressedRows, *rest: Any) -> Any:
        return NotImplemented if rest else _extreme(how)(x)

    return find


def _any(x: CompressedRows, dim: Any = None, keepdim: bool = False) -> Any:
    true = x.with_values(x.values != 0, x.fill != 0)
    found = _sum(true, dim, keepdim)
    return found if found is NotImplemented else found > 0


def _all(x: CompressedRows, dim: Any = None, keepdim: bool = False) -> Any:
    false = x.with_values(x.values == 0, x.fill == 0)
    found = _any(false, dim, keepdim)
    return found if found is NotImplemented else ~found


def _unique(x: CompressedRows, *_: Any, **__: Any) -> Any:
    held = x.values.unique()
    values = held if len(x.values) == x.numel() else torch.cat([held, x.fill.reshape(1)]).unique()
    empty = torch.empty(0, dtype=torch.int64)
    return values, empty, empty


RULES: dict[Any, Callable[..., Any]] = {
    aten.index_select: _index_select, aten.select: _select, aten.slice: _slice, aten.index: _index, aten.nonzero: _nonzero,
    aten.sum: _sum, aten.mean: _mean, aten.var: _var, aten.std: _std, aten.amax: _extreme("amax"), aten.amin: _extreme("amin"),
    aten.max: _whole_extreme("amax"), aten.min: _whole_extreme("amin"), aten.any: _any, aten.all: _all, aten._unique2: _unique,
}  # fmt: skip
