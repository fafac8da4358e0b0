"""Every listed estimator: a subclass that states what it is, says when it does not apply, and leaves its mean alone
if it says so.
"""

import dataclasses

import pytest
import torch

from models.estimators import ESTIMATORS, Context, Draw, Estimator
from models.families import Bernoulli, Normal
from tests.models.problems import conjugate, numbers, sigmoid_belief
from tests.models.truth import assert_unbiased, every

ALL = list(ESTIMATORS.values())
ids = list(ESTIMATORS)


@pytest.mark.parametrize("part", ALL, ids=ids)
class TestEstimator:
    def test_is_a_frozen_part_with_its_source(self, part: type[Estimator]) -> None:
        assert issubclass(part, Estimator)
        assert dataclasses.is_dataclass(part)
        assert part.__dataclass_params__.frozen
        assert any(character.isdigit() for character in part.source), "a source has a year"
        assert part() == part()

    def test_mean_is_exact_if_it_says_so(self, part: type[Estimator]) -> None:
        estimator = part()
        assert estimator.unbiased
        for problem in (conjugate(), sigmoid_belief()):
            if not any(estimator.supports(site.family, 3) for site in problem.model.sites.values()):
                assert_unbiased(problem, every(estimator, problem.model), 3, "blanket", seed=9)

    def test_says_when_it_needs_more_draws(self, part: type[Estimator]) -> None:
        estimator = part()
        assert estimator.supports(Normal(), part.least_draws) is None
        if part.least_draws > 1:
            reason = estimator.supports(Normal(), part.least_draws - 1)
            assert reason
            assert f"at least {part.least_draws} draws" in reason
            assert any(need["knob"] == "draws" and need["low"] == part.least_draws for need in part.requires), (
                "the form says it too"
            )

    def test_path_needs_a_differentiable_transformation(self, part: type[Estimator]) -> None:
        reason = part().supports(Bernoulli(), 4)
        assert (reason is not None) == part.path
        if reason:
            assert "Bernoulli is not. Choose a score-type estimator." in reason

    def test_surrogate_is_a_term_a_datum_and_draw(self, part: type[Estimator]) -> None:
        estimator, family = part(), Normal()
        nu = numbers(1, 4, 3, 2, 2, seed=1).requires_grad_()
        value = family.transform(numbers(1, 4, 3, 2, seed=2), nu)
        draw = Draw(family, nu, value if part.path else value.detach())
        surrogate = estimator.surrogate(draw, Context(numbers(1, 4, 3, seed=3)))
        assert surrogate.shape == (1, 4, 3)
        (slope,) = torch.autograd.grad(surrogate.sum(), nu)
        assert slope.isfinite().all()
        assert float(slope.abs().max()) > 0


def test_an_unknown_source_of_xi_is_refused() -> None:
    from models.estimators import ScoreXi

    with pytest.raises(
        ValueError, match="ξ was to come from 'tea leaves'; choose one of: leave_one_out, pilot, same_draws"
    ):
        ScoreXi(xi_from="tea leaves")


def test_xi_of_the_others_keeps_its_digits() -> None:
    """‖s‖² of one draw may be a billion times another's: float32 still gives ξ₋ᵦ, a mean of the others' f, to 1e-5."""
    from models.estimators import ScoreXi

    generator = torch.Generator().manual_seed(0)
    cost = torch.randn(500, 4, 1, generator=generator) * 20 - 80
    norm = (torch.randn(500, 4, 1, generator=generator) * 8).exp()
    found = ScoreXi().coefficient(cost, norm)
    torch.testing.assert_close(found, ScoreXi().coefficient(cost.double(), norm.double()).float(), rtol=1e-5, atol=0)


def test_a_pilot_that_did_not_come_is_missed() -> None:
    from models.estimators import ScoreXi

    family, nu = Normal(), numbers(1, 4, 3, 2, 2, seed=1)
    with pytest.raises(ValueError, match="wants 8 pilot draws; call it through `estimate`"):
        ScoreXi(xi_from="pilot").surrogate(
            Draw(family, nu, numbers(1, 4, 3, 2, seed=2)), Context(numbers(1, 4, 3, seed=3))
        )
