"""A tape of the kernels behind a computation: recorded once while it runs, replayed without autograd, shape computations or Python modules.

Every kernel of a replay is the one that ran before, on operands with the same storage and layout, so the numbers are the same bit for bit.
Not replayed: views (they share their storage), results that nothing reads, and repeated computations. A parameter is read
in place; generators draw fresh numbers. Python numbers are baked in: the caller must make sure that they stay constant (`ReplayCache`
does).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map

from elbo_room.models.replay.kernels import (
    COPY,
    Call,
    Unfit,
    draws,
    filled_by_shape,
    fresh,
    generator_of,
    out_variant,
    pure,
    reads_values,
    swift,
    unfit,
)
from elbo_room.models.replay.places import EXACT, JOINING, Place, dense, moved_to, slots, unchanged

MOST_BYTES = 300_000_000  # held by a tape: intermediate values after buffers are shared
MOST_RECORDED = 1_000_000_000  # alive at once while a step is recorded, where no buffer is reused


@dataclass
class Op:
    """One kernel as it ran."""

    func: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    out: list[Tensor]
    wrote: set[int] = field(default_factory=set)  # storages it changed in place


def storage(tensor: Tensor) -> int:
    """The storage of a tensor, as a number."""
    return int(tensor.untyped_storage()._cdata)


def tensors(item: Any) -> list[Tensor]:
    """The tensors in arguments or results, in order."""
    return [leaf for leaf in tree_flatten(item)[0] if isinstance(leaf, Tensor)]


class Reads(TorchFunctionMode):
    """Detects what no kernel sees: Python, or a function's C++ code, reading values straight out of a tensor's memory."""

    def __init__(self, recorder: "Recorder") -> None:
        super().__init__()
        self.recorder = recorder

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Call the function, and stop the recording where it reads values."""
        if not self.recorder.busy and (reason := reads_values(func, args, kwargs or {})):
            self.recorder.stop(reason)
        return func(*args, **(kwargs or {}))


class Recorder(TorchDispatchMode):
    """Records every kernel that runs inside, autograd's included; everything is kept alive, so that no storage is reused.

    Tensors from outside that a kernel writes into are copied first: `undo` restores them if the computation fails halfway.
    """

    def __init__(self) -> None:
        super().__init__()
        self.ops: list[Op] = []
        self.kept: dict[int, Tensor] = {}
        self.made: set[int] = set()  # storages created inside
        self.constants: set[int] = set()  # from Python numbers, as `torch.tensor` makes them
        self.before: dict[int, tuple[Tensor, Tensor]] = {}  # storage → (all of it, a copy from before the first write)
        self.bytes, self.trouble, self.busy = 0, "", False
        self.reads = Reads(self)

    def __enter__(self) -> Self:
        """Record from here on."""
        self.reads.__enter__()
        super().__enter__()
        return self

    def __exit__(self, *details: Any) -> None:
        """Stop recording."""
        super().__exit__(*details)
        self.reads.__exit__(*details)

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # otherwise torch imports its compiler, which takes a second, only to disable it here

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run a kernel and record it."""
        outer, self.busy = self.busy, True
        try:
            changed = written(func, args, kwargs or {})
            self._save(changed)
            result = func(*args, **(kwargs or {}))
            self._note(Op(func, args, kwargs or {}, tensors(result), {storage(tensor) for tensor in changed}))
        finally:
            self.busy = outer
        return result

    def stop(self, trouble: str) -> None:
        """Give up on a tape of this computation and release what was kept for it."""
        self.trouble = self.trouble or trouble
        self.ops.clear()
        self.kept.clear()

    def undo(self) -> None:
        """Restore the earlier values of every tensor from outside that was written into."""
        for place, copy in self.before.values():
            place.copy_(copy)

    def _save(self, changed: list[Tensor]) -> None:
        for tensor in changed:
            if storage(tensor) not in self.made | self.before.keys() and tensor.layout == torch.strided:
                whole = entire(tensor)
                self.before[storage(tensor)] = (whole, whole.clone())

    def _note(self, op: Op) -> None:
        operands = tensors([op.args, op.kwargs])
        there = {storage(tensor) for tensor in operands}
        self.made |= {storage(tensor) for tensor in op.out} - there
        if self.trouble:
            return
        if op.func is torch.ops.aten.lift_fresh.default:
            self.constants |= there
        if trouble := unfit(op.func, op.args, [*operands, *op.out]) or self._tangled(op, there):
            self.stop(trouble)
            return
        for tensor in [*operands, *op.out]:
            if storage(tensor) not in self.kept:
                self.kept[storage(tensor)] = tensor.detach()
                self.bytes += tensor.untyped_storage().nbytes()
        if self.bytes > MOST_RECORDED:
            self.stop(f"its values take more than {MOST_RECORDED / 1e6:.0f} MB while it is recorded")
            return
        self.ops.append(op)

    def _tangled(self, op: Op, there: set[int]) -> str:
        """Why a kernel's results cannot be separated from its operands, or an empty string."""
        if op.wrote & self.constants:
            return f"{op.func} writes into a Python number"
        old = {storage(tensor) in there for tensor in op.out}
        if len(old) == 2 or (op.wrote and old == {False}):
            return f"{op.func} returns new values and also changes or returns old ones"
        return ""


def written(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Tensor]:
    """The operands that a kernel writes into."""
    found = []
    for place, argument in enumerate(func._schema.arguments):
        if argument.alias_info is not None and argument.alias_info.is_write:
            found += tensors(args[place] if place < len(args) else kwargs.get(argument.name))
    return found


def entire(tensor: Tensor) -> Tensor:
    """All of a tensor's storage, flattened."""
    count = tensor.untyped_storage().nbytes() // tensor.itemsize
    return torch.as_strided(tensor.detach(), (count,), (1,), 0)


class Tape:
    """Replays a recorded computation: `inputs` are overwritten with new values first, `outputs` hold the results after `play`."""

    def __init__(self, recorder: Recorder, inputs: Mapping[str, Tensor], outputs: Mapping[str, Tensor]) -> None:
        """Plan the replay.

        Raises:
            Unfit: this computation cannot be replayed; the message says why.
        """
        if recorder.trouble:
            raise Unfit(recorder.trouble)
        self.moved: dict[int, Place] = {}  # storage → where its values are
        self.inputs = {name: plain(tensor) for name, tensor in inputs.items()}
        self.outputs: dict[str, Tensor] = {}
        self._made = recorder.made
        self.generators = {generator_of(op.args, op.kwargs) for op in recorder.ops if draws(op.func)}
        self.changed = [place for place, _ in recorder.before.values()]  # from outside, and written into at each replay
        self._asked = outputs
        self._read_outside = {storage(tensor) for tensor in outputs.values()}
        ops = [op for op in recorder.ops if not aliases(op)]
        self._views = views(ops)
        ops = self._joined(self._distinct(ops, recorder.constants))
        self.outputs = {name: self._now(tensor) for name, tensor in outputs.items()}
        ends = {storage(tensor) for tensor in self.outputs.values()}
        ops = wanted(ops, ends, self._now)
        read = ends.union(*({storage(self._now(each)) for each in tensors([op.args, op.kwargs])} for op in ops))
        self.read = {name for name, tensor in self.inputs.items() if storage(tensor) in read}
        layout = shared(ops, ends, self._now)
        apart = {storage(tensor): tensor.untyped_storage().nbytes() for op in ops for tensor in self._touched(op)}
        own = layout.bytes + sum(
            size for root, size in apart.items() if root in self._made and root not in layout.slots
        )
        if own > MOST_BYTES:
            raise Unfit(f"its intermediate values take {own / 1e6:.0f} MB, even with shared buffers")
        buffers = layout.buffers()
        self.calls = [self._call(op, buffers) for op in ops]

    def _now(self, tensor: Tensor) -> Tensor:
        """The tensor as it is on the tape: detached, and in the storage that represents its own."""
        found = plain(tensor)
        while (place := self.moved.get(storage(found))) is not None:
            there = place.view(found)
            if there is None:
                raise Unfit("a value was moved to a place where a view of it is not found")
            found = plain(there)
        return found

    def _touched(self, op: Op) -> list[Tensor]:
        """What a kernel reads or writes, as it is on the tape."""
        return [self._now(tensor) for tensor in [*tensors([op.args, op.kwargs]), *op.out]]

    def _distinct(self, ops: list[Op], constants: set[int]) -> list[Op]:
        """The kernels without constants, copies of whole values, products by 1, and what was computed before from the same operands."""
        written = states(ops, self._made)
        untouched = set[int]()  # empty buffers that nothing has filled or read
        known: dict[Any, list[Tensor]] = {}
        kept, settled = [], {place for place in constants if written.get(place, 1) == 1}
        for op in ops:
            once = all(written.get(storage(tensor), 0) <= 1 for tensor in tensors([op.args, op.kwargs]) + op.out)
            if fresh(op.func) and any(written.get(storage(tensor), 0) > 1 for tensor in op.out):
                untouched |= {storage(tensor) for tensor in op.out}
                continue  # an empty buffer that a later kernel fills
            if op.func is COPY and storage(op.args[0]) in untouched and self._whole(op, written):
                self.moved[storage(op.args[0])] = Place(self._now(op.args[1]))
                continue
            untouched -= {storage(tensor) for tensor in tensors([op.args, op.kwargs])}
            if once and pure(op.func):
                if filled_by_shape(op.func) or self._asks(op, settled):
                    settled |= {storage(tensor) for tensor in op.out}
                    continue  # a constant
                key = self._key(op)
                if key in known:
                    for mine, theirs in zip(op.out, known[key], strict=True):
                        self.moved[storage(mine)] = Place(theirs)
                    continue
                if len(op.out) == 1 and self._moves(op, unchanged(op.func, op.args, op.kwargs, op.out[0], self._now)):
                    continue
                known[key] = [self._now(tensor) for tensor in op.out]
            kept.append(op)
        return kept

    def _moves(self, op: Op, place: Place | None) -> bool:
        """Move a result to where its numbers already are, if those stay and its readers find them there."""
        out = op.out[0]
        lost = place is None or (storage(out) in self._read_outside and storage(place.there) not in self._made)
        if place is None or lost or not self._found(storage(out), place):
            return False
        self.moved[storage(out)] = place
        return True

    def _found(self, root: int, place: Place) -> bool:
        """Whether all views of a storage exist in another place, and are read in the same layout or number by number."""
        if place.positions is None:
            return True
        reads = self._views.get(root, [])
        exact = root not in self._read_outside and all(func in EXACT for func, _ in reads)
        return exact and all(place.view(plain(tensor)) is not None for _, tensor in reads)

    def _joined(self, ops: list[Op]) -> list[Op]:
        """The kernels without stacking and joining: the parts are computed in their places of the result, where that is exact."""
        makers = {storage(tensor): op for op in ops if not op.wrote for tensor in op.out}
        written = states(ops, self._made)
        kept = []
        for op in ops:
            place = self._placed(op, makers, written) if op.func in JOINING and dense(op.out[0]) else None
            if place is None:
                kept.append(op)
            else:
                self.moved |= place
        return kept

    def _placed(self, op: Op, makers: Mapping[int, Op], written: Mapping[int, int]) -> dict[int, Place] | None:
        """Where every part of a joined result goes; None if one must stay where it is."""
        places: dict[int, Place] = {}
        result = op.out[0]
        for part, slot in zip(map(self._now, op.args[0]), slots(op.func, op.args, result), strict=True):
            root, maker = storage(part), makers.get(storage(part))
            alone = root not in places and root not in self._ends() and written.get(root) == 1
            if maker is None or not alone or part.dtype != result.dtype or not dense(part) or len(maker.out) != 1:
                return None
            place = moved_to(part, plain(result), slot)
            if not self._goes(root, maker, place):
                return None
            places[root] = place
        return None if storage(result) in places else places

    def _ends(self) -> set[int]:
        """The storages that are read from outside, where their values are now."""
        return {storage(self._now(tensor)) for tensor in self._asked.values()}

    def _goes(self, root: int, maker: Op, place: Place) -> bool:
        """Whether a value may be computed in another place."""
        if place.positions is None:
            return True
        moved = [now for now, at in self.moved.items() if storage(at.there) == root]
        return not moved and maker.func in EXACT and self._found(root, place)

    @staticmethod
    def _asks(op: Op, settled: set[int]) -> bool:
        """Whether everything that a kernel reads has settled; one that reads nothing makes the same each time."""
        return not fresh(op.func) and settled.issuperset(map(storage, tensors([op.args, op.kwargs])))

    def _whole(self, op: Op, written: Mapping[int, int]) -> bool:
        """Whether a copy fills a private empty buffer with values that stay, in the same layout."""
        to, source = op.args[0], op.args[1]
        return (
            written.get(storage(to), 0) == 2  # made empty, filled once
            and written.get(storage(source), 0) == 1
            and storage(source) in self._made  # what comes from outside may have changed when the copy is read
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
        layout = tuple((each.shape, each.stride(), each.storage_offset(), each.dtype) for each in op.out)
        return (op.func, str(shape), tuple(word(leaf) for leaf in leaves), layout)

    def _call(self, op: Op, buffers: Mapping[int, Tensor]) -> Call:
        def placed(leaf: Any) -> Any:
            if not isinstance(leaf, Tensor):
                return leaf
            now = self._now(leaf)
            there = buffers.get(storage(now), now)
            return torch.as_strided(there, now.shape, now.stride(), now.storage_offset())

        out = [] if op.wrote else [placed(tensor) for tensor in op.out]
        return swift(out_variant(op.func, tree_map(placed, op.args), tree_map(placed, op.kwargs), out))

    @torch.inference_mode()
    def play(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Write new inputs, run every kernel, return the outputs (the same tensors each time)."""
        for name in self.read:
            self.inputs[name].copy_(inputs[name])
        for function, args, kwargs in self.calls:
            function(*args, **kwargs)
        return self.outputs


def plain(tensor: Tensor) -> Tensor:
    """The tensor itself without its autograd history."""
    return tensor.detach()


def views(ops: list[Op]) -> dict[int, list[tuple[Any, Tensor]]]:
    """How each storage is read or written: the kernels with the views of it."""
    found: dict[int, list[tuple[Any, Tensor]]] = {}
    for op in ops:
        for tensor in [*tensors([op.args, op.kwargs]), *op.out]:
            found.setdefault(storage(tensor), []).append((op.func, tensor))
    return found


def aliases(op: Op) -> bool:
    """Whether a kernel only returns views of an existing storage and changes nothing."""
    before = {storage(tensor) for tensor in tensors([op.args, op.kwargs])}
    return not op.wrote and bool(op.out) and all(storage(tensor) in before for tensor in op.out)


def states(ops: list[Op], made: set[int]) -> dict[int, int]:
    """How many values each storage takes in turn; an existing one starts with one."""
    found: dict[int, int] = {}
    for op in ops:
        for place in op.wrote or {storage(tensor) for tensor in op.out}:
            found[place] = found.get(place, 0 if place in made else 1) + 1
    return found


@dataclass
class Layout:
    """Which intermediate value is in which of a few buffers, each reused after its last reader."""

    slots: dict[int, int] = field(default_factory=dict)  # storage → buffer
    kinds: list[tuple[int, torch.dtype, torch.device]] = field(default_factory=list)

    @property
    def bytes(self) -> int:
        """The size of all buffers together."""
        return sum(size * dtype.itemsize for size, dtype, _ in self.kinds)

    def buffers(self) -> dict[int, Tensor]:
        """The buffers themselves, filled with zeros: planning tries kernels on them, and garbage could be an index out of range."""
        made = [torch.zeros(size, dtype=dtype, device=device) for size, dtype, device in self.kinds]
        return {root: made[slot] for root, slot in self.slots.items()}


def shared(ops: list[Op], outputs: set[int], now: Callable[[Tensor], Tensor]) -> Layout:
    """A buffer for every intermediate value that is written once and is not an output: what is small stays in the cache."""
    roots = [{storage(now(tensor)): now(tensor) for tensor in tensors([op.args, op.kwargs]) + op.out} for op in ops]
    last = {root: n for n, found in enumerate(roots) for root in found}
    apart = outputs.union(*(op.wrote for op in ops)) if ops else outputs
    layout, free = Layout(), dict[tuple[int, torch.dtype, torch.device], list[int]]()
    for n, op in enumerate(ops):
        for tensor in map(now, op.out):
            if storage(tensor) not in apart and storage(tensor) not in layout.slots:
                kind = (len(entire(tensor)), tensor.dtype, tensor.device)
                spare = free.get(kind)
                if not spare:
                    layout.kinds.append(kind)
                layout.slots[storage(tensor)] = spare.pop() if spare else len(layout.kinds) - 1
        for root in roots[n]:
            if root in layout.slots and last[root] == n:
                slot = layout.slots[root]
                free.setdefault(layout.kinds[slot], []).append(slot)
    return layout


def wanted(ops: list[Op], outputs: Iterable[int], now: Callable[[Tensor], Tensor]) -> list[Op]:
    """The kernels on which an output depends, or a generator's next number, or a tensor from outside that is changed in place."""
    needed, kept = set(outputs), []
    made = {storage(now(tensor)) for op in ops for tensor in op.out if not op.wrote}
    for op in reversed(ops):
        storages = op.wrote or {storage(now(tensor)) for tensor in op.out}
        if storages & needed or not storages <= made or not pure(op.func, draws=False):
            kept.append(op)
            needed |= {storage(now(tensor)) for tensor in tensors([op.args, op.kwargs])}
    return kept[::-1]
