"""Cached loaders: a small data set is kept for good, a large one as long as it is in use."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from weakref import WeakValueDictionary

from elbo_room.models.data.dataset import Dataset

SMALL = 8_000_000  # bytes


def remembered(load: Callable[..., Dataset]) -> Callable[..., Dataset]:
    """Like `functools.cache`, but a large data set that is no longer in use is released, and loaded again when needed."""
    in_use: WeakValueDictionary[Any, Dataset] = WeakValueDictionary()
    kept: dict[Any, Dataset] = {}

    @wraps(load)
    def loaded(*arguments: Any, **named: Any) -> Dataset:
        key = (arguments, tuple(sorted(named.items())))
        found = in_use.get(key)
        if found is None:
            found = in_use[key] = load(*arguments, **named)
            if found.bytes <= SMALL:
                kept[key] = found
        return found

    return loaded
