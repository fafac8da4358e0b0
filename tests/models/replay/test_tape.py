"""Random programs of torch kernels, recorded once and replayed with other inputs and random numbers, agree with the original bit for bit.

A program is a list of operations on a growing pool of tensors. It indexes, scatters, sorts, casts, writes in place and into views, draws
random numbers, changes a tensor from outside, and ends with a backward pass. Programs in which Python may read a value must be refused.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, assume, given
from hypothesis import settings as budget
from hypothesis import strategies as st
from torch import Tensor

from elbo_room.models.catalogue import settings_from
from elbo_room.models.presets import PRESETS
from elbo_room.models.replay.kernels import Unfit
from elbo_room.models.replay.tape import Recorder, Tape
from elbo_room.models.replay.untaped import untaped
from elbo_room.models.training.run import Run

STRUCTURAL = (RuntimeError, IndexError, ValueError, TypeError)  # of shapes and types: the same whatever the values


@dataclass
class World:
    """What a program sees: inputs that are new each time, a parameter, a tensor from outside, and a generator."""

    inputs: dict[str, Tensor]
    parameter: Tensor  # (4,)
    outside: Tensor  # (3,)
    generator: torch.Generator

    def rows(self, size: int) -> Tensor:
        """(5,) indices below a size."""
        return self.inputs["rows"] % max(size, 1)


Operation = Callable[[World, Tensor, Tensor, int], object]


def real(a: Tensor) -> Tensor:
    """A float of moderate size, whatever `a` is."""
    return a.tanh() if a.is_floating_point() else a.to(torch.float32) / 7


def like(a: Tensor, b: Tensor) -> Tensor:
    """B's first numbers in a's shape."""
    flat = real(b).flatten()
    return flat.repeat(a.numel() // max(len(flat), 1) + 1)[: a.numel()].view(a.shape)


def dim(a: Tensor, k: int) -> int:
    return k % max(a.ndim, 1)


def mutable(a: Tensor) -> Tensor:
    return real(a) * 1.0


def changed(change: Callable[[World, Tensor, Tensor, int], object]) -> Operation:
    """An operation that changes a new tensor in place."""

    def operation(world: World, a: Tensor, b: Tensor, k: int) -> Tensor:
        fresh = mutable(a)
        change(world, fresh, b, k)
        return fresh

    return operation


def hole(world: World, a: Tensor, b: Tensor, k: int) -> Tensor:
    """An empty place, filled with a copy."""
    place = torch.empty_like(real(a))
    place.copy_(real(a))
    return place


def looked_at_before_it_is_filled(world: World, a: Tensor, b: Tensor, k: int) -> list[Tensor]:
    place = torch.zeros_like(real(a))
    seen = place + 1
    place.copy_(real(a))
    return [seen, place]


def twice_around_a_change(world: World, a: Tensor, b: Tensor, k: int) -> list[Tensor]:
    """The same kernel on the same operand, which has changed meanwhile."""
    first = world.outside.exp()
    world.outside.mul_(0.5).add_(real(a).mean().detach())
    return [first, world.outside.exp(), world.outside.clone()]


def slope_of_rows(world: World, a: Tensor, b: Tensor, k: int) -> Tensor:
    """b[..., group], the usual idiom for group offsets: its slope is an `index_put_` with a `None`."""
    return world.parameter.expand(2, 4)[..., world.rows(4)] * 2


FIT: dict[str, Operation] = {
    "add": lambda w, a, b, k: real(a) + like(a, b),
    "mul": lambda w, a, b, k: real(a) * like(a, b),
    "number": lambda w, a, b, k: real(a) * 0.3 + k,
    "from number": lambda w, a, b, k: 1.5 - real(a),
    "int by number": lambda w, a, b, k: w.inputs["rows"] * 0.1,
    "int divided": lambda w, a, b, k: w.inputs["rows"] / 3,
    "exp": lambda w, a, b, k: real(a).exp(),
    "log": lambda w, a, b, k: real(a).abs().log1p(),
    "power": lambda w, a, b, k: real(a) ** (k % 3),
    "softmax": lambda w, a, b, k: real(a).softmax(dim(a, k)),
    "logsumexp": lambda w, a, b, k: real(a).logsumexp(dim(a, k)),
    "sum": lambda w, a, b, k: real(a).sum(dim(a, k), keepdim=k % 2 == 0),
    "mean": lambda w, a, b, k: real(a).mean(),
    "cumsum": lambda w, a, b, k: real(a).cumsum(dim(a, k)),
    "cumprod": lambda w, a, b, k: real(a).cumprod(dim(a, k)),
    "greatest": lambda w, a, b, k: [*real(a).max(dim(a, k))],
    "amax": lambda w, a, b, k: real(a).amax(dim(a, k)),
    "median": lambda w, a, b, k: [*real(a).median(dim(a, k))],
    "variance": lambda w, a, b, k: real(a).var(dim(a, k), correction=0),
    "sort": lambda w, a, b, k: [*real(a).sort(dim=dim(a, k), stable=True)],
    "argsort": lambda w, a, b, k: real(a).argsort(dim=dim(a, k), stable=True),
    "topk": lambda w, a, b, k: [*real(a).topk(1 + k % max(a.shape[-1], 1), -1)],
    "unique draws": lambda w, a, b, k: real(a).sort(-1)[0].diff(dim=-1),
    "transpose": lambda w, a, b, k: a.transpose(0, -1),
    "flatten": lambda w, a, b, k: a.flatten(),
    "unsqueeze": lambda w, a, b, k: a.unsqueeze(dim(a, k)),
    "select": lambda w, a, b, k: a.select(0, k % len(a)),
    "slice": lambda w, a, b, k: a[k % len(a) :],
    "every other": lambda w, a, b, k: a[..., ::2],
    "flip": lambda w, a, b, k: a.flip(dim(a, k)),
    "roll": lambda w, a, b, k: a.roll(k, dim(a, k)),
    "expand": lambda w, a, b, k: a.expand(2, *a.shape),
    "chunk": lambda w, a, b, k: [*a.chunk(2, dim(a, k))],
    "split": lambda w, a, b, k: [*a.split(2, dim(a, k))],
    "unbind": lambda w, a, b, k: [*a.unbind(dim(a, k))],
    "stack": lambda w, a, b, k: torch.stack([real(a), like(a, b)]),
    "cat": lambda w, a, b, k: torch.cat([real(a), like(a, b)]),
    "diagonal": lambda w, a, b, k: a.diagonal(),
    "unfold": lambda w, a, b, k: a.unfold(0, 2, 1),
    "strided": lambda w, a, b, k: a.as_strided((2,), (1,)),
    "matmul": lambda w, a, b, k: real(a) @ like(a, b).transpose(-1, -2),
    "outer": lambda w, a, b, k: torch.outer(real(a).flatten()[:3], real(b).flatten()[:3]),
    "norm": lambda w, a, b, k: torch.nn.functional.layer_norm(real(a), a.shape[-1:]),
    "clamp": lambda w, a, b, k: real(a).clamp(-0.5, 0.2),
    "rows": lambda w, a, b, k: a[w.rows(len(a))],
    "rows from the end": lambda w, a, b, k: a[w.rows(len(a)) - len(a)],
    "columns": lambda w, a, b, k: a[..., w.rows(a.shape[-1])],
    "offsets": slope_of_rows,
    "new axis": lambda w, a, b, k: a[None, w.rows(len(a)), None],
    "pairs": lambda w, a, b, k: a[w.rows(a.shape[0]), w.rows(a.shape[-1])],
    "gather": lambda w, a, b, k: a.gather(-1, w.rows(a.shape[-1]).expand(*a.shape[:-1], 5)),
    "index_select": lambda w, a, b, k: a.index_select(dim(a, k), w.rows(a.shape[dim(a, k)])),
    "take": lambda w, a, b, k: a.take(w.rows(a.numel())),
    "along": lambda w, a, b, k: real(a).take_along_dim(real(a).argsort(-1), -1),
    "embedding": lambda w, a, b, k: torch.nn.functional.embedding(w.rows(a.shape[0]), real(a)),
    "where": lambda w, a, b, k: torch.where(real(a) > 0, like(a, b), 0.1),
    "masked_fill": lambda w, a, b, k: a.masked_fill(real(b).flatten()[0] > 0, 2),
    "scatter": lambda w, a, b, k: real(a).scatter(-1, w.rows(a.shape[-1]).expand(*a.shape[:-1], 5), 0.5),
    "scatter_add": lambda w, a, b, k: real(a).scatter_add(0, w.rows(len(a)), torch.ones(5)),
    "index_add": lambda w, a, b, k: real(a).index_add(-1, w.rows(a.shape[-1]), torch.ones(*a.shape[:-1], 5)),
    "scatter_reduce": lambda w, a, b, k: real(a).scatter_reduce(0, w.rows(len(a)), torch.ones(5) * 2, "amax"),
    "index_fill": lambda w, a, b, k: a.index_fill(0, w.rows(len(a)), 1),
    "index_put": lambda w, a, b, k: real(a).index_put((w.rows(len(a)),), torch.tensor(1.0), accumulate=k % 2 == 0),
    "searchsorted": lambda w, a, b, k: torch.searchsorted(real(b).flatten().sort()[0], real(a)),
    "double": lambda w, a, b, k: a.double(),
    "float": lambda w, a, b, k: a.float(),
    "brain": lambda w, a, b, k: real(a).bfloat16(),
    "whole": lambda w, a, b, k: (real(a) * 5).long(),
    "bool": lambda w, a, b, k: a > 0,
    "compare": lambda w, a, b, k: real(a) >= like(a, b),
    "any": lambda w, a, b, k: (real(a) > 0.5).any(-1),
    "not": lambda w, a, b, k: ~(a > 0),
    "zeros": lambda w, a, b, k: torch.zeros(2, 3) + real(a).mean(),
    "ones": lambda w, a, b, k: torch.ones_like(real(a)).cumsum(0),
    "full": lambda w, a, b, k: real(a).new_full((3,), k),
    "arange": lambda w, a, b, k: torch.arange(k + 1) * real(a).mean(),
    "eye": lambda w, a, b, k: torch.eye(3) * real(a).mean(),
    "constant": lambda w, a, b, k: real(a) * torch.tensor([0.5]),
    "hole": hole,
    "filled late": looked_at_before_it_is_filled,
    "around a change": twice_around_a_change,
    "detach": lambda w, a, b, k: a.detach(),
    "clone": lambda w, a, b, k: a.clone(),
    "normal": lambda w, a, b, k: torch.randn(3, generator=w.generator),
    "uniform": lambda w, a, b, k: torch.rand(3, generator=w.generator) + real(a).mean(),
    "torch's own": lambda w, a, b, k: torch.rand(2),
    "permutation": lambda w, a, b, k: torch.randperm(4, generator=w.generator),
    "coin": lambda w, a, b, k: torch.bernoulli(real(a).detach().abs().clamp(0, 1), generator=w.generator),
    "category": lambda w, a, b, k: torch.multinomial(
        real(a).detach().abs().flatten() + 0.1, 3, replacement=True, generator=w.generator
    ),
    "add_": changed(lambda w, a, b, k: a.add_(like(a, b))),
    "mul_ a view": changed(lambda w, a, b, k: a[k % len(a)].mul_(3)),
    "add_ transposed": changed(lambda w, a, b, k: a.transpose(0, -1).add_(1)),
    "assign": changed(lambda w, a, b, k: a.__setitem__(k % len(a), 0.5)),
    "assign rows": changed(lambda w, a, b, k: a.__setitem__(w.rows(len(a)), 0.25)),
    "assign columns": changed(lambda w, a, b, k: a.__setitem__((..., w.rows(a.shape[-1])), 0.25)),
    "assign where": changed(lambda w, a, b, k: a.__setitem__(a > 0.2, 0.0) if a.ndim else a.zero_()),
    "assign a slice": changed(lambda w, a, b, k: a.__setitem__(slice(0, 1), like(a[:1], b))),
    "zero_": changed(lambda w, a, b, k: a.zero_()),
    "copy_": changed(lambda w, a, b, k: a.copy_(like(a, b))),
    "fill_diagonal_": changed(lambda w, a, b, k: a.fill_diagonal_(0.5)),
    "clamp_": changed(lambda w, a, b, k: a.clamp_(min=0)),
    "masked_fill_": changed(lambda w, a, b, k: a.masked_fill_(a > 0, 1.0)),
    "masked_scatter_": changed(lambda w, a, b, k: a.masked_scatter_(a > 0, like(a, b))),
    "index_add_": changed(lambda w, a, b, k: a.index_add_(0, w.rows(len(a)), torch.ones(5, *a.shape[1:]))),
    "scatter_": changed(lambda w, a, b, k: a.scatter_(0, w.rows(len(a)), 0.5)),
    "normal_": changed(lambda w, a, b, k: a.detach().normal_(generator=w.generator)),
    "out": changed(lambda w, a, b, k: torch.sin(a.detach(), out=a.detach())),
    "swap": changed(lambda w, a, b, k: a.copy_(a.flip(0).clone())),
    "cumsum_": changed(lambda w, a, b, k: a.cumsum_(0)),
    "outside": lambda w, a, b, k: w.outside.add_(real(a).mean().detach()),
    "outside read": lambda w, a, b, k: w.outside * 2,
}
READS: dict[str, Operation] = {
    "item": lambda w, a, b, k: real(a).sum().item(),
    "float": lambda w, a, b, k: float(real(a).mean().detach()),
    "list": lambda w, a, b, k: real(a).detach().tolist(),
    "numpy": lambda w, a, b, k: real(a).detach().numpy(),
    "array": lambda w, a, b, k: np.asarray(real(a).detach()),
    "truth": lambda w, a, b, k: bool((real(a) > 0).any()),
    "mask": lambda w, a, b, k: real(a)[real(a) > 0],
    "nonzero": lambda w, a, b, k: a.nonzero(),
    "masked_select": lambda w, a, b, k: a.masked_select(real(a) > 0),
    "unique": lambda w, a, b, k: real(a).detach().unique(),
    "where": lambda w, a, b, k: torch.where(real(a) > 0),
    "tensor_split": lambda w, a, b, k: a.tensor_split(w.rows(len(a)).sort()[0]),
    "index by a tensor": lambda w, a, b, k: w.outside[w.rows(3)[0]],
    "slice by a tensor": lambda w, a, b, k: w.outside[: w.rows(3)[0]],
    "equal": lambda w, a, b, k: torch.equal(real(a), like(a, b)),
    "allclose": lambda w, a, b, k: torch.allclose(real(a), like(a, b)),
    "repeat": lambda w, a, b, k: w.outside.repeat_interleave(w.rows(3)[:3]),
    "bincount": lambda w, a, b, k: w.rows(5).bincount(),
    "arange to a tensor": lambda w, a, b, k: torch.arange(w.rows(5)[0]),
    "printed": lambda w, a, b, k: f"{real(a).mean().detach():.3f}",
    "iterated": lambda w, a, b, k: [float(each) for each in w.outside],
}
MAYBE: dict[str, Operation] = {
    "a written number": lambda w, a, b, k: torch.tensor([0.0, 0.0]).add_(real(a).mean().detach()),
    "conjugate": lambda w, a, b, k: torch.fft.rfft(real(a).detach().float()).conj().imag,
    "other type": lambda w, a, b, k: real(a).detach().float().contiguous().view(torch.int32),
    "batch norm": lambda w, a, b, k: torch.nn.functional.batch_norm(
        real(a).detach().float().reshape(-1, 1), w.outside[:1], torch.ones(1), training=True
    ),
}  # a tape may refuse them, and must not get them wrong
Line = tuple[str, int, int, int]


def lines(names: tuple[str, ...], most: int) -> st.SearchStrategy[list[Line]]:
    near = st.integers(0, 7)
    return st.lists(st.tuples(st.sampled_from(names), near, near, st.integers(0, 5)), min_size=1, max_size=most)


def run(program: list[Line], world: World) -> dict[str, Tensor]:
    """All tensors of the pool, and the slope of a sum of them in the parameter."""
    known = FIT | {f"read {name}": each for name, each in READS.items()} | MAYBE
    pool = [world.inputs["x"], world.parameter, world.inputs["rows"]]
    for name, i, j, k in program:
        try:
            found = known[name](world, pool[-1 - i % len(pool)], pool[-1 - j % len(pool)], k)
        except STRUCTURAL:
            continue
        pool += [
            each
            for each in (found if isinstance(found, list) else [found])
            if isinstance(each, Tensor) and each.numel()
        ]
    world.parameter.grad = None
    (world.parameter.sum() + sum(real(each).sum() for each in pool if each.requires_grad)).backward()
    assert world.parameter.grad is not None
    return {f"{n}": each for n, each in enumerate(pool)} | {"gradient": world.parameter.grad}


def new_inputs(seed: int) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {"x": torch.randn(3, 4, generator=generator), "rows": torch.randint(0, 12, (5,), generator=generator)}


def first_world() -> World:
    generator = torch.Generator().manual_seed(1)
    return World(
        new_inputs(0),
        torch.randn(4, generator=generator).requires_grad_(),
        torch.randn(3, generator=generator),
        generator,
    )


def recorded(program: list[Line], world: World) -> Tape:
    with Recorder() as recorder:
        outputs = run(program, world)
    return Tape(recorder, world.inputs, outputs)


def same(a: Tensor, b: Tensor) -> bool:
    """Bit for bit, but for which NaN a NaN is."""
    return a.dtype == b.dtype and a.shape == b.shape and bool(((a == b) | ((a != a) & (b != b))).all())


def assert_replays(program: list[Line], world: World, tape: Tape) -> None:
    """Three replays beside three long ways, each from the same parameter, outside, and generators."""
    for seed in (11, 12, 13):
        inputs = new_inputs(seed)
        with torch.no_grad():
            world.parameter.mul_(-1.1)
        outside, streams = world.outside.clone(), (world.generator.get_state(), torch.get_rng_state())
        played = {name: each.detach().clone() for name, each in tape.play(inputs).items()}
        ends = (world.generator.get_state(), torch.get_rng_state(), world.outside.clone())
        world.outside.copy_(outside)
        world.generator.set_state(streams[0])
        torch.set_rng_state(streams[1])
        wanted = run(program, World(inputs, world.parameter, world.outside, world.generator))
        wrong = [name for name in wanted if not same(played[name], wanted[name].detach())]
        assert not wrong, f"{wrong} of {program}"
        assert torch.equal(ends[0], world.generator.get_state())
        assert torch.equal(ends[1], torch.get_rng_state())
        assert same(ends[2], world.outside)


def legal(program: list[Line]) -> bool:
    """Whether the long way makes it: some in-place writes have no backward pass, whatever the values."""
    try:
        run(program, first_world())
    except STRUCTURAL:
        return False
    return True


OFTEN = budget(
    derandomize=True, database=None, deadline=None, max_examples=200, suppress_health_check=list(HealthCheck)
)


@OFTEN
@given(program=lines(tuple(FIT), 9))
def test_a_replay_is_the_long_way_bit_for_bit(program: list[Line]) -> None:
    assume(legal(program))
    world = first_world()
    assert_replays(program, world, recorded(program, world))


@budget(OFTEN, max_examples=60)
@given(program=lines((*FIT, *MAYBE), 6), name=st.sampled_from(tuple(MAYBE)), at=st.integers(0, 5))
def test_what_a_tape_may_refuse_it_never_gets_wrong(program: list[Line], name: str, at: int) -> None:
    program = [*program[:at], (name, at, 0, 1), *program[at:]]
    assume(legal(program))
    world = first_world()
    try:
        tape = recorded(program, world)
    except Unfit:
        return
    assert_replays(program, world, tape)


@pytest.mark.parametrize("name", READS)
def test_a_program_that_reads_a_value_is_refused(name: str) -> None:
    """Wherever it stands, the long way is taken: Python may have decided something by the value."""
    for before in ([], [("softmax", 0, 0, 0)], [("sort", 0, 0, 0), ("cat", 0, 1, 0)]):
        program = [*before, (f"read {name}", len(before) and 2, 1, 1), ("add", 0, 1, 0)]
        with pytest.raises(Unfit, match=r"reads|shape that depends on values"):
            recorded(program, first_world())


def test_every_operation_works_somewhere() -> None:
    """No entry is skipped for a mistake of its own in all of a few shapes."""
    made = set()
    for name, operation in (FIT | READS | MAYBE).items():
        for shape in ((3, 4), (4,), (3, 3), (2, 3, 4), ()):
            try:
                operation(
                    first_world(),
                    torch.linspace(-2.0, 2.0, max(1, torch.Size(shape).numel())).view(shape),
                    torch.ones(4),
                    1,
                )
                made.add(name)
                break
            except STRUCTURAL:
                continue
    assert made == set(FIT | READS | MAYBE)


def test_a_check_that_is_made_aside_is_neither_recorded_nor_refused() -> None:
    """Reading a value there decides nothing that could differ at the next step."""
    x = torch.arange(3.0)
    with Recorder() as recorder:
        with untaped():
            assert float(x.sum()) == 3.0
            assert x.tolist() == [0.0, 1.0, 2.0]
        doubled = x * 2
    tape = Tape(recorder, {"x": x}, {"out": doubled})
    assert len(tape.calls) == 1
    assert torch.equal(tape.play({"x": x + 1})["out"], 2 * (torch.arange(3.0) + 1))


def test_counts_are_looked_up_in_a_recorded_step() -> None:
    """The scene of single cells: whether its table covers a batch is asked aside."""
    run = Run(settings_from(PRESETS["scvi"]["settings"] | {"stop_at": 13}))
    assert len(list(run)) == 13
    assert run.replay_cache.trusted, run.replay_cache.refused
