"""Loaders that remember: a small data set is kept for good, a large one for as long as somebody uses it."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from weakref import WeakValueDictionary

from elbo_room.models.data.dataset import Dataset

SMALL = 8_000_000  # bytes


def remembered(load: Callable[..., Dataset]) -> Callable[..., Dataset]:
    """Like `functools.cache`, but what nobody uses any more and is not small is let go of, and loaded again when it is needed."""
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
