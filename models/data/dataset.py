"""A data set as the engine takes it: features x (N, D), optional labels, and how one datum is drawn."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from elbo_room.models.core import Batch, described
from elbo_room.models.entries import Entries, entries_of


class DataError(ValueError):
    """Data that cannot be used; its text is a whole sentence for the page: what came, what is allowed, what to do."""


@dataclass(frozen=True)
class Dataset:
    """N rows of D features; `shape` is (8, 8) for an image and (2,) for a point in the plane."""

    name: str
    x: Tensor  # (N, D) float32
    labels: Tensor  # (N,) int64, all zero where there are none
    label_names: tuple[str, ...]
    shape: tuple[int, ...]
    y: Tensor | None = None  # (N, …) responses of a conditional model
    covariates: Tensor | None = None  # (N, C)
    test: "Dataset | None" = None  # held-out rows of the same kind
    feature_names: tuple[str, ...] = ()
    bones: tuple[
        tuple[int, int], ...
    ] = ()  # where x is D/3 points in space: which pairs to join in a drawing, −1 the origin
    covariate_names: tuple[str, ...] = ()  # of the columns of covariates
    row_names: tuple[str, ...] = ()  # of the data, where each has one
    padded: bool = False  # x are texts of up to T tokens, indicators (T, C); positions behind the last token are 0

    def __post_init__(self) -> None:
        """Refuse parts that do not fit the table, and padding that no mask can find.

        Raises:
            DataError: a part has another number of rows or names than the table, a text is empty, or has a gap.
        """
        self._check_parts()
        if self.padded:
            tokens = self.x.unflatten(1, (self.shape[0], -1)).sum(-1)  # (N, T)
            wrong = (tokens[:, 0] != 1) | ((tokens[:, 1:] != 0) & (tokens[:, :-1] != 1)).any(1)
            if bool(wrong.any()):
                raise DataError(
                    f"Row {int(wrong.nonzero()[0])} of {self.name} is empty or has a gap. A padded text has one indicator at each "
                    "position from the first to its last token, and zeros behind it; leave empty texts out."
                )

    def _check_parts(self) -> None:
        rows, columns = self.x.shape
        known = 0 if self.covariates is None else self.covariates.shape[1]
        for name, part, wanted in (
            ("labels", self.labels, rows),
            ("responses y", self.y, rows),
            ("batch entries", self.covariates, rows),
            ("row names", self.row_names or None, rows),
            ("feature names", self.feature_names or None, columns),
            ("names of batches", self.covariate_names or None, known),
        ):
            if part is not None and len(part) != wanted:
                what = {rows: f"{rows:,} rows", columns: f"{columns:,} columns"}.get(wanted, f"{wanted:,} batches")
                raise DataError(
                    f"There are {len(part):,} {name} for {what}. Give one for each, or leave them out of the file."
                )

    @property
    def size(self) -> int:
        """N."""
        return len(self.x)

    @property
    def bytes(self) -> int:
        """How much memory the tables take, the held-out ones included."""
        tables = [table for table in (self.x, self.labels, self.y, self.covariates) if table is not None]
        return sum(table.nbytes for table in tables) + (self.test.bytes if self.test is not None else 0)

    @cached_property
    def lengths(self) -> Tensor:
        """How many positions of each datum hold something: (N,) int64, T where nothing is padded."""
        tokens = (
            self.x.unflatten(1, (self.shape[0], -1)).sum(-1) if self.padded else torch.ones(self.size, self.shape[0])
        )
        return tokens.sum(1).long()

    @cached_property
    def entries(self) -> Entries | None:
        """Where x is not 0, if that is rare."""
        return entries_of(self.x)

    def batch(self, rows: Tensor, *, entries: bool = False) -> Batch:
        """These rows as a batch; a sparse model asks for the `entries` that are not 0, too."""
        y = None if self.y is None else self.y[rows]
        covariates = None if self.covariates is None else self.covariates[rows]
        own = self.entries.rows(rows) if entries and self.entries is not None else None
        return Batch(self.x.index_select(0, rows), rows, self.size, y, covariates, own)

    def kept(self, rows: Tensor) -> "Dataset":
        """These rows as data of their own."""
        parts = {
            name: value[rows]
            for name in ("x", "labels", "y", "covariates")
            if (value := getattr(self, name)) is not None
        }
        names = tuple(self.row_names[row] for row in rows.tolist()) if self.row_names else ()
        return replace(self, **parts, row_names=names, test=None)

    def split(self, share: float) -> "Dataset":
        """The same data with this share of their rows, the same ones at every call, held out as `test`; at least one on either side.

        Raises:
            ValueError: there is one row only.
        """
        if self.size < 2:
            raise DataError(f"{self.name} has one row; none can be held out. Set the held-out share to 0.")
        order = torch.randperm(self.size, generator=torch.Generator().manual_seed(0))
        held = min(max(1, round(share * self.size)), self.size - 1)
        return replace(self.kept(order[held:].sort().values), test=self.kept(order[:held].sort().values))

    def whole(self) -> Batch:
        """All rows as one batch, nothing copied."""
        return Batch(self.x, torch.arange(self.size), self.size, self.y, self.covariates, self.entries, whole=True)


def kinds(words: Sequence[str]) -> tuple[tuple[str, ...], Tensor]:
    """The distinct words in alphabetical order, and the place (N,) of each word among them."""
    names = tuple(sorted(set(words)))
    place = {name: number for number, name in enumerate(names)}
    return names, torch.tensor([place[word] for word in words], dtype=torch.int64)


def from_array(x: object, labels: object = None, name: str = "your data", words: Sequence[str] = ()) -> Dataset:
    """Any finite (N, D) or, of pictures, (N, H, W) array of numbers; labels, one a row, only colour, `words` name the columns."""
    try:
        values = torch.as_tensor(x, dtype=torch.float32)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(
            f"Data must be an array of numbers (N, D); this is {described(x)}, of which none can be made. Pass a numpy array or a tensor; "
            "of a data frame, its to_numpy()."
        ) from error
    if values.ndim not in (2, 3) or not len(values):
        raise DataError(
            f"Data must be a table (N, D), or pictures (N, H, W), with at least one row; this has shape {tuple(values.shape)}. "
            "Reshape it to rows."
        )
    shape = tuple(values.shape[1:])
    values = values.flatten(1)
    if not values.isfinite().all():
        row = int((~values.isfinite()).any(1).nonzero()[0])
        raise DataError(
            f"Data must be finite numbers; row {row} has a missing or infinite one. Drop or fill such rows first."
        )
    names: tuple[str, ...] = ("all",)
    numbers = torch.zeros(len(values), dtype=torch.int64)
    if labels is not None:
        kept = [str(label) for label in labels]  # type: ignore[attr-defined]
        if len(kept) != len(values):
            raise DataError(f"There are {len(kept)} labels for {len(values)} rows; give one label a row, or none.")
        names, numbers = kinds(kept)
    if len(words) not in (0, values.shape[1]):
        raise DataError(f"There are {len(words)} words for {values.shape[1]} columns; give one word a column, or none.")
    columns = tuple(str(word) for word in words)
    return Dataset(name, values, numbers, names, shape, feature_names=columns)
