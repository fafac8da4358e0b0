"""A tape of the kernels behind a computation: recorded once while it runs, played again without autograd, shapes or Python modules.

Every kernel of a replay is the one that ran before, on operands in the same place and layout, so the numbers are the same bit for bit.
Views are not played again (they look at the same storage), nor what nobody reads, nor what was computed twice. A parameter is read
where it lies; generators draw anew. Numbers of Python are baked in: who records must see to it that they stay (`Shortcut` does).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map

from elbo_room.models.inference.kernels import (
    COPY,
    Call,
    Unfit,
    filled_by_shape,
    fresh,
    out_variant,
    pure,
    swift,
    unfit,
)

MOST_BYTES = 300_000_000  # of intermediate values; their places are used again, so the tape holds a fraction of that


@dataclass
class Op:
    """One kernel as it ran."""

    func: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    out: list[Tensor]
    wrote: set[int] = field(default_factory=set)  # storages it changed in place


def storage(tensor: Tensor) -> int:
    """Which storage a tensor looks at."""
    return int(tensor.untyped_storage()._cdata)


def tensors(item: Any) -> list[Tensor]:
    """The tensors in arguments or results, in order."""
    return [leaf for leaf in tree_flatten(item)[0] if isinstance(leaf, Tensor)]


class Recorder(TorchDispatchMode):
    """Writes down every kernel that runs inside, autograd's own included; everything is kept alive, so that no place is used twice."""

    def __init__(self) -> None:
        super().__init__()
        self.ops: list[Op] = []
        self.kept: dict[int, Tensor] = {}
        self.bytes, self.trouble = 0, ""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # else torch imports its compiler, a second, to keep it away from here

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run a kernel and note it."""
        result = func(*args, **(kwargs or {}))
        if not self.trouble:
            self._note(func, args, kwargs or {}, result)
        return result

    def _note(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
        self.trouble = unfit(func, args)
        op = Op(func, args, kwargs, tensors(result))
        for place, argument in enumerate(func._schema.arguments):
            if argument.alias_info is not None and argument.alias_info.is_write:
                given = args[place] if place < len(args) else kwargs.get(argument.name)
                op.wrote |= {storage(tensor) for tensor in tensors(given)}
        if any(tensor.layout != torch.strided for tensor in [*tensors([args, kwargs]), *op.out]):
            self.trouble = f"{func} works on a sparse tensor, which has no one place"
            return
        for tensor in [*tensors([args, kwargs]), *op.out]:
            if storage(tensor) not in self.kept:
                self.kept[storage(tensor)] = tensor.detach()
                self.bytes += tensor.untyped_storage().nbytes()
        self.ops.append(op)


class Tape:
    """Plays a recorded computation again: `inputs` are overwritten with new values first, `outputs` hold the results after `play`."""

    def __init__(self, recorder: Recorder, inputs: Mapping[str, Tensor], outputs: Mapping[str, Tensor]) -> None:
        """Plan the replay.

        Raises:
            Unfit: this computation cannot be replayed; the sentence says why.
        """
        if recorder.trouble:
            raise Unfit(recorder.trouble)
        self.moved: dict[int, Tensor] = {}  # storage → the tensor whose storage holds the same values
        self.inputs = {name: plain(tensor) for name, tensor in inputs.items()}
        self.outputs: dict[str, Tensor] = {}
        self._kept = recorder.kept
        made = {storage(tensor) for op in recorder.ops for tensor in op.out if not aliases(op)}
        own = sum(recorder.kept[place].untyped_storage().nbytes() for place in made)
        if own > MOST_BYTES:
            raise Unfit(f"its intermediate values take {own / 1e6:.0f} MB")
        ops = self._distinct([op for op in recorder.ops if not aliases(op)])
        self.outputs = {name: self._now(tensor) for name, tensor in outputs.items()}
        ends = {storage(tensor) for tensor in self.outputs.values()}
        ops = wanted(ops, ends, self._now)
        read = ends.union(*({storage(self._now(each)) for each in tensors([op.args, op.kwargs])} for op in ops))
        self.read = {name for name, tensor in self.inputs.items() if storage(tensor) in read}
        places = shared(ops, ends, self._now)
        self.calls = [self._call(op, places) for op in ops]
        self._kept = {}  # from here on only what the calls refer to is held

    def _now(self, tensor: Tensor) -> Tensor:
        """The tensor as it is found on the tape: detached, and in the storage that stands for its own."""
        there = self.moved.get(storage(tensor))
        if there is None:
            return plain(tensor)
        return torch.as_strided(plain(there), tensor.shape, tensor.stride(), tensor.storage_offset())

    def _distinct(self, ops: list[Op]) -> list[Op]:
        """Without copies of whole values, and without what was computed before from the same operands."""
        written: dict[int, int] = {}
        for op in ops:
            for place in op.wrote or {storage(tensor) for tensor in op.out}:
                written[place] = written.get(place, 0) + 1
        known: dict[Any, list[Tensor]] = {}
        kept, settled = [], set[int]()
        for op in ops:
            once = all(written.get(storage(tensor), 0) <= 1 for tensor in tensors([op.args, op.kwargs]) + op.out)
            if fresh(op.func) and any(written.get(storage(tensor), 0) > 1 for tensor in op.out):
                continue  # an empty place that the next kernel fills
            if op.func is COPY and self._whole(op, written):
                self.moved[storage(op.args[0])] = self._now(op.args[1])
                continue
            if once and pure(op.func):
                if filled_by_shape(op.func) or self._asks(op, settled):
                    settled |= {storage(tensor) for tensor in op.out}
                    continue  # the same number for ever
                key = self._key(op)
                if key in known:
                    for mine, theirs in zip(op.out, known[key], strict=True):
                        self.moved[storage(mine)] = theirs
                    continue
                known[key] = [self._now(tensor) for tensor in op.out]
            kept.append(op)
        return kept

    @staticmethod
    def _asks(op: Op, settled: set[int]) -> bool:
        """Whether everything that a kernel reads has settled."""
        read = [storage(tensor) for tensor in tensors([op.args, op.kwargs])]
        return bool(read) and settled.issuperset(read)

    def _whole(self, op: Op, written: Mapping[int, int]) -> bool:
        """Whether a copy fills an empty place of its own with values that stay, in the same layout."""
        to, source = op.args[0], op.args[1]
        return (
            written.get(storage(to), 0) == 2  # made empty, filled once
            and written.get(storage(source), 0) <= 1
            and storage(source) not in {storage(tensor) for tensor in self.inputs.values()}
            and storage(source) in {storage(tensor) for tensor in self._kept.values()}
            and to.dtype == source.dtype
            and to.shape == source.shape
            and to.stride() == source.stride()
            and to.storage_offset() == source.storage_offset()
            and to.untyped_storage().nbytes() == source.untyped_storage().nbytes()
        )

    def _key(self, op: Op) -> Any:
        def word(leaf: Any) -> Any:
            if isinstance(leaf, Tensor):
                now = self._now(leaf)
                return ("tensor", storage(now), now.shape, now.stride(), now.storage_offset(), now.dtype)
            return (type(leaf).__name__, str(leaf))

        leaves, shape = tree_flatten((op.args, op.kwargs))
        layout = tuple((tensor.shape, tensor.stride(), tensor.dtype) for tensor in op.out)
        return (op.func, str(shape), tuple(word(leaf) for leaf in leaves), layout)

    def _call(self, op: Op, places: Mapping[int, Tensor]) -> Call:
        def placed(leaf: Any) -> Any:
            if not isinstance(leaf, Tensor):
                return leaf
            now = self._now(leaf)
            there = places.get(storage(now), now)
            return torch.as_strided(there, now.shape, now.stride(), now.storage_offset())

        out = [] if op.wrote else [placed(tensor) for tensor in op.out]
        return swift(out_variant(op.func, tree_map(placed, op.args), tree_map(placed, op.kwargs), out))

    @torch.no_grad()
    def play(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Put new values in, run every kernel, return the outputs (the same tensors each time)."""
        for name in self.read:
            self.inputs[name].copy_(inputs[name])
        for function, args, kwargs in self.calls:
            function(*args, **kwargs)
        return self.outputs


def plain(tensor: Tensor) -> Tensor:
    """The tensor itself without a history."""
    return tensor.detach()


def aliases(op: Op) -> bool:
    """Whether a kernel only looks at a storage that was there before, and changed nothing."""
    before = {storage(tensor) for tensor in tensors([op.args, op.kwargs])}
    return not op.wrote and bool(op.out) and all(storage(tensor) in before for tensor in op.out)


def shared(ops: list[Op], outputs: set[int], now: Callable[[Tensor], Tensor]) -> dict[int, Tensor]:
    """A place for every intermediate value, used again when its last reader is through: what is small stays in the cache."""
    roots = [{storage(now(tensor)): now(tensor) for tensor in tensors([op.args, op.kwargs]) + op.out} for op in ops]
    last = {root: n for n, found in enumerate(roots) for root in found}
    apart = outputs.union(*(op.wrote for op in ops)) if ops else outputs
    places: dict[int, Tensor] = {}
    free: dict[tuple[int, torch.dtype], list[Tensor]] = {}
    for n, op in enumerate(ops):
        for tensor in op.out:
            root = storage(now(tensor))
            if root not in apart and root not in places:
                size = now(tensor).untyped_storage().nbytes() // tensor.itemsize
                spare = free.get((size, tensor.dtype))
                places[root] = spare.pop() if spare else torch.empty(size, dtype=tensor.dtype, device=tensor.device)
        for root in roots[n]:
            if root in places and last[root] == n:
                free.setdefault((places[root].numel(), places[root].dtype), []).append(places[root])
    return places


def wanted(ops: list[Op], outputs: Iterable[int], now: Callable[[Tensor], Tensor]) -> list[Op]:
    """Those kernels on which an output depends, or a generator's next number, or a tensor from outside that is changed in place."""
    needed, kept = set(outputs), []
    made = {storage(now(tensor)) for op in ops for tensor in op.out if not op.wrote}
    for op in reversed(ops):
        places = op.wrote or {storage(now(tensor)) for tensor in op.out}
        if places & needed or not places <= made or not pure(op.func, draws=False):
            kept.append(op)
            needed |= {storage(now(tensor)) for tensor in tensors([op.args, op.kwargs])}
    return kept[::-1]
