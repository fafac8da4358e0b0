"""Every listed estimator: a subclass that states what it is, says when it does not apply, and leaves its mean alone
if it says so.
"""

import dataclasses

import pytest
import torch

from elbo_room.models.core import Factor
from elbo_room.models.estimators import ESTIMATORS, Context, Draw, Estimator
from elbo_room.models.families import FAMILIES, Family, Normal
from tests.models.contracts.parts import conditions_of
from tests.models.problems import bayesian_layer, conjugate, numbers, sigmoid_belief
from tests.models.truth import LIMIT, applies, assert_unbiased, bias_in_errors, every

ALL = list(ESTIMATORS.values())
ids = list(ESTIMATORS)

LATENT = {name: family for name, family in FAMILIES.items() if family.variational and family.scored}


def own_family(part: type[Estimator]) -> Family:
    """Normal where the estimator takes it, else the first family that it takes."""
    return next(family() for family in LATENT.values() if part().supports(family(), 64) is None)


@pytest.mark.parametrize("part", ALL, ids=ids)
class TestEstimator:
    def test_is_a_frozen_part_with_its_source(self, part: type[Estimator]) -> None:
        assert issubclass(part, Estimator)
        assert dataclasses.is_dataclass(part)
        assert part.__dataclass_params__.frozen
        assert any(character.isdigit() for character in part.source), "a source has a year"
        assert part() == part()

    def test_mean_is_exact_if_declared(self, part: type[Estimator]) -> None:
        estimator = part()
        problems = [each for each in (conjugate(), sigmoid_belief(), bayesian_layer()) if applies(each, estimator, 3)]
        assert problems
        for problem in problems:
            if part.unbiased:
                assert_unbiased(problem, every(estimator, problem.model), 3, "blanket", seed=9)
            else:
                assert bias_in_errors(problem, every(estimator, problem.model), 3, "blanket", seed=9) > 2 * LIMIT
                assert "biased" in part.label

    def test_it_declares_when_it_needs_more_draws(self, part: type[Estimator]) -> None:
        estimator = part()
        family = own_family(part)
        assert estimator.supports(family, part.least_draws) is None
        if part.least_draws > 1:
            reason = estimator.supports(family, part.least_draws - 1)
            assert reason
            assert f"at least {part.least_draws} draws" in reason
            assert any(
                each["knob"] == "draws" and each["low"] == part.least_draws
                for each in conditions_of({"requires": part.requires})
            ), "the form says it too"

    @pytest.mark.parametrize("family", LATENT.values(), ids=LATENT)
    def test_it_declares_its_families(self, part: type[Estimator], family: type[Family]) -> None:
        """A path estimator of a value that cannot be differentiated refuses it, unless it brings a value of its own."""
        reason = part().supports(family(), 4)
        if part.path and part.value is Estimator.value and not family().reparameterizable:
            assert reason
        if part.supports is Estimator.supports:
            assert (reason is not None) == (part.path and not family().reparameterizable)
        if reason:
            assert family.label in reason
            assert reason.endswith(".")
            assert " Choose " in reason, "it says what to do"

    def test_draws_that_reach_the_model_carry_a_path_only_if_declared(self, part: type[Estimator]) -> None:
        family = own_family(part)
        nu = numbers(1, 4, 3, family.n_params, 2, seed=1).requires_grad_()
        noise = family.noise((1, 4, 3, 2), torch.Generator().manual_seed(2), torch.float64)
        assert part().value(family, noise, nu).requires_grad == part.path

    def test_surrogate_is_one_term_per_data_point_and_draw(self, part: type[Estimator]) -> None:
        estimator, family = part(), own_family(part)
        nu = numbers(1, 4, 3, family.n_params, 2, seed=1).requires_grad_()
        noise = family.noise((1, 4, 3, 2), torch.Generator().manual_seed(2), torch.float64)
        draw = Draw(family, nu, estimator.value(family, noise, nu), noise)
        prior = torch.zeros(family.n_params, 1, dtype=torch.float64)
        log_w = numbers(1, 4, 3, seed=4)
        context = Context(
            numbers(1, 4, 3, seed=3),
            at=lambda values, live=False: -values.pow(4).sum(-1),
            weights=log_w.softmax(1) * 4,
            log_weights=log_w,
            auxiliary=lambda count: numbers(1, count, 3, seed=5),
            prior=Factor("log p(z)", family.log_prob(draw.value, prior).sum(-1), frozenset({"z"}), prior),
        )
        surrogate = estimator.surrogate(draw, context)
        assert surrogate.shape == (1, 4, 3)
        (slope,) = torch.autograd.grad(surrogate.sum(), nu)
        assert slope.isfinite().all()
        assert float(slope.abs().max()) > 0


def test_an_unknown_source_of_xi_is_refused() -> None:
    from elbo_room.models.estimators import ScoreXi

    with pytest.raises(
        ValueError, match="The source of ξ was 'tea leaves'; choose one of: leave_one_out, pilot, running, same_draws"
    ):
        ScoreXi(xi_from="tea leaves")


def test_xi_of_the_others_keeps_its_digits() -> None:
    """‖s‖² of one draw may be a billion times another's: float32 still gives ξ₋ᵦ, a mean of the others' f, to 1e-5."""
    from elbo_room.models.estimators import ScoreXi

    generator = torch.Generator().manual_seed(0)
    cost = torch.randn(500, 4, 1, generator=generator) * 20 - 80
    norm = (torch.randn(500, 4, 1, generator=generator) * 8).exp()
    found = ScoreXi().coefficient(cost, norm)
    torch.testing.assert_close(found, ScoreXi().coefficient(cost.double(), norm.double()).float(), rtol=1e-5, atol=0)


def test_a_pilot_that_did_not_come_is_missed() -> None:
    from elbo_room.models.estimators import ScoreXi

    family, nu = Normal(), numbers(1, 4, 3, 2, 2, seed=1)
    with pytest.raises(ValueError, match="needs 8 pilot draws; call it through `estimate`"):
        ScoreXi(xi_from="pilot").surrogate(
            Draw(family, nu, numbers(1, 4, 3, 2, seed=2)), Context(numbers(1, 4, 3, seed=3))
        )
