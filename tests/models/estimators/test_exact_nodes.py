"""E ĝ = ∇ELBO to 1e-9: quadrature nodes and enumerated states go through `estimate` in place of random draws.

B draws from a discrete measure with weights v give Σ_b v(b₁) … v(b_B) ĝ(b₁, …, b_B): every combination is one
replicate. A Gauss-Hermite
measure integrates polynomials exactly, and E s = 0 under it too, so an unbiased estimator is exact whatever its
baseline.
"""

import itertools
import math

import numpy as np
import pytest
import torch
from torch import Tensor

from elbo_room.models.estimators import (
    AnalyticEntropy,
    AnalyticKL,
    Estimator,
    LeaveOneOut,
    PathOnly,
    QuadraticMiller,
    QuadraticSurrogate,
    Reparameterization,
    Score,
    ScoreXi,
)
from elbo_room.models.inference.costs import RAO_BLACKWELL
from elbo_room.models.inference.estimate import estimate
from tests.models.problems import Problem, conjugate, sigmoid_belief
from tests.models.truth import every

ONE = {name: conjugate([row]) for row, name in enumerate(("first", "second", "third"))}
BELIEF = sigmoid_belief()


def hermite(count: int) -> tuple[Tensor, Tensor]:
    nodes, weights = np.polynomial.hermite_e.hermegauss(count)
    return torch.tensor(nodes), torch.tensor(weights) / math.sqrt(2 * math.pi)


def mean_over_nodes(problem: Problem, estimator: Estimator, draws: int, level: str, count: int = 5) -> Tensor:
    nodes, weights = hermite(count)
    picks = torch.tensor(list(itertools.product(range(count), repeat=draws)))  # (R, B)
    found = estimate(
        problem.model, problem.q, every(estimator, problem.model), problem.batch, draws, torch.Generator(),
        replicates=len(picks), noise={"z": nodes[picks][:, :, None, None]}, rao_blackwell=level,
    )  # fmt: skip
    per_replicate = found.draw_gradients(problem.model.sites["z"]).mean(1)  # (R, M, n_params, K)
    return torch.einsum("r,rmpk->mpk", weights[picks].prod(1), per_replicate)


@pytest.mark.parametrize("level", RAO_BLACKWELL)
@pytest.mark.parametrize("problem", ONE.values(), ids=ONE)
@pytest.mark.parametrize(
    ("estimator", "draws"),
    [
        (Score(), 1),
        (Reparameterization(), 1),
        (PathOnly(), 1),
        (AnalyticEntropy(), 1),
        (AnalyticKL(), 1),
        (QuadraticMiller(), 1),
        (QuadraticSurrogate(), 1),
        (LeaveOneOut(), 2),
        (LeaveOneOut(), 3),
        (ScoreXi(), 2),
        (ScoreXi(), 4),
    ],
    ids=lambda part: getattr(part, "name", str(part)),
)
def test_quadrature_nodes_give_the_exact_gradient(
    problem: Problem, estimator: Estimator, draws: int, level: str
) -> None:
    torch.testing.assert_close(
        mean_over_nodes(problem, estimator, draws, level), problem.exact["z"], rtol=1e-9, atol=1e-9
    )


@pytest.mark.parametrize("draws", [2, 3, 4])
def test_xi_from_the_same_draws_is_not_exact(draws: int) -> None:
    """Its ξ depends on the draw that it multiplies: a shrunken gradient, ever less so as B grows."""
    exact = ONE["first"].exact["z"]
    measured = mean_over_nodes(ONE["first"], ScoreXi(xi_from="same_draws"), draws, "plate")
    assert float((measured - exact).norm() / exact.norm()) > 0.1


@pytest.mark.parametrize("level", RAO_BLACKWELL)
@pytest.mark.parametrize("estimator", [Score(), LeaveOneOut(), ScoreXi()], ids=lambda part: part.name)
def test_enumerated_states_give_the_exact_gradient(estimator: Estimator, level: str) -> None:
    """All 16 states of one datum's four units, drawn once (score) or as all 256 pairs (B = 2); the other data stay
    put.
    """
    draws = estimator.least_draws
    states = torch.tensor(list(itertools.product((0.0, 1.0), repeat=4)), dtype=torch.float64)  # (S, 4)
    picks = torch.tensor(list(itertools.product(range(16), repeat=draws)))  # (R, B)
    noise = (1 - states[picks]) * (1 - 1e-12)  # a state 1 is drawn by ε = 0, a state 0 by ε → 1
    batch = BELIEF.batch
    one = type(batch)(batch.x[:1], batch.rows[:1], 1)
    found = estimate(
        BELIEF.model, BELIEF.q, every(estimator, BELIEF.model), one, draws, torch.Generator(),
        replicates=len(picks), noise={"top": noise[:, :, None, :2], "low": noise[:, :, None, 2:]}, rao_blackwell=level,
    )  # fmt: skip
    chance = torch.cat(
        [BELIEF.q.nu(site, one)[0, 0].sigmoid() for site in BELIEF.model.sites.values()]
    ).detach()  # (4,)
    mass = torch.where(states > 0, chance, 1 - chance).prod(1)[picks].prod(1)  # (R,)
    assert float(mass.sum()) == pytest.approx(1, abs=1e-12)
    for name, site in BELIEF.model.sites.items():
        mean = torch.einsum("r,rmpk->mpk", mass, found.draw_gradients(site).mean(1))
        torch.testing.assert_close(mean, BELIEF.exact[name][:1], rtol=1e-9, atol=1e-9)
