"""`estimate` refuses invalid arguments before any gradient is touched."""

import pytest
import torch

from elbo_room.models.core import Factor
from elbo_room.models.estimators import Estimator, LeaveOneOut, PathOnly, Reparameterization, Score
from elbo_room.models.inference.estimate import estimate
from elbo_room.models.variational import Posterior
from tests.models.problems import Problem, Terms, conjugate, sigmoid_belief
from tests.models.truth import every


def attempt(problem: Problem, estimator: Estimator, draws: int = 2) -> None:
    estimate(problem.model, problem.q, every(estimator, problem.model), problem.batch, draws, torch.Generator())


@pytest.mark.parametrize("estimator", [Reparameterization(), PathOnly()], ids=lambda part: part.name)
def test_path_gradients_of_binary_units(estimator: Estimator) -> None:
    with pytest.raises(
        ValueError, match=r"needs z = t\(ε, ν\) to be differentiable; Bernoulli is not\. Choose a score-type"
    ):
        attempt(sigmoid_belief(), estimator)


def test_leave_one_out_of_a_single_draw() -> None:
    with pytest.raises(ValueError, match=r"leave-one-out needs at least 2 draws; B is 1\. Raise B"):
        attempt(conjugate(), LeaveOneOut(), draws=1)


def test_a_site_without_q() -> None:
    problem = conjugate()
    problem.q = Posterior({"w": problem.q.by_site["z"]})
    with pytest.raises(ValueError, match=r"q has no factor for site 'z'; it covers w\. Give it one\."):
        attempt(problem, Score())


def test_a_local_site_in_a_factor_of_all_data() -> None:
    """Σ_i log p(z_i) as one number: per datum, its score would leave it out and be biased without a word."""
    problem = conjugate()

    def summed(batch, latents):
        first, second = problem.model.terms(batch, latents)
        return [Factor(first.name, first.value.sum(-1), first.on), second]

    wrong = Problem(Terms(problem.model.sites, summed), problem.q, problem.batch, problem.objective)
    with pytest.raises(
        ValueError, match=r"'log p\(z\)' contains the local site 'z' but is one number .* one value per data point"
    ):
        attempt(wrong, Score())
