"""A data set from a file, or from a table of another library, which writes itself to a file first: `load`."""

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from elbo_room.models.core import described
from elbo_room.models.data.dataset import DataError, Dataset
from elbo_room.models.reading import process
from elbo_room.models.reading.limits import Refused
from elbo_room.models.reading.wishes import BATCH, LABEL, LEFT_OUT, RESPONSE, Wishes

ENDINGS = (
    ".h5ad", ".h5", ".npz", ".npy", ".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz", ".parquet", ".feather", ".xlsx", ".mtx",
    ".mtx.gz", ".zip",
)  # fmt: skip
# What a table of another library is written with, and the ending of the file: AnnData, pandas, polars.
WRITERS = (("write_h5ad", ".h5ad"), ("to_parquet", ".parquet"), ("write_parquet", ".parquet"))
PLAIN = "to_csv"  # of pandas, for a frame with columns that Parquet does not have


@dataclass(frozen=True)
class Table:
    """A data set, and what is known about the columns that it came from."""

    data: Dataset
    about: dict[str, Any]  # `elbo_room.models.reading.contents`


def writes_itself(data: object) -> bool:
    """Whether a table of another library can be read: AnnData, or a data frame of pandas or polars."""
    return any(hasattr(data, name) for name, _ in WRITERS)


def load(
    source: str | Path | object,
    labels: str | None = None,
    batch: str | None = None,
    *,
    y: str | None = None,
    leave_out: Iterable[str] = (),
    roles: dict[str, str] | None = None,
    missing: str | None = None,
    transpose: bool | None = None,
) -> Dataset:
    """A table (N, D) with named features from a file, or from a data frame or AnnData; rows are data.

    Columns without a chosen role have a proposed one: an index, an identifier, a date, free text and a constant are left out.

    >>> import elbo_room as er
    >>> import pandas as pd
    >>> houses = pd.DataFrame({"id": [1, 2, 3, 4], "rooms": [2, 3, 3, 5], "area": [51.5, 70.2, 68.0, 120.9], "price": [1.1, 1.6, 1.5, 2.9]})
    >>> data = er.load(houses, y="price")
    >>> data.x.shape, data.y.shape
    (torch.Size([4, 2]), torch.Size([4]))

    Args:
        source: a file's path, whose extension determines how it is read; or a data frame of pandas or polars, or an AnnData.
        labels: the column (of `obs` in an `.h5ad`) with each row's class, used for colour only. A `.npz` contains its own.
        batch: the column with each row's batch, passed to models as a one-hot covariate.
        y: the column that a conditional model explains.
        leave_out: columns that are not read.
        roles: the role of any column: "feature", "response", "label", "batch", "row name" or "left out".
        missing: what becomes of missing numbers: "drop rows" or "mean".
        transpose: whether the rows are features; None refuses a table that looks so.

    Raises:
        DataError: the file does not exist, cannot be read, has no such column, or is an `.h5ad` without counts.
    """
    out = [leave_out] if isinstance(leave_out, str) else leave_out
    chosen = dict.fromkeys(out, LEFT_OUT) | (roles or {})
    chosen |= {name: role for name, role in ((labels, LABEL), (batch, BATCH), (y, RESPONSE)) if name is not None}
    try:
        wishes = Wishes(chosen, missing, transpose)
    except ValueError as error:
        raise DataError(str(error)) from None
    table = read_table(source, wishes)
    if transpose is None and table.about["genes_by_cells"]:
        raise DataError(
            f"The rows of {table.data.name} look like genes, and its columns like cells; rows must be data points. "
            "Pass transpose=True if it is so, transpose=False if not."
        )
    return table.data


def read_table(source: str | Path | object, wishes: Wishes) -> Table:
    """The same with what is known about the columns.

    Raises:
        DataError: it cannot be read.
    """
    if not isinstance(source, str | Path):
        return _written(source, wishes)
    file = Path(source).expanduser()
    if not file.exists():
        raise DataError(f"There is no file {file}. Check the path; it is relative to the folder {Path.cwd()}.")
    if not file.is_dir() and not file.name.lower().endswith(ENDINGS):
        raise DataError(f"{file.name} is not a kind of file that can be read. Save it as one of: {', '.join(ENDINGS)}.")
    try:
        return _table(process.read(file, wishes), file.name.partition(".")[0] or file.name)
    except Refused as refusal:
        raise DataError(str(refusal)) from None
    except OSError as error:
        raise DataError(f"{file.name} cannot be opened ({error.strerror}). Check who may read it.") from None


def _written(source: object, wishes: Wishes) -> Table:
    """The table of another library, by the file that it writes."""
    found = next(((name, ending) for name, ending in WRITERS if hasattr(source, name)), None)
    if found is None:
        raise DataError(
            f"Data came as {described(source)}. Pass a file's path, a data frame of pandas or polars, an AnnData, or an array (N, D)."
        )
    with tempfile.TemporaryDirectory(prefix="elbo-room-") as folder:
        path = Path(folder) / f"your data{found[1]}"
        try:
            getattr(plain_words(source) if found == WRITERS[0] else source, found[0])(path)
        except Exception as error:
            if not hasattr(source, PLAIN):
                raise DataError(
                    f"The table could not be written ({error}). Save it as a file, and pass its path."
                ) from error
            path = path.with_suffix(".csv")
            getattr(source, PLAIN)(path)
        return read_table(path, wishes)


def plain_words(adata: Any) -> Any:
    """A copy whose words are Python's: anndata cannot write those of pandas 3."""
    made = adata.copy()
    for frame in (made.obs, made.var, *([made.raw.var] if made.raw is not None else [])):
        frame.index = frame.index.astype(object)
        for name in frame.columns:
            column = frame[name]
            if hasattr(column, "cat"):
                frame[name] = column.cat.rename_categories(column.cat.categories.astype(object))
            elif column.dtype.kind not in "biufcmM":
                frame[name] = column.astype(object)
    return made


def _table(found: process.Found, name: str) -> Table:
    held, about = found.arrays, found.about
    x = torch.from_numpy(held["x"]) if "x" in held else _dense(held, tuple(about["shape"]))
    kinds = about["kinds"]
    y = torch.from_numpy(held["y"]) if "y" in held else None
    words: dict[str, Any] = {}
    if "labels" in held:
        words = {"labels": torch.from_numpy(held["labels"]), "label_names": tuple(kinds["labels"])}
    elif y is not None and "y" in kinds:  # classes are the response, and the colour
        words = {"labels": y.long(), "label_names": tuple(kinds["y"])}
    batch = (
        torch.nn.functional.one_hot(torch.from_numpy(held["batch"]), len(kinds["batch"])).float()
        if "batch" in held
        else None
    )
    data = Dataset(
        x,
        y,
        name=name,
        covariates=batch,
        feature_names=tuple(about["features"]) if x.ndim == 2 else (),
        covariate_names=tuple(kinds.get("batch", ())),
        row_names=tuple(about["row_names"]),
        standardise=x.ndim == 2 and not about["counts"] and not about["unit"],
        **words,
    )
    return Table(data, about)


def _dense(parts: dict[str, np.ndarray[Any, Any]], shape: tuple[int, ...]) -> torch.Tensor:
    """(N, D) of the parts of a CSR matrix."""
    x = np.zeros(shape, np.float32)
    x[np.repeat(np.arange(shape[0]), np.diff(parts["indptr"])), parts["indices"]] = parts["data"]
    return torch.from_numpy(x)


def columns(path: str | Path) -> tuple[str, ...]:
    """The columns of words of a file, which may be `labels` or `batch`; none if it cannot be read."""
    try:
        about = read_table(path, Wishes()).about
    except DataError:
        return ()
    return tuple(about["classes"])
