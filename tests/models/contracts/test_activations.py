"""Every listed activation: elementwise, its derivative right, finite far out; its gain preserves a signal's size."""

import pytest
import torch

from elbo_room.models.networks import ACTIVATIONS, Activation

ALL = list(ACTIVATIONS.values())
ids = list(ACTIVATIONS)


@pytest.mark.parametrize("activation", ALL, ids=ids)
class TestActivation:
    def test_derivative(self, activation: Activation) -> None:
        at = torch.tensor([-3.0, -0.7, 0.2, 1.1, 4.0], dtype=torch.float64, requires_grad=True)
        assert torch.autograd.gradcheck(activation, at)

    def test_is_elementwise(self, activation: Activation) -> None:
        at = torch.randn(4, 3, generator=torch.Generator().manual_seed(0))
        assert activation(at).shape == at.shape
        torch.testing.assert_close(activation(at)[1, 2], activation(at[1, 2]))

    def test_is_finite_and_never_falls_far_out(self, activation: Activation) -> None:
        at = torch.tensor([-1e4, -50.0, 50.0, 1e4], requires_grad=True)
        value = activation(at)
        (slope,) = torch.autograd.grad(value.sum(), at)
        assert value.isfinite().all()
        assert slope.isfinite().all()
        assert (slope > -1e-6).all()

    def test_gain_keeps_a_signal_alive_through_ten_layers(self, activation: Activation) -> None:
        """The root mean square neither explodes nor dies: between .05 and 20 times the input's."""
        generator = torch.Generator().manual_seed(0)
        signal = torch.randn(64, 64, generator=generator)
        for _ in range(10):
            signal = activation(signal @ torch.randn(64, 64, generator=generator) * activation.gain / 8)
        assert 0.05 < float(signal.square().mean().sqrt()) < 20
