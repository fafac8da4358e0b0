"""What a chart has shown so far, small enough to be sent again at any time.

A line may have a million points; a screen has about 500 columns. `thin` keeps, in each of equally wide buckets of x,
the row with the smallest and the row with the largest y: peaks survive, memory does not grow, and old parts stay as
dense as new ones.
"""

from __future__ import annotations

import numpy as np

LIMIT = 4_000  # rows a series may have before it is thinned
KEPT = 2_000  # rows a series has at most after it was thinned


def thin(rows: np.ndarray, x: int, y: int, keep: int = KEPT) -> np.ndarray:
    """Keep the lowest and highest row of each x-bucket, and the first and last row; the order is kept.

    Args:
        rows: (n, columns), ordered by column `x`.
        x: the column that orders the rows.
        y: the column whose extremes are kept.
        keep: the largest number of rows to return.
    """
    n = len(rows)
    if n <= keep:
        return rows
    buckets = max(1, (keep - 2) // 2)
    place = rows[:, x].astype(np.float64)
    span = place[-1] - place[0]
    bucket = (
        np.minimum(((place - place[0]) * (buckets / span)).astype(np.int64), buckets - 1)
        if span > 0
        else np.arange(n) * buckets // n
    )
    order = np.lexsort((rows[:, y], bucket))  # by bucket, then by height
    edge = np.flatnonzero(np.diff(bucket[order])) + 1
    lowest, highest = order[np.r_[0, edge]], order[np.r_[edge - 1, n - 1]]
    kept = np.sort(np.r_[0, lowest, highest, n - 1])
    return rows[
        kept[np.r_[True, np.diff(kept) > 0]]
    ]  # np.unique would import numpy.ma, 0.1 s of everyone's first paint


class History:
    """The rows of one `lines` dataset in one growing table, thinned series by series."""

    def __init__(self, names: tuple[str, ...], by: str | None, x: str, y: str) -> None:
        """Make an empty table with columns `names`; `by` names the column with the series' index, if there is one."""
        self.names = names
        self._by = names.index(by) if by in names else None
        self._x, self._y = names.index(x), names.index(y)
        self._rows = np.empty((1_024, len(names)), np.float32)  # (capacity, columns)
        self._count = 0
        self._limit = LIMIT

    def __len__(self) -> int:
        """Return the number of rows that are kept."""
        return self._count

    def push(self, rows: np.ndarray) -> None:
        """Append `rows` (n, columns) at the end; a second one of a series at the same x replaces the first."""
        needed = self._count + len(rows)
        if needed > len(self._rows):
            grown = np.empty((max(needed, 2 * len(self._rows)), len(self.names)), np.float32)
            grown[: self._count] = self._rows[: self._count]
            self._rows = grown
        self._rows[self._count : needed] = rows
        self._count = needed
        if needed > self._limit:
            self._shrink()

    def table(self) -> np.ndarray:
        """Return the rows, at most `KEPT` a series, one series after the other."""
        return np.concatenate([thin(part, self._x, self._y) for part in self._series()])

    def _series(self) -> list[np.ndarray]:
        rows = self._rows[: self._count]
        if self._by is None:
            return [self._newest(rows)]
        index = rows[:, self._by]
        return [self._newest(rows[index == value]) for value in sorted(set(index.tolist()))] or [rows]

    def _newest(self, part: np.ndarray) -> np.ndarray:
        """Of rows of one series that follow each other at one x the last, which was measured again."""
        x = part[:, self._x]
        return part[np.r_[x[1:] != x[:-1], True][: len(part)]]

    def _shrink(self) -> None:
        parts = self._series()
        if self._count <= LIMIT * len(parts):
            self._limit = LIMIT * len(parts)
            return
        table = np.concatenate([thin(part, self._x, self._y) for part in parts])
        self._limit = max(LIMIT * len(parts), 2 * len(table))
        self._count = len(table)
        self._rows = np.empty((self._limit + 1_024, len(self.names)), np.float32)
        self._rows[: self._count] = table
