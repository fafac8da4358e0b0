"""Texts in files for spreadsheets: one that a spreadsheet would take for a formula, and run, is marked as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def inert(text: str) -> str:
    """The text, with an apostrophe before it if a spreadsheet would run it; numbers stay as they are."""
    if not text.startswith(FORMULAS):
        return text
    try:
        float(text)
    except ValueError:
        return f"'{text}"
    return text


def inert_table(table: pd.DataFrame) -> pd.DataFrame:
    """A data frame whose texts, in cells, in its index and in its column names, no spreadsheet runs."""

    def mark(value: Any) -> str:
        return inert(str(value))

    texts = table.select_dtypes(exclude=["number", "bool"])
    marked = table.assign(**{name: texts[name].map(mark, na_action="ignore") for name in texts.columns.astype(str)})
    marked.index = table.index if table.index.dtype.kind in "iufb" else table.index.map(mark)
    return marked.rename(columns=mark)
