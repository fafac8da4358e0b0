"""Counts of single cells from an `.h5ad` file (AnnData's HDF5 layout), read without anndata, which would cost 4 seconds to import.

The first of X, layers/counts and raw/X that contains counts is used. scanpy's example files often contain none: X is scaled there, raw/X
log-normalised; if obs still has each cell's total, the error message explains how to recover the counts. Files written before AnnData 0.7
store obs as one table of records, its categories in uns, and raw/X as raw.X.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from elbo_room.models.data.dataset import DataError, Dataset, from_array, kinds
from elbo_room.models.data.reading.hdf5 import Group, Stored, opened
from elbo_room.models.data.reading.limits import check_size
from elbo_room.models.data.reading.sparse import dense
from elbo_room.models.families.counts import not_counts

PLACES = ("X", "layers/counts", "raw/X", "raw.X")
RAW_NAMES = {"raw/X": ("raw/var",), "raw.X": ("raw.var", "raw/var")}  # where the names of its features may be
TOTALS = ("n_counts", "total_counts", "nCount_RNA", "n_umi")  # names of a column of totals
SYMBOLS = (
    "symbol",
    "gene_symbol",
    "gene_symbols",
    "gene_name",
    "gene_names",
    "feature_name",
)  # CD79A, not ENSG00000105369
MISSING = {"", "nan", "NA", "None"}
NEAR = 0.2  # to a whole number: log-normalised values are stored with seven digits


def matrix(node: Group | Stored, path: Path) -> np.ndarray[Any, Any]:
    """A dense (N, D) float32 table of a stored matrix: dense, CSR or CSC."""
    if isinstance(node, Stored):
        return np.asarray(node[:], np.float32)
    shape = node.attrs.get("shape", node.attrs.get("h5sparse_shape"))
    by_column = "csc" in str(node.attrs.get("encoding-type", node.attrs.get("h5sparse_format", "csr")))
    data, indices, indptr = (node[name][:] for name in ("data", "indices", "indptr"))
    return dense(data, indices, indptr, shape, path, by_column=by_column)


def _names(table: Group | Stored) -> list[str]:
    """The columns of `obs` or `var` without the index, which comes first in a table of records."""
    if isinstance(table, Group):
        return [key for key in table if key != table.attrs.get("_index")]
    return list(table.names[1:])


def _values(file: Group, where: str, name: str) -> np.ndarray[Any, Any]:
    """A column of `obs` or `var`; categories are looked up."""
    node, old = file.at(where)[name], file.at(f"uns/{name}_categories")
    if isinstance(node, Group):
        return np.asarray(node["categories"][:][node["codes"][:]])
    values = node[:] if isinstance(node, Stored) else node
    return np.asarray(old[:][values] if old is not None and where == "obs" else values)


def _column(file: Group, where: str, name: str) -> list[str]:
    """The same as text."""
    return [each.decode() if isinstance(each, bytes) else str(each) for each in _values(file, where, name)]


def _named(file: Group, name: str, path: Path) -> list[str]:
    names = _names(file["obs"])
    if name not in names:
        raise DataError(
            f"{path.name} has no column {name!r} in obs. Choose one of: {', '.join(names) or 'none there'}."
        )
    return _column(file, "obs", name)


def _index(file: Group, place: str) -> list[str]:
    """The names of the features of a matrix: readable gene names if there are any, else the index; raw has its own var."""
    where = next((each for each in RAW_NAMES.get(place, ()) if file.at(each) is not None), "var")
    var = file.at(where)
    index = _column(file, where, var.attrs["_index"] if isinstance(var, Group) else var.names[0])
    known = next((name for name in SYMBOLS if name in _names(var)), None)
    readable = _column(file, where, known) if known else index
    return [word if word not in MISSING else name for word, name in zip(readable, index, strict=True)]


def _way_back(file: Group, place: str, x: torch.Tensor) -> str:
    """How to recover the counts from log-normalised values, if the totals in obs make them whole; else an empty string."""
    for name in (name for name in TOTALS if name in _names(file["obs"])):
        total = torch.from_numpy(np.asarray(_values(file, "obs", name), np.float32)).unsqueeze(1)
        counts = torch.expm1(x) * total / 10_000
        if bool((x >= 0).all()) and float(counts.max()) >= 1 and float((counts - counts.round()).abs().max()) < NEAR:
            return (
                f" {place} is log-normalised; its counts are round(expm1({place}) · {name} / 10,000): save those as X."
            )
    return ""


def _counts(file: Group, path: Path) -> tuple[str, torch.Tensor]:
    """The first stored matrix that contains counts, and its path.

    Raises:
        ValueError: none does; the message names the first value of the first matrix that is not a count.
    """
    reasons, way = [], ""
    for place in (place for place in PLACES if file.at(place) is not None):
        x = torch.from_numpy(matrix(file.at(place), path))
        reason = not_counts(x)
        if reason is None:
            return place, x
        reasons.append(f"{place}: {reason}")
        way = way or _way_back(file, place, x)
    reason = reasons[0] if reasons else "there is no X."
    raise DataError(f"{path.name} contains no counts in {', '.join(PLACES[:3])}. {reason}{way}")


def obs_columns(path: Path) -> tuple[str, ...]:
    """The columns of `obs` that contain text: classes, batches."""
    try:
        with opened(path, ("obs", "uns/*_categories")) as file:
            return tuple(name for name in _names(file["obs"]) if _values(file, "obs", name).dtype.kind in "OSU")
    except Exception:  # noqa: BLE001 - reading it says what is wrong
        return ()


def one_hot(words: list[str], path: Path) -> torch.Tensor:
    """(N, C), a column for each distinct word in alphabetical order.

    Raises:
        DataError: it does not fit in memory.
    """
    names, numbers = kinds(words)
    check_size(len(words), len(names), path)
    return torch.nn.functional.one_hot(numbers, len(names)).float()


def read_h5ad(path: Path, labels: str | None = None, batch: str | None = None) -> Dataset:
    """Counts, genes, and the columns of `obs` that name the labels and the batch (one-hot in `covariates`).

    Raises:
        DataError: h5py is missing, the file is not an `.h5ad` or is unsafe, a column is missing, or no matrix contains counts.
    """
    with opened(path, (*PLACES, "obs", "var", "raw/var", "raw.var", "uns/*_categories")) as file:
        place, x = _counts(file, path)
        names = _named(file, labels, path) if labels else None
        batches = _named(file, batch, path) if batch else []
        genes = tuple(_index(file, place))
    return replace(
        from_array(x, names, path.stem),
        covariates=one_hot(batches, path) if batch else None,
        feature_names=genes,
        covariate_names=tuple(sorted(set(batches))),
    )
