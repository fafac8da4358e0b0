"""The short way to a run's gradient: once its settings have stood still, the kernels of `estimate` are played from a tape.

The first steps go through `estimate`; then one step is recorded, the next is made both ways, and only where every number agrees bit for
bit (ELBO, terms, gradients, memory, generator) does the tape take over, until a setting, a shape or anything that the model holds
changes. So a run has the same numbers with and without it, and a part of the lab need not know of it.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

import torch
from torch import Tensor

from elbo_room.models.core import Batch
from elbo_room.models.inference.kernels import Unfit
from elbo_room.models.inference.standing import Standing
from elbo_room.models.inference.tape import Recorder, Tape

LOOK = 250  # every so many steps go the long way, which has the same bits and makes the checks that a tape leaves out
WAIT = 10  # steps as they are after a change: a slider that moves is not recorded at every place

Memory = dict[str, dict[str, Tensor]]
Found = tuple[tuple[str, ...], Tensor]  # names of the terms; the ELBO and its terms (1 + n,)


def given(batch: Batch, memory: Memory) -> dict[str, Tensor]:
    """The tensors that are new at each step: the batch's, and what adaptive estimators keep."""
    parts = {"x": batch.x, "rows": batch.rows, "y": batch.y, "covariates": batch.covariates}
    entries = {} if batch.entries is None else batch.entries.tensors()
    kept = {f"memory/{part}/{key}": value for part, held in memory.items() for key, value in held.items()}
    seen = {name: tensor for name, tensor in parts.items() if tensor is not None}
    return seen | {f"entries/{name}": tensor for name, tensor in entries.items()} | kept


def own(batch: Batch) -> Batch:
    """A copy that nobody else looks at."""
    parts = {name: None if value is None else value.clone() for name, value in
             (("x", batch.x), ("rows", batch.rows), ("y", batch.y), ("covariates", batch.covariates))}  # fmt: skip
    return replace(batch, entries=None if batch.entries is None else batch.entries.clone(), **parts)  # type: ignore[arg-type]


class Shortcut:
    """Makes steps of one run by the long way or the short one; both fill the gradients of `parameters`."""

    def __init__(
        self, long_way: Callable[[Batch], Found], parameters: Mapping[str, Tensor], generator: torch.Generator
    ) -> None:
        self.long_way, self.parameters, self.generator = long_way, parameters, generator
        self.refused = ""  # why the present settings have no tape
        self._forget()

    def _forget(self) -> None:
        self.tape: Tape | None = None
        self.standing: Standing | None = None
        self.names: tuple[str, ...] = ()
        self.slopes: list[
            tuple[Tensor, Tensor]
        ] = []  # each parameter with the place where the tape leaves its gradient
        self.key: object = None
        self.steps, self.trusted, self.refused = 0, False, ""

    def step(self, batch: Batch, settings: object, roots: tuple[object, ...], memory: Memory) -> Found:
        """The ELBO, its terms, and the gradients at this batch."""
        inputs = given(batch, memory)
        shapes = [(name, tensor.shape, tensor.dtype) for name, tensor in inputs.items()]
        places = [(p.data_ptr(), p.requires_grad) for p in self.parameters.values()]
        key = (settings, [id(root) for root in roots], batch.total, batch.whole, shapes, places)
        if key != self.key or (self.standing is not None and not self.standing.still()):
            self._forget()
            self.key = key
        self.steps += 1
        try:
            if self.tape is not None and self.trusted and self.steps % LOOK:
                return self._short(self.tape, inputs, memory)
            if self.tape is not None and not self.trusted:
                return self._both(self.tape, batch, inputs, memory)
            if self.tape is None and self.steps > WAIT and not self.refused:
                return self._record(batch, roots, memory)
        except Unfit as reason:
            self.tape, self.refused = None, str(reason)
        return self.long_way(batch)

    def _gradients(self) -> dict[str, Tensor]:
        return {name: p.grad for name, p in self.parameters.items() if p.grad is not None}

    def _outputs(self, values: Tensor, memory: Memory) -> dict[str, Tensor]:
        gradients = {f"gradient/{name}": gradient for name, gradient in self._gradients().items()}
        kept = {f"memory/{part}/{key}": value for part, held in memory.items() for key, value in held.items()}
        return {"values": values, **gradients, **kept}

    def _record(self, batch: Batch, roots: tuple[object, ...], memory: Memory) -> Found:
        """A step by the long way, written down. It counts whether or not a tape comes of it."""
        mine = own(batch)
        inputs = given(mine, memory)
        with Recorder() as recorder:
            found = self.long_way(mine)
        outputs = self._outputs(found[1], memory)
        try:
            if set(given(mine, memory)) != set(inputs):
                raise Unfit("an estimator began to keep something at this step")
            self.standing = Standing(*roots)
            detached = {
                name: tensor.detach().clone() for name, tensor in outputs.items()
            }  # the places are the tape's now
            self.tape, self.names = Tape(recorder, inputs, outputs), found[0]
            self.slopes = [
                (self.parameters[name.removeprefix("gradient/")], tensor)
                for name, tensor in self.tape.outputs.items()
                if name.startswith("gradient/")
            ]
            self._hand_out(detached, memory)
            return found[0], detached["values"]
        except Unfit as reason:
            self.refused = str(reason)
            return found

    def _both(self, tape: Tape, batch: Batch, inputs: Mapping[str, Tensor], memory: Memory) -> Found:
        """A step both ways; the tape is trusted from here on if no bit differs."""
        begin = self.generator.get_state()
        played = {name: tensor.clone() for name, tensor in tape.play(inputs).items()}
        end = self.generator.get_state()
        self.generator.set_state(begin)
        found = self.long_way(batch)
        outputs = self._outputs(found[1], memory)
        same = played.keys() == outputs.keys() and all(torch.equal(played[name], outputs[name]) for name in outputs)
        if same and torch.equal(end, self.generator.get_state()):
            self.trusted = True
        else:
            self.tape, self.refused = None, "played again, it gave other numbers"
        return found

    def _short(self, tape: Tape, inputs: Mapping[str, Tensor], memory: Memory) -> Found:
        outputs = tape.play(inputs)
        for parameter, slope in self.slopes:
            parameter.grad = slope
        if memory:
            self._hand_out(outputs, memory)
        return self.names, outputs["values"]

    def _hand_out(self, outputs: Mapping[str, Tensor], memory: Memory) -> None:
        for name, tensor in outputs.items():
            kind, _, rest = name.partition("/")
            if kind == "gradient":
                self.parameters[rest].grad = tensor
            elif kind == "memory":
                part, _, key = rest.rpartition("/")
                memory[part][key] = tensor
