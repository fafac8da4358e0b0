"""Detects whether some objects have changed: every number, flag and name stored in them or in anything they refer to.

A tape bakes such values in: λ, a β that warms up, a layer that was replaced. Tensors are compared by identity: their values are read at
every replay.
"""

import types
from collections.abc import Iterable
from functools import partial
from itertools import chain
from operator import attrgetter
from typing import Any

from torch import Tensor

from elbo_room.models.replay.kernels import Unfit

MOST = 2_000  # containers; a model that refers to more probably refers to the whole notebook
_contents = attrgetter("cell_contents")
_LEAVES = (Tensor, str, bytes, int, float, complex, type, types.ModuleType)


class ObjectSnapshot:
    """A snapshot of what objects refer to; `unchanged()` compares."""

    def __init__(self, *roots: Any) -> None:
        """Walk through attributes, dicts, lists, closures and bound methods.

        Raises:
            Unfit: there is too much to compare at every step.
        """
        self.dicts: list[dict[Any, Any]] = []
        self.lists: list[list[Any]] = []
        self.cells: list[types.CellType] = []
        seen: set[int] = set()
        waiting: list[Any] = list(roots)
        while waiting:
            item = waiting.pop()
            if id(item) in seen or isinstance(item, _LEAVES) or item is None:
                continue
            seen.add(id(item))
            if len(seen) > MOST:
                raise Unfit(f"it refers to more than {MOST} objects")
            waiting += self._inside(item)
        self.empty = [each for each in (*self.dicts, *self.lists) if not each]  # mostly a module's hooks
        self.dicts = [each for each in self.dicts if each]
        self.lists = [each for each in self.lists if each]
        self.then = self._now()

    def _inside(self, item: Any) -> list[Any]:
        if isinstance(item, dict):
            self.dicts.append(item)
            return list(item.values())
        if isinstance(item, list):
            self.lists.append(item)
            return list(item)
        if isinstance(item, tuple | set | frozenset):
            return list(item)
        if isinstance(item, types.CellType):
            self.cells.append(item)
            return [item.cell_contents]
        if isinstance(item, types.FunctionType):
            return [*(item.__closure__ or ()), item.__defaults__, item.__kwdefaults__, vars(item)]
        if isinstance(item, types.MethodType):
            return [item.__self__, item.__func__]
        if isinstance(item, partial):
            return [item.func, item.args, item.keywords]
        return [vars(item)] if hasattr(item, "__dict__") else []

    def _now(self) -> tuple[list[Any], ...]:
        """The contents, as three long lists and the sizes of their parts, built without a Python loop."""
        values: Iterable[Iterable[Any]] = map(dict.values, self.dicts)
        parts = [*map(len, self.dicts), *map(len, self.lists)]
        return parts, [*chain.from_iterable(values)], [*chain.from_iterable(self.lists)], [*map(_contents, self.cells)]

    def unchanged(self) -> bool:
        """Whether everything is unchanged; identical objects are not descended into, so this takes microseconds."""
        try:
            return not any(self.empty) and self._now() == self.then
        except (ValueError, RuntimeError):  # a tensor or an array replaced another
            return False
