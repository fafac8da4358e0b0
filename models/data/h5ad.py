"""Counts of single cells from an `.h5ad` file (AnnData's HDF5 layout), read with h5py alone: importing anndata would cost 4 seconds.

The first of X, layers/counts and raw/X that holds counts is taken. scanpy's own copies often do not: X is scaled there, raw/X
log-normalised; where obs still knows each cell's total, the refusal says how the counts come back. Files written before AnnData 0.7
keep obs as one table of records, its categories in uns, and raw/X as raw.X.
"""

import importlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from elbo_room.models.data.dataset import Dataset, from_array
from elbo_room.models.families.counts import not_counts

PLACES = ("X", "layers/counts", "raw/X", "raw.X")
TOTALS = ("n_counts", "total_counts", "nCount_RNA", "n_umi")  # what a column of totals is called
SYMBOLS = (
    "symbol",
    "gene_symbol",
    "gene_symbols",
    "gene_name",
    "gene_names",
    "feature_name",
)  # CD79A, not ENSG00000105369
MISSING = {"", "nan", "NA", "None"}
NEAR = 0.2  # of a whole number: log-normalised values are stored with seven digits


def matrix(node: Any) -> np.ndarray[Any, Any]:
    """A dense (N, D) float32 table of a stored matrix: dense, CSR or CSC."""
    if hasattr(node, "shape"):
        return np.asarray(node[:], np.float32)
    values, inner, starts = node["data"][:], node["indices"][:], node["indptr"][:]
    rows, columns = (int(size) for size in node.attrs.get("shape", node.attrs.get("h5sparse_shape")))
    outer = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    table = np.zeros((rows, columns), np.float32)
    by_column = "csc" in str(node.attrs.get("encoding-type", node.attrs.get("h5sparse_format", "csr")))
    table[(inner, outer) if by_column else (outer, inner)] = values
    return table


def _names(table: Any) -> list[str]:
    """The columns of `obs` or `var` without the index, which comes first in a table of records."""
    if hasattr(table, "keys"):
        return [key for key in table if key != table.attrs.get("_index")]
    return list(table.dtype.names[1:])


def _values(file: Any, where: str, name: str) -> np.ndarray[Any, Any]:
    """A column of `obs` or `var`; categories are looked up."""
    node, old = file[where][name], f"uns/{name}_categories"
    if hasattr(node, "keys"):
        return np.asarray(node["categories"][:][node["codes"][:]])
    return np.asarray(file[old][:][node[:]] if old in file and where == "obs" else node[:])


def _column(file: Any, where: str, name: str) -> list[str]:
    """The same as text."""
    return [each.decode() if isinstance(each, bytes) else str(each) for each in _values(file, where, name)]


def _named(file: Any, name: str, path: Path) -> list[str]:
    names = _names(file["obs"])
    if name not in names:
        raise ValueError(
            f"{path.name} has no column {name!r} in obs. Choose one of: {', '.join(names) or 'none there'}."
        )
    return _column(file, "obs", name)


def _index(file: Any) -> list[str]:
    """The names of the features: people's own for genes where there are any, else those of the index."""
    var = file["var"]
    index = _column(file, "var", var.attrs["_index"] if hasattr(var, "keys") else var.dtype.names[0])
    known = next((name for name in SYMBOLS if name in _names(var)), None)
    said = _column(file, "var", known) if known else index
    return [word if word not in MISSING else name for word, name in zip(said, index, strict=True)]


def _way_back(file: Any, place: str, x: torch.Tensor) -> str:
    """How the counts come back from log-normalised values, where the totals of obs make them whole; else nothing."""
    for name in (name for name in TOTALS if name in _names(file["obs"])):
        total = torch.from_numpy(np.asarray(_values(file, "obs", name), np.float32)).unsqueeze(1)
        counts = torch.expm1(x) * total / 10_000
        if bool((x >= 0).all()) and float(counts.max()) >= 1 and float((counts - counts.round()).abs().max()) < NEAR:
            return f" {place} is log-normalised, and round(expm1({place}) · {name} / 10,000) are its counts: save those as X."
    return ""


def _counts(file: Any, path: Path) -> torch.Tensor:
    """The first stored matrix that holds counts.

    Raises:
        ValueError: none does; the sentence names the first value of the first one that is no count.
    """
    reasons, way = [], ""
    for place in (place for place in PLACES if place in file):
        x = torch.from_numpy(matrix(file[place]))
        reason = not_counts(x)
        if reason is None:
            return x
        reasons.append(f"{place}: {reason}")
        way = way or _way_back(file, place, x)
    said = reasons[0] if reasons else "there is no X."
    raise ValueError(f"{path.name} holds no counts in {', '.join(PLACES[:3])}. {said}{way}")


def obs_columns(path: Path) -> tuple[str, ...]:
    """The columns of `obs` that hold words: classes, batches."""
    h5py = importlib.import_module("h5py")
    try:
        with h5py.File(path) as file:
            names = _names(file["obs"])
            return tuple(name for name in names if _values(file, "obs", name).dtype.kind in "OSU")
    except (OSError, KeyError):
        return ()  # reading it says what is wrong


def one_hot(names: list[str]) -> torch.Tensor:
    """(N, C), a column for each distinct name in alphabetical order."""
    kinds = sorted(set(names))
    return torch.eye(len(kinds))[[kinds.index(name) for name in names]]


def read_h5ad(path: Path, labels: str | None = None, batch: str | None = None) -> Dataset:
    """Counts, genes, and the columns of `obs` that name the labels and the batch (one-hot in `covariates`).

    Raises:
        ValueError: h5py is missing, the file is no `.h5ad`, a column is not there, or no matrix holds counts.
    """
    try:
        h5py = importlib.import_module("h5py")
    except ImportError:
        raise ValueError("Reading .h5ad needs h5py, which is not installed. Run: pip install h5py.") from None
    try:
        file = h5py.File(path)
    except OSError as error:
        raise ValueError(f"{path.name} cannot be opened as HDF5 ({error}). Save it anew as .h5ad.") from None
    with file:
        x = _counts(file, path)
        names = _named(file, labels, path) if labels else None
        batches = _named(file, batch, path) if batch else []
        genes = tuple(_index(file))
    return replace(
        from_array(x, names, path.stem),
        covariates=one_hot(batches) if batch else None,
        feature_names=genes,
        covariate_names=tuple(sorted(set(batches))),
    )
