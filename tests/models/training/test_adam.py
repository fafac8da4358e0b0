"""Adam equals torch's to the last bit, whichever of its parameters have a gradient at a step."""

import pytest
import torch

from elbo_room.models.training.optimizers.adam import MOMENTS, Adam

SIZES = {"a": (3, 4), "b": (5,), "c": ()}


@pytest.mark.parametrize("moving", [["abc"], ["abc", "b"], ["ab", "bc"], ["a", "abc", "bc"]], ids=str)
def test_steps_are_torchs_bit_for_bit(moving: list[str]) -> None:
    """Some parameters alone, others alone, all: each counts its own steps."""
    generator = torch.Generator().manual_seed(0)
    ours = {name: torch.randn(size, generator=generator).requires_grad_() for name, size in SIZES.items()}
    theirs = {name: parameter.detach().clone().requires_grad_() for name, parameter in ours.items()}
    adam, known = Adam(ours, 0.01), torch.optim.Adam(theirs.values(), 0.01, fused=True)
    for number in range(9):
        adam.clear_gradients()
        known.zero_grad()
        for name in moving[number % len(moving)]:
            ours[name].grad = torch.randn(SIZES[name], generator=generator)
            theirs[name].grad = ours[name].grad.clone()
        adam.step()
        known.step()
        if number == 4:  # taken up again from what a checkpoint holds
            kept = {name: {key: adam.state[name][key].clone() for key in MOMENTS} for name in adam.state}
            adam = Adam(ours, 0.01)
            adam.state.update(kept)
        for name in SIZES:
            assert torch.equal(ours[name], theirs[name])
    for name, state in adam.state.items():
        assert int(state["step"]) == sum(name in moving[number % len(moving)] for number in range(9))


def test_a_step_without_gradients_moves_nothing() -> None:
    parameter = torch.ones(2, requires_grad=True)
    Adam({"a": parameter}, 0.1).step()
    assert torch.equal(parameter.detach(), torch.ones(2))
