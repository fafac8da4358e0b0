"""A data set from a file: `.h5ad`, `.npz`, `.csv` (also `.gz`, `.tsv`) or `.parquet`, by its ending."""

import csv
import gzip
import importlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from elbo_room.models.data.dataset import DataError, Dataset, from_array
from elbo_room.models.data.reading.h5ad import obs_columns, one_hot, read_h5ad
from elbo_room.models.data.reading.limits import MOST_TEXT, check_size, printable, unreadable
from elbo_room.models.data.reading.packed import read_npz

ENDINGS = (".h5ad", ".npz", ".csv", ".tsv", ".csv.gz", ".tsv.gz", ".parquet")
Array = np.ndarray[Any, Any]


def _features(names: list[str], path: Path, labels: str | None, batch: str | None) -> list[str]:
    """The columns that are features; one without a name contains row names, as written by pandas."""
    for name in (each for each in (labels, batch) if each and each not in names):
        raise DataError(f"{path.name} has no column {name!r}. Choose one of: {', '.join(names[:20])}.")
    return [name for name in names if name and name not in (labels, batch)]


def _not_numbers(path: Path, error: Exception) -> DataError:
    return DataError(
        f"{path.name} is not a table of numbers below a header line of names ({error}). "
        "Pass a text column as labels= or batch=, or leave it out of the file."
    )


def _dataset(x: Array, features: list[str], labels: Array | None, batch: Array | None, path: Path) -> Dataset:
    batches = [str(each) for each in (() if batch is None else batch)]
    return replace(
        from_array(x, labels, path.stem),
        covariates=one_hot(batches, path) if batches else None,
        feature_names=tuple(features),
        covariate_names=tuple(sorted(set(batches))),
    )


def _lines(path: Path) -> int:
    """How many lines a text has; `.gz` is unpacked piece by piece, only as far as may be read.

    Raises:
        DataError: it is longer than can be read.
    """
    opener, spent, lines = gzip.open if path.suffix == ".gz" else open, 0, 0
    with opener(path, "rb") as file:
        while piece := file.read(1 << 20):
            spent, lines = spent + len(piece), lines + piece.count(b"\n")
            if spent > MOST_TEXT:
                raise DataError(
                    f"{path.name} has more than {MOST_TEXT:,} characters, the most that can be read. "
                    "Choose fewer rows or columns, or save it as .npz."
                )
    return lines + 1


def _text(path: Path, comma: str, labels: str | None, batch: str | None) -> Dataset:
    rows = _lines(path)
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8-sig", newline="") as lines:
        names = next(csv.reader(lines, delimiter=comma), [])
    features = _features(names, path, labels, batch)
    check_size(rows, len(features), path)
    place = {name: number for number, name in reversed(list(enumerate(names)))}  # of equal names, the first

    def read(columns: list[str], kind: type) -> Array:
        at = [place[name] for name in columns]
        return np.loadtxt(
            path, kind, comments=None, delimiter=comma, skiprows=1, usecols=at, ndmin=2, encoding="utf-8", quotechar='"'
        )

    try:
        x = read(features, float)
        found = [None if name is None else read([name], str)[:, 0] for name in (labels, batch)]
    except (ValueError, IndexError) as error:
        raise _not_numbers(path, error) from None
    return _dataset(x, features, found[0], found[1], path)


def _parquet(path: Path, labels: str | None, batch: str | None) -> Dataset:
    try:
        about = importlib.import_module("pyarrow.parquet").read_metadata(path)
        check_size(about.num_rows, about.num_columns, path)
        table = importlib.import_module("pandas").read_parquet(path)
    except ImportError:
        raise DataError(
            f"Reading {path.name} needs pandas with pyarrow, and one is missing. Run: pip install pandas pyarrow; or save it as .csv."
        ) from None
    names = [str(name) for name in table.columns]
    features = _features(names, path, labels, batch)
    try:
        x = table[features].to_numpy(float)
    except ValueError as error:
        raise _not_numbers(path, error) from None
    found = [None if name is None else table[name].to_numpy() for name in (labels, batch)]
    return _dataset(x, features, found[0], found[1], path)


def columns(path: str | Path) -> tuple[str, ...]:
    """The text columns of a file, which may be `labels` or `batch`; none if the file has labels itself or cannot be read."""
    file = Path(path).expanduser()
    name = file.name.lower().removesuffix(".gz")
    if not file.is_file() or not name.endswith((".h5ad", ".csv", ".tsv")):
        return ()
    if name.endswith(".h5ad"):
        return obs_columns(file)
    opener = gzip.open if file.suffix == ".gz" else open
    try:
        with opener(file, "rt", encoding="utf-8-sig", newline="") as lines:
            rows = csv.reader(lines, delimiter="," if name.endswith(".csv") else "\t")
            names, first = next(rows, []), next(rows, [])
    except Exception:  # noqa: BLE001 - reading it says what is wrong
        return ()
    return tuple(name for name, value in zip(names, first, strict=False) if name and not _is_number(value))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def load(path: str | Path, labels: str | None = None, batch: str | None = None) -> Dataset:
    """A table (N, D) with named features from a file; rows are data.

    Args:
        path: the file; its extension determines how it is read.
        labels: the column (of `obs` in an `.h5ad`) with each row's class, used for colour only. A `.npz` contains its own.
        batch: the column with each row's batch, passed to models as a one-hot covariate.

    Raises:
        DataError: the file does not exist, cannot be read, has no such column, or is an `.h5ad` without counts.
    """
    file = Path(path).expanduser()
    if not file.is_file():
        raise DataError(f"There is no file {file}. Check the path; it is relative to the folder {Path.cwd()}.")
    name = file.name.lower().removesuffix(".gz")
    ending = next((each for each in READERS if name.endswith(each)), None)
    if ending is None:
        raise DataError(f"{file.name} is not a kind of file that can be read. Save it as one of: {', '.join(ENDINGS)}.")
    try:
        return READERS[ending](file, labels, batch)
    except DataError as refusal:
        named = str(refusal) if file.name in str(refusal) else f"{file.name}: {refusal}"
        raise DataError(printable(named)) from None
    except Exception as error:
        raise unreadable(file, ending, error) from error


READERS: dict[str, Callable[[Path, str | None, str | None], Dataset]] = {
    ".h5ad": read_h5ad,
    ".npz": lambda file, _labels, _batch: read_npz(file),  # which contains its own
    ".csv": lambda file, labels, batch: _text(file, ",", labels, batch),
    ".tsv": lambda file, labels, batch: _text(file, "\t", labels, batch),
    ".parquet": _parquet,
}
