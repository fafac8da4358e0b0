"""A file's contents as plain arrays: read by its ending, its columns examined, their roles proposed or as chosen."""

import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from elbo_room.models.reading.column import CATEGORY, CONSTANT, DATE, EMPTY, Column, examine
from elbo_room.models.reading.limits import (
    MOST_KINDS,
    MOST_ONE_HOT,
    Refused,
    check_size,
    printable,
    too_large,
    unreadable,
)
from elbo_room.models.reading.roles import Proposal, is_class, like_genes_by_cells, propose
from elbo_room.models.reading.sheet import Sheet
from elbo_room.models.reading.texts import texts_of
from elbo_room.models.reading.wishes import (
    BATCH,
    BY_ROW,
    DROP,
    FEATURE,
    LABEL,
    MEAN,
    RESPONSE,
    ROW_NAME,
    SEQUENCE,
    SINGLE,
    Wishes,
)

ROWS_SHOWN = 8
COLUMNS_SHOWN = 60
MANY = 300  # columns from which different values of numbers are not counted
MOST_DROPPED = 0.3  # share of the rows: with more of them incomplete, missing numbers become their column's mean
MISSING = "missing"  # the kind of rows whose label or batch is missing: `UNKNOWN` of `elbo_room.models.data.dataset`
Array = np.ndarray[Any, Any]
Arrays = dict[str, Array]


def _text(separator: str) -> Callable[[Path], Sheet]:
    def read(path: Path) -> Sheet:
        from elbo_room.models.reading.text import read_text

        return read_text(path, separator)

    return read


def _binary(name: str) -> Callable[[Path], Sheet]:
    def read(path: Path) -> Sheet:
        from elbo_room.models.reading import binary

        sheet: Sheet = getattr(binary, name)(path)
        return sheet

    return read


def _arrays(name: str) -> Callable[[Path], Sheet]:
    def read(path: Path) -> Sheet:
        from elbo_room.models.reading import arrays

        sheet: Sheet = getattr(arrays, name)(path)
        return sheet

    return read


def _hdf5(name: str) -> Callable[[Path], Sheet]:
    def read(path: Path) -> Sheet:
        from elbo_room.models.reading import h5ad

        sheet: Sheet = getattr(h5ad, name)(path)
        return sheet

    return read


READERS: dict[str, Callable[[Path], Sheet]] = {
    ".h5ad": _hdf5("read_h5ad"),
    ".h5": _hdf5("read_10x"),
    ".npz": _arrays("read_npz"),
    ".npy": _arrays("read_npy"),
    ".csv": _text(","),
    ".tsv": _text("\t"),
    ".txt": _text("\t"),
    ".parquet": _binary("read_parquet"),
    ".feather": _binary("read_feather"),
    ".arrow": _binary("read_feather"),
    ".xlsx": _binary("read_excel"),
    ".mtx": _arrays("read_mtx"),
    ".zip": _arrays("read_mtx"),
}


def reader_of(path: Path) -> Callable[[Path], Sheet] | None:
    """What reads files of this kind, by the ending of the name; a folder holds the parts of a Parquet table or of a 10x matrix."""
    if path.is_dir():
        return READERS[".parquet" if any(path.glob("*.parquet")) else ".mtx"]
    name = path.name.lower().removesuffix(".gz")
    return next((read for ending, read in READERS.items() if name.endswith(ending)), None)


def contents(path: Path, wishes: Wishes) -> tuple[Arrays, dict[str, Any]]:
    """The arrays of a file, and what is known about its columns.

    Raises:
        Refused: it cannot be used; the sentence says why and what to do.
    """
    read = reader_of(path)
    if read is None:
        raise unreadable(path, "a table")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _made(read(path), wishes, path)
    except Refused as refusal:
        raise Refused(printable(str(refusal))) from None
    except MemoryError:
        raise too_large(path) from None
    except Exception as error:
        if "emory" in str(error) or "llocat" in str(error):
            raise too_large(path) from None
        traceback.print_exc()  # read by engineers, not by users
        raise Refused(printable(str(unreadable(path, f"a {path.suffix} file")))) from error


def _made(sheet: Sheet, wishes: Wishes, path: Path) -> tuple[Arrays, dict[str, Any]]:
    if sheet.x is not None and sheet.x.ndim not in (2, 3):
        raise Refused(
            f"The table in {path.name} has the shape {tuple(sheet.x.shape)}; it must have rows and columns, or be images (N, H, W). "
            "Reshape it to rows."
        )
    sheet.named_apart()
    if wishes.transpose:
        sheet = transposed(sheet, path)
    rows = sheet.x.shape[0] if sheet.x is not None else len(sheet.columns[0]) if sheet.columns else 0
    if not rows:
        raise Refused(f"{path.name} has no rows. Save a table with at least two rows.")
    many = len(sheet.columns) > MANY
    columns = [
        examine(name, values, count=not many or place < 3 or wishes.roles.get(name) == RESPONSE)
        for place, (name, values) in enumerate(zip(sheet.names, sheet.columns, strict=True))
    ]
    _check_names(columns, wishes, path)
    chosen = {**sheet.roles, **_apart(wishes, sheet)}
    proposals = propose(columns, rows, chosen, beside=sheet.x is not None, others=wishes.others)
    table = _Table(sheet, columns, proposals, rows, wishes, path)
    return table.arrays(), table.about()


def _apart(wishes: Wishes, sheet: Sheet) -> dict[str, str]:
    """The chosen roles; a role that one column has is taken from the one that the file itself gave it to."""
    for name, role in wishes.roles.items():
        for other in [other for other, given in sheet.roles.items() if given == role and other != name]:
            del sheet.roles[other]
    return wishes.roles


def _check_names(columns: list[Column], wishes: Wishes, path: Path) -> None:
    known = [column.name for column in columns]
    for name in wishes.roles:
        if name not in known:
            where = " in obs" if path.suffix == ".h5ad" else ""
            offered = ", ".join(each for each in known[:20] if each) or "none there"
            raise Refused(f"{path.name} has no column {name!r}{where}. Choose one of: {offered}.")


def transposed(sheet: Sheet, path: Path) -> Sheet:
    """Rows become columns: the names of the rows are those of the features.

    Raises:
        Refused: a column other than that of names holds no numbers.
    """
    import pandas as pd

    if sheet.x is not None:
        names = sheet.row_names or [f"row {place + 1}" for place in range(sheet.x.shape[0])]
        return Sheet(
            x=sheet.x.T.tocsr() if not isinstance(sheet.x, np.ndarray) else sheet.x.T,
            features=names,
            row_names=sheet.features,
        )
    found = [examine(name, values, count=False) for name, values in zip(sheet.names, sheet.columns, strict=True)]
    first = int(found[0].numbers is None or not found[0].name)
    body = found[first:]
    wrong = next((each.name for each in body if each.numbers is None), None)
    if wrong is not None or not body:
        raise Refused(
            f"{path.name} cannot be transposed: the column {wrong!r} holds no numbers. Leave it out of the file."
        )
    names = (
        [str(each) for each in found[0].values.tolist()]
        if first
        else [f"row {place + 1}" for place in range(len(found[0].values))]
    )
    table = np.stack([each.numbers for each in body if each.numbers is not None])
    made = Sheet(names=["", *names], notes=[*sheet.notes, "The table was transposed: its columns are the rows."])
    made.columns = [pd.Series([each.name for each in body], dtype=object), *(pd.Series(column) for column in table.T)]
    made.named_apart()
    return made


class _Table:
    """Arrays of a sheet whose columns have roles."""

    def __init__(
        self, sheet: Sheet, columns: list[Column], proposals: list[Proposal], rows: int, wishes: Wishes, path: Path
    ) -> None:
        self.sheet, self.columns, self.proposals, self.rows, self.path = sheet, columns, proposals, rows, path
        self.notes = list(sheet.notes)
        self.kinds: dict[str, list[str]] = {}
        self.row_names = sheet.row_names
        self.names: list[str] = []
        self.held: Arrays = {}
        self._build(wishes)

    def _of(self, role: str) -> list[Column]:
        return [column for column, proposal in zip(self.columns, self.proposals, strict=True) if proposal.role == role]

    def _build(self, wishes: Wishes) -> None:
        response = next(iter(self._of(RESPONSE)), None)
        y = None if response is None else self._response(response)
        by_row = {role: self._by_row(column) for role in BY_ROW for column in self._of(role)}
        keep = np.ones(self.rows, bool)
        for part in (*([] if y is None else [y]), *by_row.values()):
            keep &= np.isfinite(part)
        known = None if y is None else keep
        self.texts = next((texts_of(column, self.path.name, known) for column in self._of(SEQUENCE)), None)
        x = self._features() if self.texts is None else self.texts.codes
        self.missing = wishes.missing or DROP
        self.incomplete = 0
        if self.texts is not None:
            keep &= self.texts.codes[:, 0] >= 0
            self.notes += self.texts.notes
        if isinstance(x, np.ndarray) and x.dtype.kind == "f":
            lacks = np.asarray(~np.isfinite(x.reshape(len(x), -1)).all(1))
            self.incomplete = int(lacks.sum())
            if self.incomplete:
                x, keep = self._filled(x, lacks, keep, wishes)
        if not keep.any():
            raise Refused(
                f"No row of {self.path.name} is complete. Leave out the columns with missing values, or fill them with their mean."
            )
        if not keep.all():
            x = x[keep]
            what = "a number is" if self.texts is None else "the text or its response is"
            self.notes.append(f"{int((~keep).sum()):,} of {len(keep):,} rows were dropped: {what} missing there.")
        self.keep = keep
        self._put(x)
        if y is not None:
            self.held["y"] = y[keep].astype(np.float32)
        self.held |= {role: part[keep].astype(np.float32) for role, part in by_row.items()}
        for role, name in ((LABEL, "labels"), (BATCH, "batch")):
            for column in self._of(role):
                self._coded(column, name, keep)
        self._name_rows(keep)

    def _name_rows(self, keep: Array) -> None:
        for column in self._of(ROW_NAME):
            self.row_names = [str(each) for each in column.values.tolist()]
        kept = [name for name, stays in zip(self.row_names, keep, strict=False) if stays]
        self.row_names = kept if len(kept) == int(keep.sum()) else []

    def _features(self) -> Any:
        """(N, D) of the feature columns, or the matrix that the file has."""
        if self.sheet.x is not None:
            self.names, x = self.sheet.features, self.sheet.x
            if self.names and x.ndim == 2 and len(self.names) != x.shape[1]:
                raise Refused(
                    f"There are {len(self.names):,} feature names for {x.shape[1]:,} columns in {self.path.name}. Save one for each, "
                    "or leave them out of the file."
                )
            return self._without_zero_columns(x)
        made: list[Array] = []
        for column in self._of(FEATURE):
            for name, values in self._expanded(column):
                self.names.append(name)
                made.append(values.astype(np.float32))
        if not made:
            wrong = next((f" ({each.name}: {each.why})" for each in self.columns if each.why), "")
            raise Refused(
                f"{self.path.name} is not a table of numbers: no column can be a feature{wrong}. "
                "Make one a feature, or save a table with numbers."
            )
        check_size(self.rows, len(made), self.path)
        with np.errstate(over="ignore"):
            return np.stack(made, 1)

    def _without_zero_columns(self, x: Any) -> Any:
        """A matrix with names but without the columns that are 0 in every row; an `.h5ad` keeps them, since results go back into it."""
        if x.ndim != 2 or not self.names or self.path.suffix.lower() in (".h5ad", ".h5"):
            return x
        filled = np.asarray(abs(x).sum(0)).ravel() != 0
        if filled.all() or not filled.any():
            return x
        self.names = [name for name, each in zip(self.names, filled, strict=True) if each]
        self.notes.append(f"{int((~filled).sum()):,} of {len(filled):,} columns were dropped: they are 0 in every row.")
        return x[:, np.flatnonzero(filled)]

    def _expanded(self, column: Column) -> list[tuple[str, Array]]:
        """A column of numbers, or of a category one for each kind."""
        if column.numbers is not None:
            return [(f"{column.name} (days)" if column.kind == DATE else column.name, column.numbers)]
        codes, kinds = column.words
        if not kinds or len(kinds) > MOST_ONE_HOT or column.kind not in (CATEGORY, CONSTANT):
            raise Refused(
                f"{column.name!r} of {self.path.name} cannot be a feature: it is text with {len(kinds):,} different values"
                f"{' (' + column.why + ')' if column.why else ''}. "
                f"Up to {MOST_ONE_HOT} become columns; leave it out, or make it the label."
            )
        numbers = range(-1 if (codes < 0).any() else 0, len(kinds))
        return [
            (f"{column.name} = {kinds[each] if each >= 0 else MISSING}", (codes == each).astype(np.float64))
            for each in numbers
        ]

    def _response(self, column: Column) -> Array:
        if column.kind in (EMPTY, CONSTANT):
            raise Refused(
                f"{column.name!r} of {self.path.name} has the same value in every row, so there is nothing to predict. "
                "Use another column as response."
            )
        if column.numbers is not None and not is_class(column):
            return column.numbers
        codes, kinds = column.words
        self._check_kinds(column, kinds)
        self.kinds["y"] = kinds
        return np.where(codes < 0, np.nan, codes.astype(np.float64))

    def _by_row(self, column: Column) -> Array:
        if column.numbers is None or column.kind == DATE:
            raise Refused(
                f"{column.name!r} of {self.path.name} holds no numbers ({column.kind}), so it cannot be a weight, an offset or an "
                "exposure. Use a column of numbers."
            )
        return column.numbers

    def _filled(self, x: Array, lacks: Array, keep: Array, wishes: Wishes) -> tuple[Array, Array]:
        """Missing numbers: rows dropped, or the column's mean."""
        self.missing = wishes.missing or (DROP if self.incomplete <= MOST_DROPPED * len(x) else MEAN)
        if self.missing == DROP:
            return x, keep & ~lacks
        flat = x.reshape(len(x), -1)
        holes = ~np.isfinite(flat)
        count = np.maximum(1, (~holes).sum(0))
        mean = np.where(holes, 0, flat).sum(0, dtype=np.float64) / count
        filled = np.where(holes, mean[None].astype(np.float32), flat).reshape(x.shape)
        self.notes.append(f"{int(holes.sum()):,} missing numbers in {self.incomplete:,} rows are their column's mean.")
        return filled, keep

    def _put(self, x: Any) -> None:
        self.values = x.ravel() if isinstance(x, np.ndarray) else x.data
        self.shape = tuple(int(each) for each in x.shape)
        if self.texts is not None:
            self.held["tokens"], self.shape = x, (len(x), x.shape[1] * len(self.texts.vocabulary))
        elif isinstance(x, np.ndarray):
            self.held["x"] = np.ascontiguousarray(x, np.float32)
        else:
            parts = x.tocsr()
            self.held |= {"data": parts.data.astype(np.float32), "indices": parts.indices, "indptr": parts.indptr}

    def _check_kinds(self, column: Column, kinds: list[str]) -> None:
        if len(kinds) > MOST_KINDS:
            raise Refused(
                f"{column.name} has {len(kinds):,} different values in {self.path.name}; a label, a batch or classes may have up "
                f"to {MOST_KINDS:,}. Leave it out, or merge some of them."
            )

    def _coded(self, column: Column, name: str, keep: Array) -> None:
        """Kinds as numbers; rows without one are a kind of their own, the last."""
        codes, kinds = column.words
        if not kinds:
            raise Refused(
                f"{column.name!r} of {self.path.name} has no values, so it cannot be the {name}. Choose another column."
            )
        self._check_kinds(column, kinds)
        if (codes < 0).any():
            self.notes.append(f"{int((codes < 0).sum()):,} rows have no {column.name}.")
            codes, kinds = np.where(codes < 0, len(kinds), codes), [*kinds, MISSING]
        self.held[name], self.kinds[name] = codes[keep].astype(np.int64), kinds

    def arrays(self) -> Arrays:
        """The parts of a data set."""
        return self.held

    def about(self) -> dict[str, Any]:
        """What is known about the columns, in plain words and numbers."""
        features = [column for column in self._of(FEATURE) if column.name]
        row_names = self.row_names or [
            each for column in self._of(ROW_NAME) for each in map(str, column.values.tolist())
        ]
        asks = self.sheet.x is None and like_genes_by_cells(row_names, [column.name for column in features])
        values = self.values
        low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 0.0)
        return {
            "shape": list(self.shape),
            "features": self.names,
            "kinds": self.kinds,
            "row_names": self.row_names,
            "vocabulary": [] if self.texts is None else self.texts.vocabulary,
            "letters": self.texts is not None and self.texts.letters,
            "notes": [printable(note) for note in self.notes],
            "genes_by_cells": asks,
            "missing": self.missing,
            "incomplete": self.incomplete,
            "counts": self.texts is None
            and bool(len(values))
            and low >= 0
            and high > 0
            and bool((values == np.round(values)).all()),
            "unit": low >= 0 and high <= 1,
            "rows": self.rows,
            "columns": [self._described(place) for place in self._shown()],
            "more_columns": max(0, len(self.columns) - COLUMNS_SHOWN),
            "chosen": {role: column.name for role in SINGLE for column in self._of(role)},
            "classes": [
                column.name
                for column in self.columns
                if column.name and column.kind in (CATEGORY, CONSTANT) and column.numbers is None
            ],
        }

    def _shown(self) -> list[int]:
        """Which columns are described: the first ones, but all that are no features come first."""
        places = sorted(range(len(self.columns)), key=lambda place: self.proposals[place].role == FEATURE)
        return sorted(places[:COLUMNS_SHOWN])

    def _described(self, place: int) -> dict[str, Any]:
        column, proposal = self.columns[place], self.proposals[place]
        return {
            "name": column.name[:80], "type": column.kind, "role": proposal.role, "reason": proposal.reason, "missing": column.missing,
            "distinct": column.distinct, "first": column.shown(ROWS_SHOWN),
        }  # fmt: skip
