"""A data set from a file, or from a table of another library, which writes itself to a file first: `load`."""

import math
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from elbo_room.models.core import described
from elbo_room.models.data.dataset import DataError, Dataset
from elbo_room.models.families.compressed_rows import compressed
from elbo_room.models.reading import process
from elbo_room.models.reading.annotate import plain_words
from elbo_room.models.reading.limits import Refused
from elbo_room.models.reading.wishes import (
    BATCH,
    BY_ROW,
    EXPOSURE,
    LABEL,
    LEFT_OUT,
    OFFSET,
    RESPONSE,
    SEQUENCE,
    WEIGHT,
    Wishes,
)

ENDINGS = (
    ".h5ad", ".h5", ".npz", ".npy", ".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz", ".parquet", ".feather", ".arrow", ".xlsx",
    ".mtx", ".mtx.gz", ".zip",
)  # fmt: skip
# What a table of another library is written with, and the ending of the file: AnnData, pandas, polars.
WRITERS = (("write_h5ad", ".h5ad"), ("to_parquet", ".parquet"), ("write_parquet", ".parquet"))
MOST_DENSE = 25_000_000  # numbers of a sparse table that is stored with its zeros, which is faster: 100 MB
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
    labels: object = None,
    batch: str | None = None,
    *,
    y: object = None,
    weight: object = None,
    offset: object = None,
    exposure: object = None,
    leave_out: Iterable[str] = (),
    text: str | None = None,
    roles: dict[str, str] | None = None,
    others: str | None = None,
    missing: str | None = None,
    transpose: bool | None = None,
    standardise: bool | None = None,
) -> Dataset:
    """A table (N, D) with named features from a file, or from a data frame or AnnData; rows are data.

    Columns without a chosen role have a proposed one: an index, an identifier, a date, free text and a constant are left out.

    >>> import elbo_room as er
    >>> import pandas as pd
    >>> houses = pd.DataFrame({"id": [1, 2, 3, 4], "rooms": [2, 3, 3, 5], "area": [51.5, 70.2, 68.0, 120.9], "price": [1.1, 1.6, 1.5, 2.9]})
    >>> data = er.load(houses, y="price")
    >>> data.x.shape, data.y.shape
    (torch.Size([4, 2]), torch.Size([4]))
    >>> run = er.run_from({"model": "conditional", "width": 4, "stop_at": 2}, data)
    >>> [step.number for step in run]
    [1, 2]
    >>> counts = er.load([[3, 0, 1], [0, 2, 5], [1, 1, 0]])  # an array, a tensor or an AnnData just so
    >>> [len(list(er.run_from({"model": f"deep_{kind}", "stop_at": 2}, counts))) for kind in ("generative", "exponential_family")]
    [2, 2]

    Args:
        source: a file's path, whose extension determines how it is read; a data frame of pandas or polars; an AnnData; or an array.
        labels: the column (of `obs` in an `.h5ad`) with each row's class, used for colour only. A `.npz` contains its own. For an
            array, here and in `y`, `weight`, `offset` and `exposure`, one value for each row instead of a column's name.
        batch: the column with each row's batch, passed to models as a one-hot covariate.
        y: the column that a conditional model explains; with it, x and a real y are standardised for training.
        weight: the column with how many rows each row counts as, in a conditional model's likelihood.
        offset: the column that is added to its linear predictor.
        exposure: the column, above 0, that multiplies a count's mean: a time, an area, a number of people.
        leave_out: columns that are not read.
        text: the column of texts or strings that a sequence model reads, its only input.
        roles: the role of any column: "feature", "text", "response", "label", "batch", "weight", "offset", "exposure", "row name" or
            "left out".
        others: "feature" or "left out", for all columns without a chosen role: the words of a document-term table, for example.
        missing: what becomes of missing numbers: "drop rows" or "mean".
        transpose: whether the rows are features; None refuses a table that looks so.
        standardise: whether a run standardises x, and with a response a real y, by its training rows, undone in every output; None does
            so for real values, and beside a response for counts too.

    Raises:
        DataError: the file does not exist, cannot be read, has no such column, or is an `.h5ad` without counts.
    """
    named: dict[str, object] = {
        SEQUENCE: text, LABEL: labels, RESPONSE: y, WEIGHT: weight, OFFSET: offset, EXPOSURE: exposure, BATCH: batch,
    }  # fmt: skip
    if not isinstance(source, str | Path) and not writes_itself(source):
        if roles or leave_out or others or missing or transpose:
            raise DataError(
                f"Data came as {described(source)}, whose columns have no names; roles, leave_out, others, missing and transpose are for "
                "tables with names. Pass a data frame, or leave them out."
            )
        return _of_array(source, named, standardise)
    for role, name in named.items():
        if name is not None and not isinstance(name, str):
            raise DataError(
                f"The {role} of a table is {described(name)}; it must be the name of a column. Write {role_argument(role)}='column'."
            )
    out = [leave_out] if isinstance(leave_out, str) else leave_out
    chosen = dict.fromkeys(out, LEFT_OUT) | (roles or {})
    chosen |= {str(name): role for role, name in named.items() if name is not None}
    try:
        wishes = Wishes(chosen, missing, transpose, others, standardise)
    except ValueError as error:
        raise DataError(str(error)) from None
    table = read_table(source, wishes)
    if transpose is None and table.about["genes_by_cells"]:
        raise DataError(
            f"The rows of {table.data.name} look like genes, and its columns like cells; rows must be data points. "
            "Pass transpose=True if it is so, transpose=False if not."
        )
    return table.data


def role_argument(role: str) -> str:
    """The argument of `load` for this role."""
    return {LABEL: "labels", RESPONSE: "y"}.get(role, role)


def _of_array(source: object, named: dict[str, object], standardise: bool | None) -> Dataset:
    """An array (N, D) with one value per row for each role."""
    for role, part in named.items():
        if isinstance(part, str) or (role == BATCH and part is not None):
            raise DataError(
                f"Data came as {described(source)}, which has no column {part!r}. Pass one value for each row, or a data frame."
                if isinstance(part, str)
                else "A batch needs a table with names. Pass a data frame, or Dataset(x, covariates=…)."
            )
    parts: dict[str, Any] = {role: named[role] for role in (WEIGHT, OFFSET, EXPOSURE)}
    values = source.float() if isinstance(source, torch.Tensor) and source.is_floating_point() else source
    labels, y = named[LABEL], named[RESPONSE]
    made = Dataset(values, y, labels, **parts)  # type: ignore[arg-type]
    table = len(made.shape) == 1
    plain = bool(((made.x >= 0) & (made.x == made.x.round())).all()) or bool(((made.x >= 0) & (made.x <= 1)).all())
    wanted = standardise is not False
    return replace(
        made,
        standardise=table and (standardise or (wanted and not plain)),
        standardise_y=table and y is not None and wanted,
    )


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
        return _table(process.read(file, wishes), wishes, file.name.partition(".")[0] or file.name)
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


def _table(found: process.Found, wishes: Wishes, name: str) -> Table:
    held, about = found.arrays, found.about
    tokens = torch.from_numpy(held["tokens"]).long() if "tokens" in held else None
    if tokens is not None:
        x = _indicators(tokens, len(about["vocabulary"]))
    else:
        x = torch.from_numpy(held["x"]) if "x" in held else _rows(held, tuple(about["shape"]))
    kinds = about["kinds"]
    wanted, real = wishes.standardise is not False, not about["counts"] and not about["unit"]
    y = torch.from_numpy(held["y"]) if "y" in held else None
    words: dict[str, Any] = {role: torch.from_numpy(held[role]) for role in BY_ROW if role in held}
    if "labels" in held:
        words |= {"labels": torch.from_numpy(held["labels"]), "label_names": tuple(kinds["labels"])}
    elif y is not None and "y" in kinds:  # classes are the response, and the colour
        words |= {"labels": y.long(), "label_names": tuple(kinds["y"])}
    if tokens is not None:
        words |= {"shape": (tokens.shape[1], len(about["vocabulary"])), "padded": bool((tokens < 0).any())}
    names = tuple(about["vocabulary"]) * (0 if tokens is None else tokens.shape[1]) or tuple(about["features"])
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
        feature_names=names if x.ndim == 2 else (),
        covariate_names=tuple(kinds.get("batch", ())),
        row_names=tuple(about["row_names"]),
        standardise=x.ndim == 2 and tokens is None and (bool(wishes.standardise) or (wanted and real)),
        standardise_y=x.ndim == 2 and y is not None and wanted,
        y_name=about["chosen"].get(RESPONSE, ""),
        y_kinds=tuple(kinds.get("y", ())),
        **words,
    )
    return Table(data, about)


def _indicators(tokens: torch.Tensor, size: int) -> torch.Tensor:
    """Tokens (N, T), −1 after the last one, as indicators (N, T · C)."""
    x = torch.zeros(*tokens.shape, size)
    x.scatter_(2, tokens.clamp_min(0).unsqueeze(2), (tokens >= 0).float().unsqueeze(2))
    return x.flatten(1)


def _rows(parts: dict[str, np.ndarray[Any, Any]], shape: tuple[int, ...]) -> torch.Tensor:
    """(N, D) of the parts of a CSR matrix; a large one stays compressed."""
    if math.prod(shape) > MOST_DENSE and 3 * len(parts["data"]) < math.prod(shape):
        return compressed(parts, shape)
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
