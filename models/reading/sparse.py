"""Sparse matrices from the parts of untrusted files, which are checked before scipy takes them."""

from pathlib import Path
from typing import Any

import numpy as np

from elbo_room.models.reading.limits import Refused, check_size

Array = np.ndarray[Any, Any]


def checked(parts: dict[str, Array], shape: Any, path: Path, *, by_column: bool = False) -> Any:
    """A CSR matrix (N, D) of CSR parts, or of CSC parts; equal entries are added up.

    Raises:
        Refused: the parts are inconsistent, or the table does not fit in memory.
    """
    from scipy import sparse

    data, indices, indptr = (parts[name] for name in ("data", "indices", "indptr"))
    sizes = () if shape is None else tuple(int(size) for size in np.ravel(shape))
    if len(sizes) != 2 or any(part.ndim != 1 for part in (data, indices, indptr)):
        raise _misfit(path, "its shape is not one of rows and columns")
    check_size(sizes[0], sizes[1], path, sparse=True)
    outer_size, inner_size = sizes[::-1] if by_column else sizes
    if indices.dtype.kind not in "iu" or indptr.dtype.kind not in "iu" or data.dtype.kind not in "biuf":
        raise _misfit(path, "its indices are not whole numbers, or its values are no numbers")
    ends = indptr.astype(np.int64)
    if len(ends) != outer_size + 1 or int(ends[0]) != 0 or (np.diff(ends) < 0).any() or int(ends[-1]) != len(data):
        raise _misfit(path, f"{len(indptr):,} ends and {len(data):,} values are not those of {outer_size:,} rows")
    if len(indices) != len(data) or (len(indices) and not 0 <= int(indices.min()) <= int(indices.max()) < inner_size):
        raise _misfit(path, f"a value is outside its {inner_size:,} columns")
    kind = sparse.csc_matrix if by_column else sparse.csr_matrix
    made = kind((data.astype(np.float32), indices.astype(np.int64), ends), shape=sizes)
    made.sum_duplicates()
    return made.tocsr()


def _misfit(path: Path, what: str) -> Refused:
    return Refused(f"The parts of the sparse table in {path.name} are inconsistent: {what}. Save it again.")
