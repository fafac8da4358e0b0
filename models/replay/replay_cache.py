"""The fast path to a run's gradient: once its settings have settled, the kernels of `estimate` are replayed from a tape.

The first steps go through `estimate`; then one step is recorded, the next is made both ways, and only if every number agrees bit for
bit (ELBO, terms, gradients, memory, generator) does the tape take over, until a setting, a shape or anything stored in the model
changes. From time to time a step is made both ways again. If anything goes wrong with a tape, its step is undone and made the slow way,
and the run uses the slow path from then on. So a run has the same numbers with and without it, and other code need not know about it.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import torch
from torch import Tensor

from elbo_room.models.core import Batch
from elbo_room.models.replay.kernels import Unfit
from elbo_room.models.replay.object_snapshot import ObjectSnapshot
from elbo_room.models.replay.tape import Recorder, Tape

LOOK = 250  # steps between two that are made both ways: the slow path makes the checks that a tape omits
WAIT = 10  # ordinary steps after a change: a moving slider is not recorded at every position

_log = logging.getLogger(__name__)
Memory = dict[str, dict[str, Tensor]]
Found = tuple[tuple[str, ...], Tensor]  # names of the ELBO's terms; ELBO, objective, log prior and the terms (3 + n,)


def step_inputs(batch: Batch, memory: Memory) -> dict[str, Tensor]:
    """The tensors that change at each step: the batch's, and the state of adaptive estimators."""
    parts = _parts(batch)
    entries = {} if batch.entries is None else batch.entries.tensors()
    kept = {f"memory/{part}/{key}": value for part, held in memory.items() for key, value in held.items()}
    seen = {name: tensor for name, tensor in parts.items() if tensor is not None}
    return seen | {f"entries/{name}": tensor for name, tensor in entries.items()} | kept


def _parts(batch: Batch) -> dict[str, Tensor | None]:
    return {name: getattr(batch, name) for name in ("x", "rows", "y", "covariates", "weight", "offset")}


def own(batch: Batch) -> Batch:
    """A private copy."""
    parts = {name: None if value is None else value.clone() for name, value in _parts(batch).items()}
    return replace(batch, entries=None if batch.entries is None else batch.entries.clone(), **parts)  # type: ignore[arg-type]


class Before:
    """The earlier state of what a step may change apart from gradients: generators, and tensors that a tape writes into."""

    def __init__(self, generators: Iterable[torch.Generator], changed: Iterable[Tensor] = ()) -> None:
        self.streams = [(generator, generator.get_state()) for generator in generators]
        self.values = [(tensor, tensor.clone()) for tensor in changed]

    @torch.no_grad()
    def restore(self) -> None:
        """Restore it."""
        for generator, state in self.streams:
            generator.set_state(state)
        for tensor, value in self.values:
            tensor.copy_(value)

    def same(self) -> bool:
        """Whether all of it is unchanged."""
        streams = all(torch.equal(generator.get_state(), state) for generator, state in self.streams)
        return streams and all(torch.equal(tensor, value) for tensor, value in self.values)


class ReplayCache:
    """Makes the steps of one run by the slow or the fast path; both fill the gradients of `parameters`."""

    def __init__(
        self, long_way: Callable[[Batch], Found], parameters: Mapping[str, Tensor], generator: torch.Generator
    ) -> None:
        self.long_way, self.parameters, self.generator = long_way, parameters, generator
        self.refused = ""  # why the present settings have no tape
        self.failed = ""  # why this run no longer has one
        self._forget()

    def _forget(self) -> None:
        self.tape: Tape | None = None
        self.snapshot: ObjectSnapshot | None = None
        self.names: tuple[str, ...] = ()
        self.slopes: list[
            tuple[Tensor, Tensor]
        ] = []  # each parameter with the buffer where the tape leaves its gradient
        self.key: object = None
        self.steps, self.trusted, self.refused = 0, False, self.failed

    def step(self, batch: Batch, settings: object, roots: tuple[object, ...], memory: Memory) -> Found:
        """The ELBO, its terms, and the gradients at this batch."""
        inputs = step_inputs(batch, memory)
        shapes = [(name, tensor.shape, tensor.dtype) for name, tensor in inputs.items()]
        places = [(p.data_ptr(), p.requires_grad) for p in self.parameters.values()]
        key = (settings, [id(root) for root in roots], batch.total, batch.whole, shapes, places)
        if key != self.key or (self.snapshot is not None and not self.snapshot.unchanged()):
            self._forget()
            self.key = key
        self.steps += 1
        if self.tape is not None and self.trusted and self.steps % LOOK:
            found = self._short(self.tape, inputs, memory)
        elif self.tape is not None:
            found = self._both(self.tape, batch, inputs, memory)
        elif self.steps > WAIT and not self.refused:
            found = self._record(batch, roots, memory)
        else:
            found = None
        return self.long_way(batch) if found is None else found

    def _give_up(self, error: Exception) -> None:
        """Stop using a tape in this run: a kernel, or the planning, failed where the slow path does not."""
        self.failed = f"the recorded step failed ({type(error).__name__}: {error})"
        self.tape, self.trusted, self.refused = None, False, self.failed
        _log.warning("This run continues without a recorded step, slower and with the same numbers: %s.", self.failed)
        for parameter in self.parameters.values():
            parameter.grad = None

    def _gradients(self) -> dict[str, Tensor]:
        return {name: p.grad for name, p in self.parameters.items() if p.grad is not None}

    def _outputs(self, values: Tensor, memory: Memory) -> dict[str, Tensor]:
        gradients = {f"gradient/{name}": gradient for name, gradient in self._gradients().items()}
        kept = {f"memory/{part}/{key}": value for part, held in memory.items() for key, value in held.items()}
        return {"values": values, **gradients, **kept}

    def _record(self, batch: Batch, roots: tuple[object, ...], memory: Memory) -> Found | None:
        """A step by the slow path, recorded. It counts whether or not it yields a tape; None if recording itself fails."""
        mine = own(batch)
        inputs = step_inputs(mine, memory)
        before = Before([self.generator, torch.default_generator])
        kept = {part: dict(held) for part, held in memory.items()}
        recorder = Recorder()
        try:
            with recorder:
                found = self.long_way(mine)
        except Exception as error:  # noqa: BLE001 - if it is the model's own, the long way raises it again
            recorder.undo()
            before.restore()
            memory.clear()
            memory.update(kept)
            self._give_up(error)
            return None
        outputs = self._outputs(found[1], memory)
        results = {
            name: tensor.detach().clone() for name, tensor in outputs.items()
        }  # planning tries kernels on the buffers
        try:
            if set(step_inputs(mine, memory)) != set(inputs):
                raise Unfit("an estimator began to keep something at this step")
            self.snapshot = ObjectSnapshot(*roots)
            self.tape, self.names = Tape(recorder, inputs, outputs), found[0]
            self.slopes = [
                (self.parameters[name.removeprefix("gradient/")], tensor)
                for name, tensor in self.tape.outputs.items()
                if name.startswith("gradient/")
            ]
        except Unfit as reason:
            self.refused = str(reason)
        except Exception as error:  # noqa: BLE001 - the step is made; only its tape is not
            self._give_up(error)
        self._hand_out(results, memory)
        return found[0], results["values"]

    def _both(self, tape: Tape, batch: Batch, inputs: Mapping[str, Tensor], memory: Memory) -> Found | None:
        """A step both ways; the tape is trusted from now on if no bit differs. None if the tape fails."""
        before = Before({self.generator, torch.default_generator, *tape.generators}, tape.changed)
        try:
            played = {name: tensor.clone() for name, tensor in tape.play(inputs).items()}
        except Exception as error:  # noqa: BLE001 - whatever it is, the long way is there
            before.restore()
            self._give_up(error)
            return None
        after = Before([generator for generator, _ in before.streams], tape.changed)
        before.restore()
        found = self.long_way(batch)
        outputs = self._outputs(found[1], memory)
        same = played.keys() == outputs.keys() and all(torch.equal(played[name], outputs[name]) for name in outputs)
        if same and after.same():
            self.trusted = True
        else:
            self.tape, self.trusted, self.refused = None, False, "the replay gave other numbers"
        return found

    def _short(self, tape: Tape, inputs: Mapping[str, Tensor], memory: Memory) -> Found | None:
        """A step from the tape; None if it fails, with everything restored."""
        before = Before(tape.generators, tape.changed)
        try:
            outputs = tape.play(inputs)
        except Exception as error:  # noqa: BLE001 - whatever it is, the long way is there
            before.restore()
            self._give_up(error)
            return None
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
                memory[part][key] = tensor.clone()  # the next replay writes into the tape's own
