"""A recorded run as one small file: messages as JSON, with their columns behind it, all of it compressed.

Columns of whole numbers take as many bytes as their largest one needs; other numbers keep `BITS` bits of their mantissa, a relative
error of at most 2⁻¹³, which no eye can tell on a chart. Pictures are bytes as they are.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

from elbo_room.widgets.messages import Message

BITS = 12  # of a float's 24
WHOLE = (np.uint8, np.int16, np.int32)  # tried in this order
SEPARATOR = b"\n"  # JSON has none in it
Array = np.ndarray[Any, Any]


def rounded(values: Array, kept: int = BITS) -> Array:
    """The nearest float32 whose mantissa has so many bits."""
    bits, dropped = np.ascontiguousarray(values, np.float32).view(np.uint32), 24 - kept
    return ((bits + np.uint32(1 << (dropped - 1))) & ~np.uint32((1 << dropped) - 1)).view(np.float32)


def _stored(values: Array) -> Array:
    """The values in the smallest type that holds them."""
    if values.dtype == np.uint8:
        return values
    floats = np.asarray(values, np.float32)
    if np.isfinite(floats).all() and (floats == np.rint(floats)).all():
        for kind in WHOLE:
            limits = np.iinfo(kind)
            if floats.size == 0 or (floats.min() >= limits.min and floats.max() <= limits.max):
                return floats.astype(kind)
    return rounded(floats)


def _shuffled(values: Array) -> bytes:
    """First bytes of all numbers, then the second ones, …: equal bytes come together, which a compressor likes."""
    return np.ascontiguousarray(values).reshape(-1).view(np.uint8).reshape(-1, values.dtype.itemsize).T.tobytes()


def pack(messages: list[Message], **about: Any) -> bytes:
    """The file of these messages; `about` is plain data that is kept with them."""
    blocks: list[bytes] = []

    def strip(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            stored = _stored(value)
            blocks.append(_shuffled(stored))
            return {"array": [stored.dtype.str, list(value.shape), value.dtype == np.uint8]}
        if isinstance(value, dict):
            return {key: strip(item) for key, item in value.items()}
        return [strip(item) for item in value] if isinstance(value, list | tuple) else value

    kept = [(type(message).__name__, vars(message)) for message in messages]
    header = json.dumps(strip({**about, "messages": kept}), ensure_ascii=False, default=float)
    return zlib.compress(header.encode() + SEPARATOR + b"".join(blocks), 9)


def unpack(content: bytes) -> dict[str, Any]:
    """What `pack` was given: `about`, and under "messages" pairs of a message's kind and its fields."""
    header, _, blocks = zlib.decompress(content).partition(SEPARATOR)
    whole: dict[str, Any] = json.loads(header)
    at = 0

    def take(kind: str, shape: list[int], picture: bool) -> Array:
        nonlocal at
        dtype = np.dtype(kind)
        size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
        planes = np.array(memoryview(blocks)[at : at + size], np.uint8).reshape(dtype.itemsize, -1)
        at += size
        values = np.ascontiguousarray(planes.T).reshape(-1).view(dtype).reshape(shape)
        return values if picture else values.astype(np.float32)

    found: dict[str, Any] = _with_arrays(whole, take)
    return found


def _with_arrays(value: Any, take: Callable[..., Array]) -> Any:
    if isinstance(value, dict):
        if set(value) == {"array"}:
            return take(*value["array"])
        return {key: _with_arrays(item, take) for key, item in value.items()}
    return [_with_arrays(item, take) for item in value] if isinstance(value, list) else value
