"""The binary log mass computes once what B draws of one η share: its values and slopes, once and twice, are those of the long form."""

import torch
from torch.autograd import gradcheck, gradgradcheck
from torch.nn.functional import logsigmoid, softplus

from elbo_room.models.families import Bernoulli
from elbo_room.models.families.bernoulli import LogMass, compact
from tests.models.problems import numbers


def test_slopes_are_right_once_and_twice_for_relaxed_values_too() -> None:
    value, eta = numbers(1, 3, 4, 2, seed=1).sigmoid().requires_grad_(), numbers(4, 2, seed=2).requires_grad_()
    for shown in (lambda eta: eta, lambda eta: eta.expand(1, 3, 4, 2)):
        assert gradcheck(lambda v, e, shown=shown: LogMass.apply(v, shown(e))[0], (value, eta))
        assert gradgradcheck(lambda v, e, shown=shown: LogMass.apply(v, shown(e))[0], (value, eta))


def test_every_draw_of_one_logit_keeps_its_own_slope() -> None:
    value = (numbers(1, 5, 4, 2, seed=3) > 0).double()
    tap = numbers(4, 1, 2, seed=4).requires_grad_().expand(1, 5, 4, 1, 2)
    tap.retain_grad()
    found = Bernoulli().log_prob(value, tap)
    found.square().sum().backward()
    long = value * tap.squeeze(-2) - softplus(tap.squeeze(-2))
    torch.testing.assert_close(found, long)
    torch.testing.assert_close(tap.grad.squeeze(-2), 2 * long.detach() * (value - tap.detach().squeeze(-2).sigmoid()))
    assert compact(tap).shape == (1, 1, 4, 1, 2)


def test_it_goes_under_vmap_and_grad() -> None:
    """A log density that a person maps over draws: the same as a loop."""
    value, eta = (numbers(5, 3, seed=5) > 0).double(), numbers(5, 3, seed=6)

    def whole(eta, value):
        return Bernoulli().log_prob(value, eta.unsqueeze(0)).sum()

    slopes = torch.func.vmap(torch.func.grad(whole))(eta, value)
    torch.testing.assert_close(slopes, value - eta.sigmoid())


def test_no_digit_is_lost_at_either_end() -> None:
    """float32, η to ±100: the unlikely value to 1e-6 of itself, the likely one to 1e-6 of a nat."""
    eta = torch.linspace(-100, 100, 4001)
    for value in (0.0, 1.0):
        found = Bernoulli().log_prob(torch.full_like(eta, value), eta[None])
        known = logsigmoid(eta.double() * (2 * value - 1))
        assert float(((found - known).abs() / (1 + known.abs())).max()) < 1e-6
    far = Bernoulli().log_prob(torch.zeros(1), torch.full((1, 1), -60.0))
    torch.testing.assert_close(far, -torch.full((1,), -60.0).exp(), rtol=1e-6, atol=0)
