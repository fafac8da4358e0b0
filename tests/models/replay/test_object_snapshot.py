"""Any change in Python objects is detected: in attributes, dicts, lists and closures, at any depth, empty or not."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from elbo_room.models.replay.object_snapshot import ObjectSnapshot


def made() -> SimpleNamespace:
    scale = 1.0

    def closed() -> float:
        return scale

    def rescaled() -> None:
        nonlocal scale
        scale = 2.0

    inner = SimpleNamespace(number=0.1, names=["a", "b"], others=["c", "d"], hooks={}, waiting=[])
    return SimpleNamespace(inner=inner, tensor=torch.ones(3), net=nn.Linear(2, 2), closed=closed, rescaled=rescaled)


CHANGES: dict[str, Callable[[SimpleNamespace], object]] = {
    "a number": lambda held: setattr(held.inner, "number", 0.2),
    "a name in a list": lambda held: held.inner.names.__setitem__(0, "c"),
    "a longer list": lambda held: held.inner.names.append("c"),
    "an empty dict is filled": lambda held: held.inner.hooks.update(a=1),
    "an empty list is filled": lambda held: held.inner.waiting.append(1),
    "a module's hook": lambda held: held.net.register_forward_hook(lambda *_: None),
    "a module is set to evaluation": lambda held: held.net.eval(),
    "another tensor": lambda held: setattr(held, "tensor", torch.zeros(3)),
    "another parameter": lambda held: setattr(held.net, "weight", nn.Parameter(torch.zeros(2, 2))),
    "a closure's variable": lambda held: held.rescaled(),
    "the last value moves to the next list": lambda held: held.inner.others.insert(0, held.inner.names.pop()),
    "the first value moves to the other list's end": lambda held: held.inner.others.append(held.inner.names.pop(0)),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_is_seen(change: Callable[[SimpleNamespace], object]) -> None:
    held = made()
    standing = ObjectSnapshot(held)
    assert standing.unchanged()
    change(held)
    assert not standing.unchanged()


def test_a_tensors_values_may_move() -> None:
    """They are read again at each step."""
    held = made()
    standing = ObjectSnapshot(held)
    with torch.no_grad():
        held.tensor.add_(1)
        held.net.weight.mul_(2)
    assert standing.unchanged()
