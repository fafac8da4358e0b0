"""Compressed rows behave as the dense table does, and make no dense copy on the way."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from elbo_room.models.families.compressed_rows import CompressedRows, dense_pieces, rows_of

ROWS, COLUMNS = 30, 12


@pytest.fixture(name="dense")
def _dense() -> Tensor:
    random = torch.Generator().manual_seed(0)
    x = torch.poisson(torch.rand(ROWS, COLUMNS, generator=random), generator=random)
    x[3], x[:, 5] = 0.0, 0.0
    x[:, 7] = 2.0  # a column without zeros
    return x


@pytest.fixture(name="table")
def _table(dense: Tensor) -> CompressedRows:
    row, column = dense.nonzero(as_tuple=True)
    start = torch.cat([torch.zeros(1, dtype=torch.int64), torch.bincount(row, minlength=ROWS).cumsum(0)])
    return CompressedRows(start, column, dense[row, column], COLUMNS)


SOME = torch.tensor([4, 3, 3, 29])
FUNCTIONS: dict[str, Callable[[Tensor], object]] = {
    "rows": lambda x: x[SOME],
    "index_select": lambda x: x.index_select(0, SOME),
    "a row": lambda x: x[-2],
    "a column": lambda x: x[:, 7],
    "columns": lambda x: x[:, torch.tensor([1, 7, 5])] if not isinstance(x, CompressedRows) else x.index_select(1, torch.tensor([1, 7, 5])),
    "rows and columns": lambda x: x[SOME.unsqueeze(1), torch.tensor([2, 7])],
    "a mask": lambda x: x[torch.arange(ROWS) % 2 == 0],
    "one number": lambda x: x[4, 7],
    "sum": lambda x: x.sum(),
    "sum of columns": lambda x: x.sum(0),
    "library sizes": lambda x: x.sum(-1, keepdim=True, dtype=torch.float32),
    "mean": lambda x: x.mean(),
    "mean of columns": lambda x: (x + 1).mean(0),
    "log counts": lambda x: (torch.log1p(x * (2 / x.sum(-1, keepdim=True).clamp_min(1))) - torch.zeros(1)).mean(0),
    "std": lambda x: x.std(),
    "std of columns": lambda x: x.std(0, correction=0),
    "var of columns": lambda x: x.log1p().var(0),
    "var of rows of x − 1": lambda x: (x - 1).var(1),
    "min": lambda x: x.min(),
    "max": lambda x: (-x - 1).max(),
    "amax": lambda x: (-x).amax(0),
    "amin": lambda x: (x + 2).amin(1),
    "finite": lambda x: x.isfinite().all(),
    "counts": lambda x: ((x < 0) | (x != x.round())).any(1),
    "all": lambda x: (x >= 1).all(0),
    "share": lambda x: (x > 0).float().mean(),
    "nonzero": lambda x: x.nonzero(),
    "double": lambda x: x.double().sum(0),
    "unique": lambda x: x.unique(),
    "flatten": lambda x: x.flatten(1).sum(1),
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_of_compressed_rows_is_that_of_the_dense_table_without_one_being_made(
    name: str, dense: Tensor, table: CompressedRows, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_: CompressedRows) -> Tensor:
        raise AssertionError("a dense copy was made")

    monkeypatch.setattr(CompressedRows, "dense", refused)
    found, true = FUNCTIONS[name](table), FUNCTIONS[name](dense)
    assert isinstance(found, Tensor)
    assert not isinstance(found, CompressedRows)
    torch.testing.assert_close(found, true)


@pytest.mark.parametrize(
    "function", [lambda x: x @ x.T, lambda x: x - x.mean(0), lambda x: x.sort(0).values, lambda x: x.argmax(1)]
)
def test_what_has_no_rule_is_computed_from_the_dense_table(
    function: Callable[[Tensor], Tensor], dense: Tensor, table: CompressedRows
) -> None:
    torch.testing.assert_close(function(table), function(dense))


def test_rows_stay_compressed_and_pieces_are_the_whole(dense: Tensor, table: CompressedRows) -> None:
    kept = rows_of(table, SOME)
    assert isinstance(kept, CompressedRows)
    assert torch.equal(kept.dense(), dense[SOME])
    assert torch.equal(torch.cat([piece() for piece in dense_pieces(table)]), dense)
    assert torch.equal(table.dense(), dense)
    assert table.nbytes < 8 * (ROWS + 1) + 12 * int((dense != 0).sum()) + 1
