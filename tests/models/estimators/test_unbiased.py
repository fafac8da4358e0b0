"""E ĝ = ∇ELBO: every unbiased estimator, ξ source and Rao-Blackwell level, within 4 standard errors of the exact
gradient.
"""

import pytest

from elbo_room.models.estimators import Estimator, Reparameterization, Score
from elbo_room.models.inference.costs import RAO_BLACKWELL
from tests.models.problems import PROBLEMS, Problem
from tests.models.truth import DEAR, applies, assert_unbiased, every, truth_of, unbiased_estimators

MADE = {name: make() for name, make in PROBLEMS.items()}


CASES = [
    pytest.param(problem, estimator, draws, level, id=f"{name}-{kind}-B{draws}-{level}")
    for name, problem in MADE.items()
    for kind, estimator in unbiased_estimators().items()
    for draws in (1, 2, 4)
    for level in RAO_BLACKWELL
    if applies(problem, estimator, draws)
    and truth_of(problem, {"": estimator}, draws)
    and (level == "plate" or not (estimator.path or estimator.name in DEAR))
]


@pytest.mark.parametrize(("problem", "estimator", "draws", "level"), CASES)
def test_mean_is_the_exact_gradient(problem: Problem, estimator: Estimator, draws: int, level: str) -> None:
    assert_unbiased(problem, every(estimator, problem.model), draws, level)


@pytest.mark.parametrize("level", RAO_BLACKWELL)
@pytest.mark.parametrize("score_site", ["w", "z"])
def test_a_site_may_use_score_while_the_other_uses_path(score_site: str, level: str) -> None:
    problem = MADE["plates"]
    mixed = {name: Score() if name == score_site else Reparameterization() for name in problem.model.sites}
    assert_unbiased(problem, mixed, 2, level)
