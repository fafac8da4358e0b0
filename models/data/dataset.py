"""The engine's data set: features x (N, D), optional labels, and how one data point is drawn."""

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from elbo_room.models.core import Batch, described
from elbo_room.models.families.compressed_rows import dense_pieces, rows_of
from elbo_room.models.families.entries import Entries, entries_of

BY_ROW = ("weight", "offset", "exposure")  # parts of one number per row
UNKNOWN = "missing"  # the name of the kind of rows whose label is not known: drawn grey, and left out of scores


class DataError(ValueError):
    """Data that cannot be used; the message is a complete sentence for the page: what came, what is allowed, what to do."""


@dataclass(frozen=True)
class Dataset:
    """N rows of D features, optionally with responses y.

    x, y, labels and covariates may be tensors, arrays, lists or data frames. x may also be images (N, H, W): `shape` is then
    (H, W), and x is stored as a table (N, D).

    >>> import elbo_room as er
    >>> data = er.Dataset([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]], [1.0, 2.0, 3.0])
    >>> data.size, data.shape, data.y.tolist()
    (3, (2,), [1.0, 2.0, 3.0])
    >>> er.Dataset([[0.0], [1.0]], labels=["b", "a"]).label_names
    ('a', 'b')

    Raises:
        DataError: x or another part is invalid; what came, what is allowed, what to do.
    """

    x: Tensor  # (N, D) float32
    y: Tensor | None = None  # (N, …) responses of a conditional model
    labels: Tensor = None  # type: ignore[assignment]  # (N,) int64, all zero where there are none; words may come
    label_names: tuple[str, ...] = ()  # of the numbers in labels; derived if the labels are words
    name: str = "your data"
    shape: tuple[int, ...] = ()  # (8, 8) for an image and (2,) for a point in the plane; (): taken from x
    covariates: Tensor | None = None  # (N, C)
    test: "Dataset | None" = None  # held-out rows of the same kind
    feature_names: tuple[str, ...] = ()
    bones: tuple[
        tuple[int, int], ...
    ] = ()  # if x is D/3 points in space: which pairs to join in a drawing, −1 is the origin
    covariate_names: tuple[str, ...] = ()  # of the columns of covariates
    row_names: tuple[str, ...] = ()  # one per row, or none
    standardise: bool = False  # whether a run standardises x by its training rows: `standardised`
    center: Tensor | None = None  # (D,) of the raw features, where x is (raw − center) / scale
    scale: Tensor | None = None  # (D,)
    padded: bool = False  # x are texts of up to T tokens, indicators (T, C); positions after the last token are 0
    weight: Tensor | None = (
        None  # (N,) ≥ 0: a row of weight 2 counts as two such rows in a conditional model's likelihood
    )
    offset: Tensor | None = None  # (N,) added to a conditional model's linear predictor, with a fixed coefficient of 1
    exposure: Tensor | None = (
        None  # (N,) > 0: multiplies the mean of a count, so that its log is added to the linear predictor
    )
    standardise_y: bool = False  # whether a conditional model standardises x and, on the real line, y
    y_name: str = ""  # what y is, for captions
    y_kinds: tuple[str, ...] = ()  # the names of y's classes 0, 1, …; none: y is a number

    def __post_init__(self) -> None:
        """Convert the parts; refuse those that do not match the table, and padding that no mask can find."""
        self._convert()
        self._check_parts()
        if self.padded:
            tokens = self.x.unflatten(1, (self.shape[0], -1)).sum(-1)  # (N, T)
            wrong = (tokens[:, 0] != 1) | ((tokens[:, 1:] != 0) & (tokens[:, :-1] != 1)).any(1)
            if bool(wrong.any()):
                raise DataError(
                    f"Row {int(wrong.nonzero()[0])} of {self.name} is empty or has a gap. A padded text has one indicator at each "
                    "position from the first to its last token, and zeros after it; leave out empty texts."
                )

    def _convert(self) -> None:
        """Convert arrays to tensors, and fill in defaults for missing parts."""
        if not isinstance(self.shape, tuple) or not all(isinstance(size, int) for size in self.shape):
            raise DataError(
                f"The shape is {described(self.shape)}; it must be a tuple of whole numbers. Write shape=(8, 8)."
            )
        values = _numbers(self.x, "Data")
        if values.ndim not in (2, 3) or not values.numel():
            raise DataError(
                f"Data must be a table (N, D), or images (N, H, W), with at least one row; this has shape {tuple(values.shape)}. "
                "Reshape it to rows."
            )
        parts: dict[str, object] = {"x": values.flatten(1), "shape": self.shape or tuple(values.shape[1:])}
        for part in ("y", "covariates", *BY_ROW):
            if getattr(self, part) is not None:
                parts[part] = made = _numbers(getattr(self, part), part)
                if made.ndim not in {"covariates": (2,), "y": (1, 2, 3)}.get(part, (1,)):
                    raise DataError(
                        f"{part} has shape {tuple(made.shape)}; it must have one row for each row of x. Reshape it to "
                        f"{'(N, C)' if part == 'covariates' else '(N,)'}."
                    )
        if not isinstance(self.labels, Tensor) or not self.label_names:
            parts["label_names"], parts["labels"] = _kinds_of(self.labels, len(values))
        for part in ("feature_names", "covariate_names", "row_names", "label_names"):
            parts.setdefault(part, _names(getattr(self, part), part.replace("_", " ")))
        for part, value in parts.items():
            object.__setattr__(self, part, value)

    def _check_parts(self) -> None:
        rows, columns = self.x.shape
        if not isinstance(self.name, str):
            raise DataError(f"The name of this data set is {described(self.name)}; it must be text. Write name='mine'.")
        if self.test is not None and not isinstance(self.test, Dataset):
            raise DataError(
                f"The held-out data are {described(self.test)}; they must be a Dataset. Write test=Dataset(x)."
            )
        if math.prod(self.shape) != columns:
            raise DataError(
                f"The shape {self.shape!r} does not match the {columns:,} columns of x. Leave it out, or pass one whose product is "
                f"{columns}."
            )
        known = 0 if self.covariates is None else self.covariates.shape[1]
        for name, part, wanted in (
            ("labels", self.labels, rows),
            ("responses y", self.y, rows),
            ("batch entries", self.covariates, rows),
            ("weights", self.weight, rows),
            ("offsets", self.offset, rows),
            ("exposures", self.exposure, rows),
            ("row names", self.row_names or None, rows),
            ("feature names", self.feature_names or None, columns),
            ("names of batches", self.covariate_names or None, known),
        ):
            if part is not None and len(part) != wanted:
                what = {rows: f"{rows:,} rows", columns: f"{columns:,} columns"}.get(wanted, f"{wanted:,} batches")
                raise DataError(
                    f"There are {len(part):,} {name} for {what}. Pass one for each, or leave them out of the file."
                )
        self._check_rows()

    def _check_rows(self) -> None:
        """Refuse weights and exposures that no likelihood can use."""
        weight, exposure = self.weight, self.exposure
        if weight is not None and (bool((weight < 0).any()) or not bool((weight > 0).any())):
            worst = f"{float(weight.min()):.4g}" if bool((weight < 0).any()) else "0 in every row"
            raise DataError(
                f"A weight is {worst}; weights must be 0 or more, and one at least above 0: a row of weight 2 counts as two. "
                "Correct that column, or do not use it as weight."
            )
        if exposure is not None and bool((exposure <= 0).any()):
            row = int((exposure <= 0).nonzero()[0])
            raise DataError(
                f"The exposure of row {row + 1:,} is {float(exposure[row]):.4g}; exposures must be above 0, since their log is taken. "
                "Leave that row out, or use a column of logs as offset."
            )

    @cached_property
    def size(self) -> int:
        """N."""
        return len(self.x)

    @property
    def bytes(self) -> int:
        """The memory that the tables take, including the held-out rows."""
        parts = (self.x, self.labels, self.y, self.covariates, self.weight, self.offset, self.exposure)
        tables = [table for table in parts if table is not None]
        return sum(table.nbytes for table in tables) + (self.test.bytes if self.test is not None else 0)

    @cached_property
    def labelled(self) -> Tensor:
        """(N,) bool: whether a row's label is known."""
        known = torch.ones(self.size, dtype=torch.bool)
        return known if UNKNOWN not in self.label_names else self.labels != self.label_names.index(UNKNOWN)

    @cached_property
    def checksum(self) -> str:
        """What identifies these data, including the held-out rows: a digest of all values and of the names of features and classes."""
        made = hashlib.sha256()
        for part in (self.x, self.y, self.labels, self.covariates):
            if part is not None:
                made.update(f"{part.dtype}{tuple(part.shape)}".encode())
                for piece in dense_pieces(part):
                    made.update(piece().contiguous().numpy().data)
        for name in BY_ROW:
            if getattr(self, name) is not None:
                made.update(name.encode() + getattr(self, name).contiguous().numpy().tobytes())
        for names in (self.feature_names, self.label_names, self.covariate_names):
            made.update("\0".join(names).encode() + b"\1")
        made.update(self.test.checksum.encode() if self.test is not None else b"")
        return made.hexdigest()

    @cached_property
    def lengths(self) -> Tensor:
        """The number of tokens in each data point: (N,) int64, T if nothing is padded."""
        tokens = (
            self.x.unflatten(1, (self.shape[0], -1)).sum(-1) if self.padded else torch.ones(self.size, self.shape[0])
        )
        return tokens.sum(1).long()

    @cached_property
    def entries(self) -> Entries | None:
        """The nonzero entries of x, if they are rare."""
        return entries_of(self.x)

    def batch(self, rows: Tensor, *, entries: bool = False) -> Batch:
        """These rows as a batch; a sparse model also requests the nonzero `entries`."""
        y = None if self.y is None else self.y[rows]
        covariates = None if self.covariates is None else self.covariates[rows]
        own = self.entries.rows(rows) if entries and self.entries is not None else None
        weight = None if self.weight is None else self.weight[rows]
        offset = None if self.shift is None else self.shift[rows]
        return Batch(self.x.index_select(0, rows), rows, self.size, y, covariates, own, weight=weight, offset=offset)

    def kept(self, rows: Tensor) -> "Dataset":
        """These rows as a data set."""
        parts: dict[str, Any] = {
            name: rows_of(value, rows)
            for name in ("x", "labels", "y", "covariates", *BY_ROW)
            if (value := getattr(self, name)) is not None
        }
        names = tuple(self.row_names[row] for row in rows.tolist()) if self.row_names else ()
        return replace(self, **parts, row_names=names, test=None)

    def split(self, share: float) -> "Dataset":
        """The same data with this share of the rows, the same ones at every call, held out as `test`; at least one on either side.

        Raises:
            ValueError: there is only one row.
        """
        if self.size < 2:
            raise DataError(f"{self.name} has one row, so none can be held out. Set the held-out share to 0.")
        kept, held = held_out_rows(self.size, share)
        return replace(self.kept(kept), test=self.kept(held))

    def standardised(self) -> "Dataset":
        """(x − mean) / standard deviation of these rows, for the held-out rows as well, if `standardise`; indicators stay 0 and 1."""
        if not self.standardise:
            return self
        x = self.x.double()
        plain = ((self.x == 0) | (self.x == 1)).all(0)
        scale = x.std(0, correction=0)
        center = torch.where(plain, 0.0, x.mean(0))
        scale = torch.where(plain | (scale == 0), 1.0, scale)
        made: dict[str, Any] = {"standardise": False, "center": center.float(), "scale": scale.float()}
        test = self.test and replace(
            self.test, x=((self.test.x.double() - center) / scale).to(self.x.dtype), test=None, **made
        )
        return replace(self, x=((x - center) / scale).to(self.x.dtype), test=test, **made)

    def raw(self) -> Tensor:
        """x (N, D) as it came, before it was standardised."""
        return self.in_units(self.x)

    def in_units(self, x: Tensor) -> Tensor:
        """Values like those of x (…, D) in the units in which x came."""
        return x if self.scale is None or self.center is None else x * self.scale + self.center

    @cached_property
    def shift(self) -> Tensor | None:
        """(N,) what is added to the linear predictor: the offset and the log of the exposure."""
        if self.exposure is None:
            return self.offset
        return self.exposure.log() if self.offset is None else self.offset + self.exposure.log()

    def whole(self) -> Batch:
        """All rows as one batch, nothing copied."""
        return Batch(
            self.x, torch.arange(self.size), self.size, self.y, self.covariates, self.entries, whole=True,
            weight=self.weight, offset=self.shift,
        )  # fmt: skip


def held_out_rows(size: int, share: float) -> tuple[Tensor, Tensor]:
    """The rows that are kept and those that are held out by `Dataset.split`, each in order."""
    order = torch.randperm(size, generator=torch.Generator().manual_seed(0))
    held = min(max(1, round(share * size)), size - 1)
    return order[held:].sort().values, order[:held].sort().values


def kinds(words: Sequence[str]) -> tuple[tuple[str, ...], Tensor]:
    """The distinct words in alphabetical order, and the index (N,) of each word among them."""
    names = tuple(sorted(set(words)))
    place = {name: number for number, name in enumerate(names)}
    return names, torch.tensor([place[word] for word in words], dtype=torch.int64)


def from_array(x: object, labels: object = None, name: str = "your data", words: Sequence[str] = ()) -> Dataset:
    """Any finite array of numbers, (N, D) or, for images, (N, H, W); labels, one per row, only colour, `words` name the columns."""
    values = x.float() if isinstance(x, Tensor) and x.is_floating_point() else x
    return Dataset(values, labels=labels, name=name, feature_names=words)  # type: ignore[arg-type]


def as_batch(batch: object) -> Batch:
    """A batch unchanged, or all rows of a data set or of anything that converts to one."""
    if isinstance(batch, Batch):
        return batch
    return (batch if isinstance(batch, Dataset) else Dataset(batch)).whole()  # type: ignore[arg-type]


def _numbers(part: object, what: str) -> Tensor:
    """A tensor of finite numbers: floating-point tensors keep their type, everything else becomes float32; y of shape (N,) stays (N,)."""
    try:
        values = part if isinstance(part, Tensor) else _from_numpy(part)
    except (TypeError, ValueError, RuntimeError, OverflowError) as error:
        raise DataError(
            f"{what} must be an array of numbers{' (N, D)' if what == 'Data' else ', one or more per row'}; this is {described(part)}, "
            "which cannot be converted. Pass a numpy array, a tensor or a data frame of numbers."
        ) from error
    if values.is_complex():
        raise DataError(f"{what} must be real numbers; these are complex. Pass real and imaginary parts as columns.")
    if what == "Data" and not values.is_floating_point():
        values = values.float()
    if values.is_floating_point() and not bool(values.isfinite().all()):
        row = f"row {int((~values.isfinite()).reshape(len(values), -1).any(1).nonzero()[0])}" if values.ndim else "this"
        raise DataError(
            f"{what} must be finite numbers; {row} has a missing or infinite one. Drop or fill such rows first."
        )
    return values


def _from_numpy(part: Any) -> Tensor:
    """The tensor of an array, a data frame or lists: float32, or complex if the input is."""
    values = np.asarray(part.to_numpy() if hasattr(part, "to_numpy") else part)
    if part is None or isinstance(part, set | dict):
        raise TypeError
    with np.errstate(over="ignore"):  # values too large for float32 become infinite, and are refused as such
        return torch.as_tensor(values if np.iscomplexobj(values) else values.astype(np.float32))


def _kinds_of(labels: object, rows: int) -> tuple[tuple[str, ...], Tensor]:
    """The names of the labels and their numbers (N,), from one word per row or from none."""
    if labels is None:
        return ("all",), torch.zeros(rows, dtype=torch.int64)
    words = labels.tolist() if isinstance(labels, Tensor | np.ndarray) else labels
    if isinstance(words, str) or not isinstance(words, Iterable):
        raise DataError(f"The labels are {described(labels)}; pass one label per row, or none.")
    kept = [str(word) for word in words]
    if len(kept) != rows:
        raise DataError(f"There are {len(kept)} labels for {rows} rows; pass one label per row, or none.")
    return kinds(kept)


def _names(names: object, what: str) -> tuple[str, ...]:
    words = names.tolist() if isinstance(names, Tensor | np.ndarray) else names
    if isinstance(words, str) or not isinstance(words, Iterable):
        raise DataError(f"The {what} are {described(names)}; they must be a list of words. Write ['height', 'weight'].")
    return tuple(str(name) for name in words)
