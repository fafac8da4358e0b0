"""Learned baselines: their memory is of past steps alone, and it helps."""

from dataclasses import replace

import pytest
import torch

from elbo_room.models.estimators import ESTIMATORS, LeaveOneOut, Nvil, Score, ScoreXi
from elbo_room.models.inference.estimate import estimate
from tests.models.problems import PROBLEMS, conjugate, sigmoid_belief
from tests.models.truth import every, gradients

PARTS = [part() for part in ESTIMATORS.values()]
RUNNING = [replace(part, xi_from="running") for part in PARTS if hasattr(part, "xi_from")]
ADAPTIVE = [part for part in (*PARTS, *RUNNING) if part.warm_up and not part.path]


def one(problem, estimator, memory, seed: int):
    found = estimate(
        problem.model, problem.q, every(estimator, problem.model), problem.batch, 3,
        torch.Generator().manual_seed(seed), memory=memory,
    )  # fmt: skip
    problem.q.zero_grad()
    return {name: found.draw_gradients(site) for name, site in problem.model.sites.items()}


@pytest.mark.parametrize("estimator", ADAPTIVE, ids=lambda part: part.name)
def test_memory_is_read_before_it_is_written(estimator) -> None:
    """The first step is plain score's, or leave-one-out's; a later one is the same whatever the steps after it will add."""
    problem, memory = sigmoid_belief(), {}
    first, score = (
        one(problem, estimator, memory, 1),
        one(problem, LeaveOneOut() if estimator.name == "double_control_variates" else Score(), {}, 1),
    )
    if (
        "relax" not in estimator.name and estimator.name != "rodeo"
    ):  # their network's first weights come out of the same generator
        for name in first:
            torch.testing.assert_close(first[name], score[name], rtol=1e-12, atol=1e-12)
    kept = {part: dict(values) for part, values in memory.items()}
    assert all(
        isinstance(value, torch.Tensor) and not value.requires_grad for part in kept.values() for value in part.values()
    )
    assert all("/" not in key for part in kept.values() for key in part)
    later, again = (one(problem, estimator, {part: dict(v) for part, v in kept.items()}, 2) for _ in range(2))
    for name in later:
        assert torch.equal(later[name], again[name])


@pytest.mark.parametrize("make", PROBLEMS.values(), ids=PROBLEMS)
def test_a_learned_baseline_lowers_the_variance_at_one_draw(make) -> None:
    """Leave-one-out needs two draws; NVIL does not."""
    problem = make()
    nvil, score = (gradients(problem, every(part, problem.model), 1, "plate") for part in (Nvil(), Score()))
    assert sum(float(each.var(0).sum()) for each in nvil.values()) < 0.75 * sum(
        float(each.var(0).sum()) for each in score.values()
    )


def test_a_running_xi_is_near_the_optimum() -> None:
    """With one datum's ν everywhere alike it comes within 15 % of the best ξ of any one number."""
    problem = conjugate([1])
    running, score = (
        gradients(problem, every(part, problem.model), 4, "plate") for part in (ScoreXi(xi_from="running"), Score())
    )
    assert float(running["z"].var(0).sum()) < float(score["z"].var(0).sum())
