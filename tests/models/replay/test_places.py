"""What a tape need not compute or copy: products by 1, constants, and parts of a joined tensor, which are made in their places."""

import torch
from torch import Tensor

from elbo_room.models.replay.kernels import aten
from elbo_room.models.replay.places import dense, moved_to, positions
from elbo_room.models.replay.tape import Recorder, Tape


def joined(x: Tensor, w: Tensor) -> dict[str, Tensor]:
    """Parts of w that are put together again, products by 1, and a stack of differences."""
    whole = torch.cat([each.clone() for each in (w * 1).split([3, 5, 4])])  # w itself
    parts = torch.stack([x - whole, -(x + whole)], -1)  # between each other's numbers
    rows = torch.cat([(x * whole).sum().reshape(1) / 1.0, torch.tanh(x)])
    fixed = torch.eye(12)[0] * torch.tensor([0.5]).exp()
    return {"parts": parts.sum(-1), "rows": rows**1 * fixed.sum(), "mean": (parts * 2.0).mean(), "square": rows**2}


def test_a_tape_neither_copies_parts_nor_multiplies_by_one() -> None:
    w = torch.linspace(0.1, 0.9, 12)
    x = torch.linspace(-1, 1, 12)
    with Recorder() as recorder:
        outputs = joined(x, w)
    tape = Tape(recorder, {"x": x}, outputs)
    called = [call[0] for call in tape.calls]
    assert not {torch.cat, torch.stack, aten.cat.out, aten.stack.out, torch.pow, torch.exp, torch.eye} & {*called}
    assert called.count(torch.sub) == called.count(torch.neg) == called.count(torch.tanh) == 1
    for seed in (1, 2):
        other = torch.randn(12, generator=torch.Generator().manual_seed(seed))
        w.mul_(1.1)
        wanted = joined(other, w)
        assert all(torch.equal(value, wanted[name]) for name, value in tape.play({"x": other}).items())


def test_a_place_finds_every_view_or_none() -> None:
    old, new = torch.arange(12.0).view(3, 4), torch.empty(2, 12)
    place = moved_to(old, new, positions(new[1]).view(3, 4))
    assert place.positions is None, "side by side: only shifted"
    new[1] = old.flatten()
    found = place.view(old.T[1:])
    assert found is not None
    assert torch.equal(found, old.T[1:])
    spread = moved_to(old, new, positions(new.view(12, 2)[:, 0]).view(3, 4))
    new.view(12, 2)[:, 0] = old.flatten()
    found = spread.view(old[:, ::2])
    assert found is not None
    assert torch.equal(found, old[:, ::2])
    crossed = moved_to(old, new, torch.randperm(12, generator=torch.Generator().manual_seed(0)).view(3, 4))
    assert crossed.view(old) is None, "no strides lead through a random order"


def test_what_is_all_of_its_storage_is_dense() -> None:
    table = torch.zeros(3, 4)
    assert dense(table)
    assert dense(table.T)
    assert not dense(table[:, :2])
    assert not dense(table[0].expand(3, 4))
