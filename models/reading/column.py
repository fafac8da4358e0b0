"""What a column contains: numbers, whole numbers, categories, dates, text; and its values as plain arrays."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from elbo_room.models.reading.limits import MOST_KINDS

NUMBER, WHOLE, CATEGORY, DATE, TEXT, CONSTANT, EMPTY, OTHER = (
    "number", "whole number", "category", "date", "text", "constant", "empty", "other",
)  # fmt: skip
MISSING_WORDS = {"", "nan", "NaN", "NA", "<NA>", "None", "null", "NULL", "N/A", "n/a"}
THOUSANDS = re.compile(r"[-+]?\d{1,3}(,\d{3})+(\.\d+)?")
DATES = re.compile(r"\d{4}-\d{1,2}-\d{1,2}([T ].*)?|\d{4}/\d{1,2}/\d{1,2}( .*)?|\d{1,2}[./-]\d{1,2}[./-]\d{4}( .*)?")
FEW = 20  # kinds that a column of words may have however short the table is
SHARE = 0.5  # of the rows: with more kinds than that, words are text
MOSTLY = 0.5  # share of numbers from which a column of words counts as a damaged column of numbers
Array = np.ndarray[Any, Any]


@dataclass
class Column:
    """A column and what was found out about it."""

    name: str
    kind: str
    values: Any  # the series
    missing: int
    distinct: int  # different values; 0 where they were not counted
    numbers: Array | None = None  # (N,) float64, NaN where missing; days since the first for a date
    why: str = ""  # what is wrong with it, if something is

    @property
    def words(self) -> tuple[Array, list[str]]:
        """The kind of every row (N,), −1 where it is missing, and the kinds in alphabetical order; numbers in numerical order."""
        if self.numbers is not None and self.kind != DATE:
            values, codes = np.unique(self.numbers, return_inverse=True)
            finite = np.isfinite(values)
            return np.where(finite[codes], codes, -1), [f"{each:.10g}" for each in values[finite]]
        texts = as_text(self.values)
        kinds = sorted({each for each in texts if each is not None})
        place = {name: number for number, name in enumerate(kinds)}
        return np.array([-1 if each is None else place[each] for each in texts], np.int64), kinds

    def shown(self, rows: int) -> list[str]:
        """The first values as text, as a person would write them."""
        first = self.values.iloc[:rows]
        return ["" if each is None else each[:40] for each in as_text(first)]


def as_text(values: Any) -> list[str | None]:
    """Every value as text; None where it is missing."""
    found: list[str | None] = []
    for value, lacks in zip(values.astype(object).tolist(), values.isna().tolist(), strict=True):
        text = (
            value.decode("utf-8", "replace")
            if isinstance(value, bytes)
            else f"{value:.10g}"
            if isinstance(value, float)
            else str(value)
        )
        text = text.strip().removesuffix(" 00:00:00") if not lacks else ""
        found.append(None if text in MISSING_WORDS else text)
    return found


def examine(name: str, values: Any, *, count: bool = True) -> Column:
    """What a series contains; without `count` the different values of numbers are not counted."""
    from pandas.api import types

    kind = values.dtype
    if isinstance(kind, types.CategoricalDtype):
        return _of_words(name, values, count=count)
    if types.is_complex_dtype(kind):
        return Column(
            name, OTHER, values, 0, 0, why="it holds complex numbers: save real and imaginary parts as columns"
        )
    if types.is_bool_dtype(kind) or types.is_numeric_dtype(kind):
        return _of_numbers(name, values, values.to_numpy(np.float64, na_value=np.nan), count=count)
    if types.is_datetime64_any_dtype(kind) or types.is_timedelta64_dtype(kind):
        return _of_dates(name, values, values)
    return _of_words(name, values, count=count)


def _of_numbers(name: str, values: Any, numbers: Array, *, count: bool) -> Column:
    finite = np.isfinite(numbers)
    numbers = np.where(finite, numbers, np.nan)
    held = numbers[finite]
    if not len(held):
        return Column(name, EMPTY, values, len(numbers), 0, numbers)
    if held.min() == held.max():
        return Column(name, CONSTANT, values, int((~finite).sum()), 1, numbers)
    whole = bool((held == np.round(held)).all())
    distinct = len(np.unique(held)) if count else 0
    return Column(name, WHOLE if whole else NUMBER, values, int((~finite).sum()), distinct, numbers)


def _of_dates(name: str, values: Any, times: Any) -> Column:
    import pandas as pd

    missing = times.isna().to_numpy()
    if missing.all():
        return Column(name, EMPTY, values, len(values), 0)
    span = times - times.min() if not pd.api.types.is_timedelta64_dtype(times.dtype) else times
    days = (span / pd.Timedelta(days=1)).to_numpy(np.float64, na_value=np.nan)
    return Column(name, DATE, values, int(missing.sum()), int(times.nunique()), days)


def _of_words(name: str, values: Any, *, count: bool) -> Column:
    import pandas as pd

    first = next((each for each in values.head(50) if each is not None), "")
    if not np.isscalar(first) and not hasattr(first, "isoformat"):
        return Column(
            name, OTHER, values, 0, 0, why="it holds lists or records: save one column for each of their values"
        )
    texts = as_text(values)
    held = [each for each in texts if each is not None]
    missing = len(texts) - len(held)
    if not held:
        return Column(name, EMPTY, values, missing, 0)
    categorical = isinstance(values.dtype, pd.CategoricalDtype)
    numbers = pd.to_numeric(pd.Series([_plain(each) for each in texts], dtype=object), errors="coerce").to_numpy(
        np.float64
    )
    numeric = int(np.isfinite(numbers).sum())
    if numeric == len(held) and not categorical:
        return _of_numbers(name, values, numbers, count=count)
    kinds = len(set(held))
    if kinds == 1:
        return Column(name, CONSTANT, values, missing, 1)
    if numeric > MOSTLY * len(held) and not categorical:
        row = next(place for place, each in enumerate(texts) if each is not None and not np.isfinite(numbers[place]))
        why = f"{numeric:,} of {len(held):,} values are numbers, but row {row + 1:,} is {str(texts[row])[:30]!r}: correct such rows"
        return Column(name, TEXT, values, missing, kinds, why=why)
    if not categorical and (times := _times(held, texts)) is not None:
        return _of_dates(name, values, times)
    few = kinds <= MOST_KINDS and (kinds <= SHARE * len(held) or (kinds <= FEW and kinds < len(held)))
    return Column(name, CATEGORY if few or categorical else TEXT, values, missing, kinds)


def _plain(text: str | None) -> str | None:
    """A number without separators of thousands."""
    return text.replace(",", "") if text is not None and THOUSANDS.fullmatch(text) else text


def _times(held: list[str], texts: list[str | None]) -> Any:
    """The times that the texts are, or None."""
    import pandas as pd

    sample = held[:200]
    if sum(bool(DATES.fullmatch(each)) for each in sample) < 0.95 * len(sample):
        return None
    day_first = "." in sample[0][:3]
    times = pd.to_datetime(
        pd.Series(texts, dtype=object), errors="coerce", format="mixed", dayfirst=day_first, utc=True
    )
    return times if times.notna().sum() >= 0.95 * len(held) else None
