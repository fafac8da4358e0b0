"""`best_estimator` names the least variance × cost, says how sure it is, and refuses what makes no sense."""

import math

import pytest
import torch

import elbo_room as er
from elbo_room.models.estimators import NotApplicableError
from elbo_room.models.probing import best
from elbo_room.models.probing.best import Best, Contender, best_estimator
from tests.models.problems import logistic, sigmoid_belief


def test_it_names_path_gradients_for_a_smooth_model_and_gives_its_error() -> None:
    problem = logistic()
    found = best_estimator(
        problem.model, problem.q, problem.batch, ["score", "leave_one_out", "path_only", "arm"], draws=4
    )
    assert found.name == "path_only"
    assert found.ratio("score") > 5
    assert 0 < found.error < found.work
    assert set(found.not_applicable) == {"arm"}
    assert "for Bernoulli latents" in found.not_applicable["arm"]
    lines = repr(found).splitlines()
    assert lines[0].startswith("Least variance × seconds at B = 4: path_only, ")
    assert lines[-1].startswith("arm does not apply: ARM is for Bernoulli")
    assert "<caption>Least variance" in found._repr_html_()


def test_it_changes_nothing_and_needs_no_list() -> None:
    problem = sigmoid_belief()
    before = {name: value.clone() for name, value in problem.q.state_dict().items()}
    found = best_estimator(problem.model, problem.q, problem.batch, seconds=0.3, draws=2)
    assert found.contenders[0].work <= found.contenders[-1].work
    assert not {"iwae", "gumbel_softmax", "straight_through"} & {each.name for each in found.contenders}
    assert all(torch.equal(before[name], value) for name, value in problem.q.state_dict().items())
    assert all(parameter.grad is None for parameter in problem.q.parameters())


def test_more_replicates_are_averaged_by_their_number() -> None:
    one = Contender("a", 4.0, 2.0, 0.5, 10).and_more(1.0, 1.0, 30)
    assert one.variance == pytest.approx((10 * 4 + 30 * 1) / 40)
    assert one.error == pytest.approx(math.hypot(10 * 2, 30 * 1) / 40)
    assert (one.replicates, one.work) == (40, one.variance * 0.5)


def test_it_says_how_far_ahead_the_first_is() -> None:
    first, second = Contender("a", 1.0, 0.3, 1.0, 8), Contender("b", 2.0, 0.4, 1.0, 8)
    assert Best((first, second), 4).gap == pytest.approx(2.0)
    assert Best((first,), 4).gap == math.inf
    assert "alone" in repr(Best((first,), 4))


def test_only_those_that_may_still_be_best_are_measured_again() -> None:
    close, far = Contender("b", 1.1, 0.2, 1.0, 8), Contender("c", 9.0, 0.2, 1.0, 8)
    best_one = Contender("a", 1.0, 0.1, 1.0, 8)
    found = {each.name: each for each in (best_one, close, far)}
    assert best._most_uncertain(found) == "b"
    assert best._most_uncertain({"a": best_one, "c": far}) is None


def test_an_estimator_that_came_too_late_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = logistic()
    found = best_estimator(problem.model, problem.q, problem.batch, ["score", "path_only"], seconds=1e-9)
    assert [each.name for each in found.contenders] == ["score"]
    assert found.not_reached == ("path_only",)
    assert "no time to measure: path_only" in repr(found)


@pytest.mark.parametrize("seconds", [0, -1, math.inf, math.nan, True, "5"])
def test_a_time_limit_is_a_positive_number(seconds) -> None:
    problem = logistic()
    with pytest.raises(ValueError, match=r"The time limit was .* seconds; it must be a positive number\. 5 is usual\."):
        er.best_estimator(problem.model, problem.q, problem.batch, seconds=seconds)


def test_nothing_to_compare_is_refused() -> None:
    problem = logistic()
    with pytest.raises(ValueError, match="at least one is needed"):
        best_estimator(problem.model, problem.q, problem.batch, [])
    with pytest.raises(NotApplicableError, match=r"No estimator applies here\. arm: ARM is for Bernoulli"):
        best_estimator(problem.model, problem.q, problem.batch, ["arm"], seconds=0.2)
