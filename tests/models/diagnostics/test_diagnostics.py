"""Diagnostics of a trained model: KL per dimension, the embedding and its spread, a decoded plane."""

import math

import pytest
import torch

from elbo_room.models.data import from_array
from elbo_room.models.diagnostics import THRESHOLD, active, embedding, kl_per_dimension, plane
from elbo_room.models.variational import Posterior
from tests.models.problems import Rows, Terms, batch_of, chain, numbers, sigmoid_belief


def test_divergence_is_averaged_over_the_data() -> None:
    """½(μ² + s² − 1) − log s against torch's own KL."""
    problem = chain()
    nu = problem.q.nu(problem.model.sites["low"], problem.batch).detach()
    normal = torch.distributions.Normal
    known = torch.distributions.kl_divergence(normal(nu[:, 0], nu[:, 1].exp()), normal(0.0, 1.0)).mean(0)
    torch.testing.assert_close(kl_per_dimension(problem.model, problem.q, problem.batch, "low"), known)


def test_a_dimension_at_its_prior_is_collapsed() -> None:
    nu = torch.zeros(4, 2, 2, dtype=torch.float64)
    nu[:, 0, 1] = math.sqrt(2 * THRESHOLD) * 1.01
    problem = chain()
    q = Posterior({"top": Rows(nu)})
    model = Terms({"top": problem.model.sites["top"]}, problem.model.terms)
    divergence = kl_per_dimension(model, q, problem.batch, "top")
    assert divergence[0] == 0
    assert active(divergence).tolist() == [False, True]


def test_divergence_of_binary_latents_is_refused() -> None:
    problem = sigmoid_belief()
    with pytest.raises(
        ValueError, match=r"known for Normal latents; site 'low' is Bernoulli. Look at its factors instead"
    ):
        kl_per_dimension(problem.model, problem.q, problem.batch, "low")


def test_embedding_is_mean_and_standard_deviation_of_q() -> None:
    problem = chain()
    nu = problem.q.nu(problem.model.sites["low"], problem.batch).detach()
    mean, spread = embedding(problem.model, problem.q, problem.batch, "low")
    assert torch.equal(mean, nu[:, 0])
    assert torch.equal(spread, nu[:, 1].exp())
    binary = sigmoid_belief()
    mean, spread = embedding(binary.model, binary.q, binary.batch, "low")
    assert ((mean > 0) & (mean < 1)).all()
    assert torch.equal(spread, torch.zeros_like(mean))


def test_plane_runs_along_two_axes_through_a_point() -> None:
    at = torch.tensor([9.0, 8.0, 7.0])
    grid = plane(at, (2, 0), torch.tensor([-1.0, 10.0]), torch.tensor([1.0, 20.0]), 3)
    assert grid.shape == (9, 3)
    assert grid[:, 1].tolist() == [8.0] * 9
    assert grid[:3, 2].tolist() == [-1.0, 0.0, 1.0]
    assert grid[::3, 0].tolist() == [10.0, 15.0, 20.0]


def test_diagnostics_leave_no_gradient_behind() -> None:
    problem = chain()
    assert not kl_per_dimension(problem.model, problem.q, problem.batch, "low").requires_grad
    assert not embedding(problem.model, problem.q, problem.batch, "low")[0].requires_grad
    assert all(p.grad is None for p in problem.q.parameters())


def test_whole_and_part_of_the_data_agree() -> None:
    data = from_array(numbers(6, 2, seed=40))
    assert torch.equal(data.whole().x, data.batch(torch.arange(6)).x)
    assert batch_of(data.x, [5]).total == 6
