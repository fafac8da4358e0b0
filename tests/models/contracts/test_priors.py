"""Every prior on weights: its log density is the known one, its derivative too, and λ may move while a run goes on."""

import pytest
import torch

import models.priors
from models.priors import NormalPrior
from tests.models.problems import numbers

REFERENCE = {"NormalPrior": lambda scale: torch.distributions.Normal(0.0, scale)}


def test_every_prior_has_a_reference() -> None:
    assert set(models.priors.__all__) == set(REFERENCE)


@pytest.mark.parametrize("name", REFERENCE)
@pytest.mark.parametrize("scale", [0.01, 0.7, 100.0])
def test_log_density_constants_included(name: str, scale: float) -> None:
    net = torch.nn.Linear(3, 2)
    weights = {"weight": numbers(7, 2, 3, seed=1), "bias": numbers(7, 2, seed=2)}
    known = sum(REFERENCE[name](scale).log_prob(weight).flatten(1).sum(1) for weight in weights.values())
    prior = getattr(models.priors, name)(scale).bind(net)
    torch.testing.assert_close(prior.log_prob(weights), known)


def test_derivative_is_minus_theta_over_lambda_squared() -> None:
    """−θ/λ² (the notes write −λθ)."""
    theta = numbers(1, 5, seed=3).requires_grad_()
    prior = NormalPrior(0.5).bind(torch.nn.Linear(5, 1, bias=False))
    (slope,) = torch.autograd.grad(prior.log_prob({"weight": theta}), theta)
    torch.testing.assert_close(slope, -theta.detach() / 0.25)


def test_scale_is_live() -> None:
    net, theta = torch.nn.Linear(5, 1, bias=False), {"weight": numbers(1, 5, seed=4)}
    prior = NormalPrior(1.0).bind(net)
    before = float(prior.log_prob(theta))
    prior.scale = 3.0
    assert float(prior.log_prob(theta)) == pytest.approx(float(NormalPrior(3.0).bind(net).log_prob(theta)))
    assert float(prior.log_prob(theta)) != before
