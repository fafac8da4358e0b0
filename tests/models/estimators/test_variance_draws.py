"""How variance falls with B: as 1/B for independent draws, and by the sample covariance's own formula for
leave-one-out.
"""

import math

import pytest
import torch

from elbo_room.models.estimators import ESTIMATORS, LeaveOneOut, PathOnly, Reparameterization, Score
from elbo_room.models.probing.probe import probe
from tests.models.estimators.moments import per_draw
from tests.models.estimators.test_variance_quadratic import setting
from tests.models.problems import chain
from tests.models.truth import applies


@pytest.mark.parametrize("estimator", [Score(), Reparameterization(), PathOnly()], ids=lambda part: part.name)
def test_slope_against_draws_is_minus_one(estimator) -> None:
    """Var of B draws = Var of one / B. The slope over B = 1 … 8 is within 4 standard errors of −1, and one is below
    .03.
    """
    problem, counts = chain(), [1, 2, 4, 8]
    found = [
        probe(
            problem.model,
            problem.q,
            {"it": estimator},
            problem.batch,
            draws,
            10_000,
            torch.Generator().manual_seed(draws),
            site="low",
        )["it"]
        for draws in counts
    ]
    x = torch.tensor([math.log(count) for count in counts])
    x = x - x.mean()
    y = torch.tensor([math.log(report.variance) for report in found])
    error = math.sqrt(
        sum(float(weight) ** 2 * (report.error / report.variance) ** 2 for weight, report in zip(x, found, strict=True))
    )
    error /= float(x.square().sum())
    assert error < 0.03
    assert float((x * y).sum() / x.square().sum()) == pytest.approx(-1, abs=4 * error)


@pytest.mark.parametrize("draws", [2, 4, 16])
def test_leave_one_out_is_a_sample_covariance(draws: int) -> None:
    """ĝ = Σ (f_b − f̄)(s_b − s̄)/(B − 1), so Var ĝ = μ₂₂/B − (B−2)/(B(B−1)) Cov² + Var f Var s/(B(B−1)).

    For f = (z − k)², s = (z − μ)/σ²: μ₂₂ = 12δ² + 10σ², Cov = 2δ, Var f = 4δ²σ² + 2σ⁴, Var s = 1/σ².
    """
    delta, sd, replicates = 0.5, 0.7, 200_000
    d, v = delta**2, sd**2
    known = (
        (12 * d + 10 * v) / draws
        - (draws - 2) / (draws * (draws - 1)) * 4 * d
        + (4 * d + 2 * v) / (draws * (draws - 1))
    )
    given = per_draw(setting(delta, sd), LeaveOneOut(), replicates=replicates, draws=draws).mean(1)[:, 0]
    kurtosis = float(((given - given.mean()) ** 4).mean() / given.var() ** 2)
    assert kurtosis < 94  # no heavier than ξ*'s
    assert float(given.var()) == pytest.approx(known, rel=4 * math.sqrt(kurtosis / replicates))


def test_a_pilot_costs_eight_more_evaluations_for_each_site() -> None:
    from elbo_room.models.estimators import ScoreXi

    problem = chain()
    both = {"pilot": ScoreXi(xi_from="pilot"), "others": ScoreXi()}
    found = probe(problem.model, problem.q, both, problem.batch, 4, 8, torch.Generator(), site="low")
    assert (found["pilot"].evaluations, found["others"].evaluations) == (4 + 8 * len(problem.model.sites), 4)


def test_those_that_do_not_apply_are_left_out() -> None:
    problem = chain()
    parts = {name: part() for name, part in ESTIMATORS.items()}
    found = probe(problem.model, problem.q, parts, problem.batch, 1, 4, torch.Generator(), site="low")
    assert set(found) == {name for name, part in parts.items() if applies(problem, part, 1)}
    assert "leave_one_out" not in found
    assert "analytic_kl" not in found, "log p(low | top) is no prior of low alone"
