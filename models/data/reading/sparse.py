"""A dense table from the parts of a compressed sparse one, which are checked first because they come from untrusted files."""

from pathlib import Path
from typing import Any

import numpy as np

from elbo_room.models.data.dataset import DataError
from elbo_room.models.data.reading.limits import check_size

Array = np.ndarray[Any, Any]


def dense(data: Array, indices: Array, indptr: Array, shape: Any, path: Path, *, by_column: bool = False) -> Array:
    """(N, D) float32 of CSR parts, or of CSC parts.

    Raises:
        DataError: the parts are inconsistent, or the table does not fit in memory.
    """
    sizes = () if shape is None else tuple(int(size) for size in np.ravel(shape))
    if len(sizes) != 2 or any(part.ndim != 1 for part in (data, indices, indptr)):
        raise _misfit(path, "its shape is not one of rows and columns")
    check_size(sizes[0], sizes[1], path)
    outer_size, inner_size = sizes[::-1] if by_column else sizes
    if indices.dtype.kind not in "iu" or indptr.dtype.kind not in "iu":
        raise _misfit(path, "its indices are not whole numbers")
    ends = indptr.astype(np.int64)
    counts: Array = ends[1:] - ends[:-1]
    if len(indptr) != outer_size + 1 or int(indptr[0]) != 0 or (counts < 0).any() or int(indptr[-1]) != len(data):
        raise _misfit(path, f"{len(indptr):,} ends and {len(data):,} values are not those of {outer_size:,} rows")
    if len(indices) != len(data) or (len(indices) and not 0 <= int(indices.min()) <= int(indices.max()) < inner_size):
        raise _misfit(path, f"a value is outside its {inner_size:,} columns")
    outer = np.repeat(np.arange(outer_size), counts)
    table = np.zeros(sizes, np.float32)
    table[(indices, outer) if by_column else (outer, indices)] = data
    return table


def _misfit(path: Path, what: str) -> DataError:
    return DataError(f"The parts of the sparse table in {path.name} are inconsistent: {what}. Save it again.")
