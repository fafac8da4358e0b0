"""Counts of single cells from an `.h5ad` file (AnnData's HDF5 layout), read with h5py alone: importing anndata would cost 4 seconds.

The first of X, layers/counts and raw/X that holds counts is taken. scanpy's own copies often do not: X is scaled there, raw/X
log-normalised.
"""

import importlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from models.data.dataset import Dataset, from_array
from models.families.counts import not_counts

PLACES = ("X", "layers/counts", "raw/X")


def matrix(node: Any) -> np.ndarray[Any, Any]:
    """A dense (N, D) float32 table of a stored matrix: dense, CSR or CSC."""
    if hasattr(node, "shape"):
        return np.asarray(node[:], np.float32)
    values, inner, starts = node["data"][:], node["indices"][:], node["indptr"][:]
    rows, columns = (int(size) for size in node.attrs["shape"])
    outer = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    table = np.zeros((rows, columns), np.float32)
    by_column = "csc" in str(node.attrs.get("encoding-type", "csr"))
    table[(inner, outer) if by_column else (outer, inner)] = values
    return table


def _column(node: Any) -> list[str]:
    """A column of `obs` or `var` as text; categories are looked up."""
    values = node["categories"][:][node["codes"][:]] if hasattr(node, "keys") else node[:]
    return [each.decode() if isinstance(each, bytes) else str(each) for each in values]


def _named(group: Any, name: str, path: Path) -> list[str]:
    names = [key for key in group if key != group.attrs.get("_index")]
    if name not in names:
        raise ValueError(
            f"{path.name} has no column {name!r} in obs. Choose one of: {', '.join(names) or 'none there'}."
        )
    return _column(group[name])


def _counts(file: Any, path: Path) -> torch.Tensor:
    """The first stored matrix that holds counts.

    Raises:
        ValueError: none does; the sentence names the first value of the first one that is no count.
    """
    reasons = []
    for place in (place for place in PLACES if place in file):
        x = torch.from_numpy(matrix(file[place]))
        reason = not_counts(x)
        if reason is None:
            return x
        reasons.append(f"{place}: {reason}")
    said = reasons[0] if reasons else "there is no X."
    raise ValueError(f"{path.name} holds no counts in {', '.join(PLACES)}. {said}")


def obs_columns(path: Path) -> tuple[str, ...]:
    """The columns of `obs` that hold words: classes, batches."""
    h5py = importlib.import_module("h5py")
    try:
        with h5py.File(path) as file:
            obs = file["obs"]
            names = [key for key in obs if key != obs.attrs.get("_index")]
            return tuple(key for key in names if hasattr(obs[key], "keys") or obs[key].dtype.kind in "OSU")
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
        obs, var = file["obs"], file["var"]
        names = _named(obs, labels, path) if labels else None
        covariates = one_hot(_named(obs, batch, path)) if batch else None
        genes = tuple(_column(var[var.attrs["_index"]]))
    return replace(from_array(x, names, path.stem), covariates=covariates, feature_names=genes)
