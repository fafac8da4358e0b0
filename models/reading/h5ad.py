"""Counts of single cells from AnnData's `.h5ad` and 10x Genomics' `.h5`: the file is checked, then anndata reads the columns.

The first of X, layers/counts and raw/X that contains counts is used. scanpy's example files often contain none: X is scaled there, raw/X
log-normalised; if obs still has each cell's total, the error message explains how to recover the counts. Files written before AnnData 0.8
say less about their parts: obs may be one table of records with its categories in uns, and raw/X be raw.X.
"""

import warnings
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from elbo_room.models.reading.hdf5 import RefusedError, check_pieces, opened, whole
from elbo_room.models.reading.limits import Refused, check_size
from elbo_room.models.reading.sheet import Sheet
from elbo_room.models.reading.sparse import checked

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
MISSING = {"", "nan", "NA", "None", "<NA>"}
NEAR = 0.2  # to a whole number: log-normalised values are stored with seven digits
RECOVER = (
    "Single-cell tables are often scaled or log-normalised: load the raw counts; from log-normalised values to 10,000 per cell "
    "they are round(expm1(x) · n_counts / 10,000)."
)
Array = np.ndarray[Any, Any]


def matrix(node: Any, place: str, path: Path) -> Any:
    """A stored matrix: an array, or a scipy matrix in which equal entries are added up."""
    if isinstance(node, h5py.Dataset):
        found = whole(node, place, path)
        if found.ndim != 2 or found.dtype.kind not in "biuf":
            raise RefusedError(f"{place} is not a table of numbers. Save the counts as X.")
        return found
    if not isinstance(node, h5py.Group) or not {"data", "indices", "indptr"} <= set(node):
        raise RefusedError(
            f"{place} is stored in an unknown way. Save the counts as X, dense or as a CSR or CSC matrix."
        )
    shape = node.attrs.get("shape", node.attrs.get("h5sparse_shape"))
    if shape is None and "shape" in node:
        shape = whole(node["shape"], f"{place}/shape", path)
    by_column = "csc" in _word(node.attrs.get("encoding-type", node.attrs.get("h5sparse_format", "csr")))
    parts = {name: whole(node[name], f"{place}/{name}", path) for name in ("data", "indices", "indptr")}
    return checked(parts, shape, path, by_column=by_column)


def _word(value: Any) -> str:
    value = np.atleast_1d(value)[0] if not isinstance(value, str | bytes) else value
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _text(values: Any) -> list[str]:
    return [
        each.decode("utf-8", "replace") if isinstance(each, bytes) else str(each)
        for each in np.asarray(values).tolist()
    ]


class Frame:
    """`obs` or `var`: its columns, read when they are asked for."""

    def __init__(self, file: h5py.File, place: str, path: Path) -> None:
        self.file, self.place, self.path = file, place, path
        self.node = file.get(place)
        records = isinstance(self.node, h5py.Dataset) and self.node.dtype.names
        if not records and not isinstance(self.node, h5py.Group):
            raise RefusedError(f"There is no table {place}. Save the file with anndata's write_h5ad.")
        self.records = whole(self.node, place, path) if records else None
        if self.records is not None:
            self.index_name = self.records.dtype.names[0]
        else:
            check_pieces(self.node, path)
            index = self.node.attrs.get("_index", "_index")
            if not isinstance(index, str | bytes | np.ndarray):
                raise RefusedError(f"The attribute _index of /{place} is of an unknown kind. Save the file again.")
            self.index_name = _word(index)

    @property
    def names(self) -> list[str]:
        """The columns without the index, in their order."""
        if self.records is not None:
            return list(self.records.dtype.names[1:])
        order = [_word(each) for each in np.ravel(self.node.attrs.get("column-order", ()))]
        held = [name for name in self.node if name not in (self.index_name, "__categories")]
        return [*(name for name in order if name in held), *(name for name in held if name not in order)]

    @property
    def index(self) -> list[str]:
        """The names of the rows."""
        return _text(self.column(self.index_name))

    def column(self, name: str) -> Any:
        """The values of a column as a pandas series.

        Raises:
            RefusedError: it is stored in an unknown way.
        """
        import pandas as pd

        if self.records is not None:
            values = self.records[name]
            kinds = self.file.get(f"uns/{name}_categories") if self.place == "obs" else None
            words = None if kinds is None else _text(whole(kinds, name, self.path))
            if words is None:
                return pd.Series(_text(values) if values.dtype.kind == "S" else values)
            return pd.Series(pd.Categorical.from_codes(values.astype(int), pd.Index(words)))
        node = self.node.get(name)
        if node is None:
            raise RefusedError(f"{self.place} has no column {name[:60]!r}. Save the file again.")
        return pd.Series(self._values(node, name))

    def _values(self, node: Any, name: str) -> Any:
        import pandas as pd

        if "encoding-version" in node.attrs and "encoding-type" in node.attrs:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                from anndata.io import read_elem

                return read_elem(node)
        old = self.node.get(f"__categories/{name}")
        if isinstance(node, h5py.Group) and {"categories", "codes"} <= set(node):
            old, node = node["categories"], node["codes"]
        if isinstance(node, h5py.Dataset) and isinstance(old, h5py.Dataset):
            words, codes = whole(old, name, self.path), whole(node, name, self.path)
            return pd.Categorical.from_codes(
                codes.astype(int), pd.Index(_text(words) if words.dtype.kind in "SO" else words)
            )
        values = whole(node, name, self.path)
        return _text(values) if values.dtype.kind in "SO" else values


def _features(file: h5py.File, place: str, path: Path) -> list[str]:
    """The names of the features of a matrix: readable gene names if there are any, else the index; raw has its own var."""
    var = Frame(file, next((each for each in RAW_NAMES.get(place, ()) if each in file), "var"), path)
    index = var.index
    known = next((name for name in SYMBOLS if name in var.names), None)
    readable = _text(var.column(known)) if known else index
    return [word if word not in MISSING else name for word, name in zip(readable, index, strict=True)]


def not_counts(x: Any) -> str | None:
    """Why a matrix does not contain counts, with the first value that is none; None if it does."""
    values = x if isinstance(x, np.ndarray) else x.data
    bad = ~((values >= 0) & (values == np.round(values)))
    if not bad.any():
        return None
    if isinstance(x, np.ndarray):
        row, column = np.argwhere(bad)[0]
        value = x[row, column]
    else:
        parts = x.tocoo()
        first = np.flatnonzero(bad)[0]
        row, column, value = parts.row[first], parts.col[first], parts.data[first]
    return f"Counts must be whole numbers ≥ 0; row {row}, column {column} is {value:g}. {RECOVER}"


def _way_back(obs: Frame, place: str, x: Any) -> str:
    """How to recover the counts from log-normalised values, if the totals in obs make them whole; else an empty string."""
    dense = x if isinstance(x, np.ndarray) else x.toarray()
    for name in (name for name in TOTALS if name in obs.names):
        total = np.asarray(obs.column(name), np.float32)[:, None]
        with np.errstate(all="ignore"):
            counts = np.expm1(dense) * total / 10_000
            near = (dense >= 0).all() and counts.max() >= 1 and np.abs(counts - counts.round()).max() < NEAR
        if near:
            return (
                f" {place} is log-normalised; its counts are round(expm1({place}) · {name} / 10,000): save those as X."
            )
    return ""


def _counts(file: h5py.File, obs: Frame, path: Path) -> tuple[str, Any]:
    """The first stored matrix that contains counts, and its path.

    Raises:
        Refused: none does; the message names the first value of the first matrix that is not a count.
    """
    reasons, way = [], ""
    for place in (place for place in PLACES if place in file):
        x = matrix(file[place], place, path)
        reason = not_counts(x)
        if reason is None:
            return place, x
        reasons.append(f"{place}: {reason}")
        way = way or _way_back(obs, place, x)
    reason = reasons[0] if reasons else "There is no X."
    raise Refused(f"{path.name} contains no counts in {', '.join(PLACES[:3])}. {reason}{way}")


def read_h5ad(path: Path) -> Sheet:
    """The counts, their features, and the columns of obs.

    Raises:
        Refused: the file is not an `.h5ad` or is unsafe, or no matrix contains counts.
    """
    import pandas as pd

    with opened(path) as file:
        obs = Frame(file, "obs", path)
        place, x = _counts(file, obs, path)
        sheet = Sheet(x=x, features=_features(file, place, path), row_names=obs.index)
        if place != "X":
            sheet.notes.append(f"The counts are those of {place}.")
        for name in obs.names:
            try:
                values = obs.column(name)
            except (RefusedError, Refused, TypeError, ValueError, KeyError, AttributeError, IndexError):
                continue  # references, or a column stored in an unknown way: it cannot be a label
            if len(values) == x.shape[0]:
                sheet.names.append(name)
                sheet.columns.append(pd.Series(values).reset_index(drop=True))
    return sheet


def read_10x(path: Path) -> Sheet:
    """A feature-barcode matrix of Cell Ranger, `.h5`: version 3 has one group `matrix`, older ones a group for each genome.

    Raises:
        Refused: it is none, or unsafe.
    """
    with opened(path) as file:
        group = next(
            (file[name] for name in file if isinstance(file[name], h5py.Group) and "barcodes" in file[name]), None
        )
        if group is None or "shape" not in group:
            raise Refused(
                f"{path.name} is not a feature-barcode matrix of Cell Ranger. Save AnnData as .h5ad, or another table as .npz or .csv."
            )
        parts = {name: whole(group[name], name, path) for name in ("data", "indices", "indptr")}
        x = checked(parts, whole(group["shape"], "shape", path), path, by_column=True).T.tocsr()
        names = group["features/name"] if "features/name" in group else group["gene_names"]
        sheet = Sheet(
            x=x,
            features=_text(whole(names, "names", path)),
            row_names=_text(whole(group["barcodes"], "barcodes", path)),
        )
        check_size(x.shape[0], x.shape[1], path, sparse=True)
    return sheet
