"""How columns travel: every number of a frame in one buffer, with a small description of the layout.

Numbers are little-endian float32; `uint8` arrays (pictures) stay bytes. Each column begins at a multiple of four, so
that the browser can look at it without copying it again.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def numbers(columns: dict[str, Any]) -> np.ndarray:
    """Return columns as rows (n, columns) of float32, without the rows that hold a number that is not finite."""
    if not columns:
        return np.empty((0, 0), np.float32)
    parts = [np.atleast_1d(np.asarray(value, np.float32)).ravel() for value in columns.values()]
    lengths = {name: len(part) for name, part in zip(columns, parts, strict=True)}
    longest = max(lengths.values())
    if any(length not in (1, longest) for length in lengths.values()):
        raise ValueError(
            f"Columns came with different lengths: {lengths}. All columns of one call need the same length "
            "(a single number is repeated): pass one value for each row."
        )
    rows = np.stack([np.broadcast_to(part, longest) for part in parts], axis=1)  # (n, columns)
    finite = np.isfinite(rows).all(axis=1)
    return rows if finite.all() else rows[finite]


class Columns:
    """A table by columns: float32 vectors, or uint8 pictures of shape (n, …)."""

    def __init__(self, columns: dict[str, Any]) -> None:
        """Take a private copy of every column, and check that all have the same number of rows."""
        self.items = {
            name: np.array(value, np.uint8 if getattr(value, "dtype", None) == np.uint8 else np.float32, ndmin=1)
            for name, value in columns.items()
        }
        lengths = {name: len(value) for name, value in self.items.items()}
        if len(set(lengths.values())) > 1:
            raise ValueError(
                f"Columns came with different lengths: {lengths}. All columns of one call need the same length: "
                "pass one value for each row."
            )


class Buffers:
    """Collects the bytes of a frame: buffer 0 holds all columns, the others belong to messages."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._parts: list[bytes] = []
        self._size = 0
        self._raw: list[bytes] = []

    def column(self, name: str, values: np.ndarray) -> list[Any]:
        """Store a column and return its description [name, type, shape, offset]."""
        kind = "u1" if values.dtype == np.uint8 else "f4"
        data = np.ascontiguousarray(values, np.uint8 if kind == "u1" else "<f4").tobytes()
        at = self._size
        padding = -len(data) % 4
        self._parts.append(data + b"\0" * padding)
        self._size += len(data) + padding
        return [name, kind, list(values.shape), at]

    def raw(self, data: bytes) -> int:
        """Store a message's own buffer and return its number."""
        self._raw.append(data)
        return len(self._raw)

    def packed(self) -> list[bytes]:
        """Return the buffers in the order in which they are numbered."""
        return [b"".join(self._parts), *self._raw]


class Part:
    """One change to one dataset of one chart: append, replace, static or clear."""

    def __init__(
        self, op: str, key: tuple[str, str], columns: Columns | None = None, mode: dict[str, Any] | None = None
    ) -> None:
        """Describe a change; `mode` says for lines which columns are x, y and the series."""
        self._op, self._key, self._mode = op, key, mode
        self._columns = columns.items if columns else {}

    @property
    def chart(self) -> str:
        """The name of its chart."""
        return self._key[0]

    @classmethod
    def lines(
        cls, key: tuple[str, str], names: tuple[str, ...], blocks: list[np.ndarray], mode: dict[str, Any]
    ) -> Part:
        """Join the blocks of rows (n, columns) that came since the last frame."""
        rows = blocks[0] if len(blocks) == 1 else np.concatenate(blocks)
        part = cls("append", key, None, {"by": mode.get("by"), "x": mode["x"], "y": mode["y"]})
        part._columns = dict(zip(names, rows.T, strict=True))
        return part

    def describe(self, buffers: Buffers) -> dict[str, Any]:
        """Put the columns into `buffers` and return the JSON that describes them."""
        chart, dataset = self._key
        description: dict[str, Any] = {"op": self._op, "chart": chart, "data": dataset}
        if self._mode:
            description["mode"] = self._mode
        description["columns"] = [buffers.column(name, values) for name, values in self._columns.items()]
        return description
