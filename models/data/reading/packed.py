"""Tables in `.npz`, dense (`x`) or as the parts of a CSR matrix (`data`, `indices`, `indptr`, `shape`); nothing is unpickled.

In addition to the table a file may contain `labels`, `batch` (text or numbers, one per row) and `feature_names`. The counts shipped with
the lab are such files, made by `pack`.
"""

import math
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from elbo_room.models.data.dataset import DataError, Dataset, from_array
from elbo_room.models.data.reading.h5ad import one_hot
from elbo_room.models.data.reading.limits import MOST_CELLS, unreadable
from elbo_room.models.data.reading.sparse import dense

FILES = Path(__file__).parent.parent / "files"
KNOWN = ("x", "data", "indices", "indptr", "shape", "labels", "batch", "feature_names")
MOST_BYTES = 4 * MOST_CELLS  # of one array


def _arrays(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    """The arrays that are read from a file.

    Raises:
        DataError: one does not match its header.
    """
    found = {}
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            name = entry.filename.removesuffix(".npy")
            if name in KNOWN and name not in found:
                with archive.open(entry) as member:
                    found[name] = _array(member, entry.file_size, name, path)
    return found


def _array(member: Any, size: int, name: str, path: Path) -> np.ndarray[Any, Any]:
    """One array; its header is checked before memory is allocated for it."""
    version = np.lib.format.read_magic(member)
    if version not in ((1, 0), (2, 0)):
        raise DataError(f"{name} in {path.name} is of an unknown version. Save it with numpy.savez_compressed.")
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, by_column, kind = read(member)
    if kind.kind not in "biufSU" or not kind.itemsize:
        raise DataError(f"{name} in {path.name} contains neither numbers nor text. Save it as an array of either.")
    declared = math.prod(shape) * kind.itemsize
    size -= member.tell()
    if not 0 <= declared <= min(size, MOST_BYTES) or any(each < 0 for each in shape):
        raise DataError(
            f"{name} in {path.name} claims the shape {shape}, {declared:,} bytes; {size:,} are stored, and up to "
            f"{MOST_BYTES:,} can be read. Choose fewer rows or columns, or save it again."
        )
    return np.frombuffer(bytearray(member.read(declared)), kind).reshape(shape, order="F" if by_column else "C")


def _table(held: dict[str, np.ndarray[Any, Any]], path: Path) -> np.ndarray[Any, Any]:
    if "x" in held:
        return np.asarray(held["x"], np.float32)
    if missing := [name for name in ("data", "indices", "indptr", "shape") if name not in held]:
        raise DataError(
            f"{path.name} has neither a table 'x' nor a complete CSR matrix; it lacks {', '.join(missing)}. "
            "Save it with numpy.savez_compressed(path, x=table)."
        )
    return dense(held["data"], held["indices"], held["indptr"], held["shape"], path)


def read_npz(path: Path) -> Dataset:
    """The table of a `.npz`, with its labels, batches and feature names.

    Raises:
        DataError: it is not a `.npz`, or contains no table.
    """
    try:
        held = _arrays(path)
    except DataError:
        raise
    except Exception as error:  # noqa: BLE001 - zipfile, zlib and numpy each have errors of their own for a damaged file
        raise unreadable(path, ".npz", error) from None
    names = held["labels"].tolist() if "labels" in held else None
    batches = [str(each) for each in held["batch"].ravel()] if "batch" in held else []
    features = tuple(str(each) for each in held["feature_names"].ravel()) if "feature_names" in held else ()
    return replace(
        from_array(_table(held, path), names, path.stem),
        covariates=one_hot(batches, path) if batches else None,
        feature_names=features,
        covariate_names=tuple(sorted(set(batches))),
    )


def pack(path: Path, data: Dataset, batch: list[str] | None = None) -> None:
    """Write counts as small integers in CSR parts, which compress well."""
    x = data.x.numpy()
    rows, columns = x.nonzero()
    kind = np.uint8 if x.max() < 256 else np.uint16
    more: dict[str, Any] = {} if batch is None else {"batch": np.array(batch)}
    np.savez_compressed(
        path,
        data=x[rows, columns].astype(kind),
        indices=columns.astype(np.uint16),
        indptr=np.concatenate([[0], np.bincount(rows, minlength=len(x)).cumsum()]).astype(np.int32),
        shape=np.array(x.shape),
        labels=np.array([data.label_names[int(each)] for each in data.labels]),
        feature_names=np.array(data.feature_names),
        **more,
    )
