"""Whether Python still holds of some objects what it held: every number, flag and name that they, and what they refer to, keep.

A tape bakes such values in: λ, a β that warms up, a layer that was exchanged. Tensors count by who they are: their values are read anew.
"""

import types
from functools import partial
from typing import Any

from torch import Tensor

from models.inference.kernels import Unfit

MOST = 2_000  # containers; a model that refers to more than that refers to half a notebook
_LEAVES = (Tensor, str, bytes, int, float, complex, type, types.ModuleType)


class Standing:
    """A photograph of what objects refer to; `still()` compares."""

    def __init__(self, *roots: Any) -> None:
        """Walk through attributes, dicts, lists, closures and bound methods.

        Raises:
            Unfit: there is too much to compare at every step.
        """
        self.dicts: list[tuple[dict[Any, Any], tuple[Any, ...]]] = []
        self.lists: list[tuple[list[Any], tuple[Any, ...]]] = []
        self.cells: list[tuple[types.CellType, Any]] = []
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

    def _inside(self, item: Any) -> list[Any]:
        if isinstance(item, dict):
            self.dicts.append((item, tuple(item.values())))
            return list(item.values())
        if isinstance(item, list):
            self.lists.append((item, tuple(item)))
            return list(item)
        if isinstance(item, tuple | set | frozenset):
            return list(item)
        if isinstance(item, types.CellType):
            self.cells.append((item, item.cell_contents))
            return [item.cell_contents]
        if isinstance(item, types.FunctionType):
            return [*(item.__closure__ or ()), item.__defaults__, item.__kwdefaults__, vars(item)]
        if isinstance(item, types.MethodType):
            return [item.__self__, item.__func__]
        if isinstance(item, partial):
            return [item.func, item.args, item.keywords]
        return [vars(item)] if hasattr(item, "__dict__") else []

    def still(self) -> bool:
        """Whether all of it is as it was; identical objects are not looked into, so this takes microseconds."""
        try:
            return (
                all(tuple(now.values()) == then for now, then in self.dicts)
                and all(tuple(now) == then for now, then in self.lists)
                and all(cell.cell_contents is then or cell.cell_contents == then for cell, then in self.cells)
            )
        except (ValueError, RuntimeError):  # a tensor or an array took another's place
            return False
