"""A run: the same bits for the same seed, live knobs that take effect at the next step, and refusals in plain sentences."""

import math
from itertools import islice

import pytest
import torch

from elbo_room.models.deep_generative.settings import Settings
from elbo_room.models.settings import SettingError
from elbo_room.models.training.run import Run
from elbo_room.models.training.run_from import run_from
from tests.models.inference.test_one_path import same, state_of


def small(**values) -> Settings:
    return Settings(**{"data": "pinwheel", "width": 8, "batch_size": 200, "stop_at": 40} | values)


@pytest.mark.parametrize("variational", ["amortized", "table"])
@pytest.mark.parametrize("estimator", ["reparameterization", "score_xi"])
def test_same_seed_same_bits(variational: str, estimator: str) -> None:
    torch.manual_seed(1)
    first = Run(small(variational=variational, estimator=estimator, xi_from="pilot"))
    steps = list(first)
    torch.manual_seed(2)  # the global seed is nobody's business
    second = Run(small(variational=variational, estimator=estimator, xi_from="pilot"))
    assert steps == list(second)
    assert same(state_of(first), state_of(second))
    assert [step.number for step in steps] == list(range(1, 41))


def test_another_seed_is_another_run() -> None:
    assert next(Run(small(seed=1))).elbo != next(Run(small(seed=2))).elbo


def test_the_terms_sum_to_the_elbo() -> None:
    for step in islice(Run(small()), 3):
        assert sum(step.terms.values()) == pytest.approx(step.elbo, abs=1e-4)


def test_training_raises_the_elbo() -> None:
    steps = list(Run(small(stop_at=300, step_size=0.01)))
    assert steps[-1].elbo > steps[0].elbo + 0.3


def test_it_rests_at_stop_at_and_goes_on_when_that_is_raised() -> None:
    run = Run(small(stop_at=3))
    assert len(list(run)) == 3
    assert list(run) == []
    run.change(stop_at=5)
    assert [step.number for step in run] == [4, 5]


def test_every_pass_sees_every_row_once() -> None:
    """Batches of 200 of 500 rows: two a pass, disjoint; the rest of 100 starts the next pass."""
    run = Run(small())
    first, second, third = (run.next_batch().rows.tolist() for _ in range(3))
    assert not set(first) & set(second)
    assert len(set(first + second)) == 400
    assert len(set(third)) == 200


def test_a_batch_larger_than_the_data_is_all_of_it() -> None:
    batch = Run(small(batch_size=2000)).next_batch()
    assert sorted(batch.rows.tolist()) == list(range(500))


def test_prior_scale_changes_log_prior_by_its_closed_form() -> None:
    """log p(θ) = −Σθ²/(2λ²) − W log λ − ½W log 2π, per data point, at the very next step; the bound stays, bit for bit."""
    plain, changed = Run(small()), Run(small())
    next(plain), next(changed)
    squares = sum(float(p.detach().double().square().sum()) for p in changed.model.decoder.parameters())
    weights = sum(p.numel() for p in changed.model.decoder.parameters())

    def log_prior(scale: float) -> float:
        return (-squares / (2 * scale**2) - weights * math.log(scale) - 0.5 * weights * math.log(2 * math.pi)) / 500

    changed.change(prior_scale=0.2)
    before, after = next(plain), next(changed)
    assert before.log_prior == pytest.approx(log_prior(1.0), rel=1e-5)
    assert after.log_prior == pytest.approx(log_prior(0.2), rel=1e-5)
    assert (before.elbo, before.terms) == (after.elbo, after.terms)
    assert after.objective - before.objective == pytest.approx(log_prior(0.2) - log_prior(1.0), rel=1e-4)


@pytest.mark.parametrize(
    "values",
    [{"draws": 9}, {"estimator": "leave_one_out"}, {"batch_size": 64}, {"rao_blackwell": "none", "estimator": "score"}],
)
def test_a_live_change_is_a_run_that_had_it_from_that_step_on(values: dict) -> None:
    """The stream before the change is untouched, the step after it differs."""
    plain, changed = Run(small(stop_at=4)), Run(small(stop_at=4))
    assert next(plain) == next(changed)
    changed.change(**values)
    after = next(changed)
    assert next(plain).number == after.number == 2
    assert not same(state_of(plain), state_of(changed))


def test_step_size_acts_at_the_next_step() -> None:
    """Adam's first step is ρ · sign(ĝ): ten times the step size, ten times the way."""
    ways = []
    for step_size in (0.001, 0.01):
        run = Run(small())
        before = [p.detach().clone() for p in run.parameters.values()]
        run.change(step_size=step_size)
        next(run)
        ways.append(
            sum(float((p.detach() - old).norm()) for p, old in zip(run.parameters.values(), before, strict=True))
        )
    assert ways[1] / ways[0] == pytest.approx(10, rel=1e-2)


def test_a_step_size_that_cools_falls_as_one_over_t() -> None:
    """ρ_t = ρ min(1, t₀/t): with t₀ = 1 the second step goes half the way of the same step without, and the third a third."""
    plain, cooled = Run(small()), Run(small())
    cooled.change(cooling=1)
    assert same(state_of(plain), state_of(cooled))
    for number in (1, 2, 3):
        cooled.load_tensors(plain.tensors(), plain.number)
        before = torch.cat([p.detach().flatten() for p in plain.parameters.values()])
        ways = []
        for run in (plain, cooled):
            next(run)
            ways.append(torch.cat([p.detach().flatten() for p in run.parameters.values()]) - before)
        torch.testing.assert_close(number * ways[1], ways[0], rtol=1e-2, atol=1e-6)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"width": 16}, "width cannot change during a run; start a new one. Live settings are: batch_size, beta, "),
        ({"seed": 1}, "seed cannot change during a run"),
        ({"latent_dim": 3}, "latent_dim cannot change during a run"),
        ({"draws": 65}, r"Draws B was 65; it must be a whole number from 1 to 64. The nearest allowed value is 64\."),
        (
            {"prior_scale": 0.0},
            "Prior scale λ was 0; it must be a number from 0.01 to 100. The nearest allowed value is 0.01",
        ),
        ({"step_size": math.nan}, "Step size ρ was 'nan'; it must be a number from 1e-05 to 1"),
        ({"estimator": "magic"}, "Estimator was 'magic'; choose one of: score, "),
    ],
)
def test_refusals(values: dict, sentence: str) -> None:
    run = Run(small())
    before = run.settings
    with pytest.raises(SettingError, match=sentence):
        run.change(**values)
    assert run.settings == before


def test_refused_together_means_nothing_changed() -> None:
    run = Run(small())
    with pytest.raises(SettingError, match="Draws B was 0"):
        run.change(prior_scale=0.5, draws=0)
    assert run.settings.prior_scale == run.model.prior.scale == 1.0


@pytest.mark.parametrize("name", ["leave_one_out", "score_xi"])
def test_estimators_that_compare_draws_need_two(name: str) -> None:
    with pytest.raises(SettingError, match=r"does not apply. .* needs at least 2 draws; B is 1. Raise B"):
        Run(small(estimator=name, draws=1))
    run = Run(small(draws=1))
    with pytest.raises(SettingError, match=r"needs at least 2 draws; B is 1. Raise B, or choose another estimator"):
        run.change(estimator=name)
    run.change(estimator=name, draws=2)
    with pytest.raises(SettingError, match="needs at least 2 draws; B is 1"):
        run.change(draws=1)
    assert run.settings.draws == 2


def test_settings_are_checked_at_the_start() -> None:
    with pytest.raises(SettingError, match=r"Bernoulli does not apply. It needs values in \[0, 1\]"):
        Run(small(response="bernoulli"))


def test_a_model_without_q_is_refused() -> None:
    made = Run(small())
    with pytest.raises(ValueError, match=r"A model came without q, its variational family\. Write Run\("):
        run_from(small(), made.data, model=made.model)
