"""A step taken apart is exactly the step that follows: its mean is the gradient, its weights are f, and nothing is disturbed."""

from itertools import islice

import pytest
import torch

from elbo_room.models.deep_generative.settings import Settings
from elbo_room.models.inference.next_step import anatomy, log_joint, peek_next_step
from elbo_room.models.training.run import Run
from tests.models.inference.test_one_path import same, state_of

ESTIMATORS = ("reparameterization", "path_only", "score", "score_xi", "leave_one_out", "dreg", "nvil")


def small(**values) -> Run:
    return Run(Settings(**{"data": "pinwheel", "width": 8, "batch_size": 50, "stop_at": 40, "draws": 3} | values))


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_the_mean_of_the_arrows_is_the_gradient_of_the_step(estimator: str) -> None:
    """Of the loss −ELBO per datum, a row of the table has −(1/M) ĝ: on the tape (step 20) as well as off it."""
    run = small(variational="table", estimator=estimator)
    for number in (0, 20):
        for _ in islice(run, number):
            pass
        found = peek_next_step(run)
        parts = [anatomy(found, run, "z", at) for at in range(50)]
        next(run)
        table = run.q.by_site["z"].table.grad
        for part in parts:
            torch.testing.assert_close(-part.mean / 50, table[part.row], rtol=2e-5, atol=1e-7)


def test_the_encoder_follows_the_mean_of_the_arrows() -> None:
    run = small()
    found = peek_next_step(run)
    encoder = run.q.by_site["z"]
    mean = torch.stack([anatomy(found, run, "z", at).mean for at in range(50)])
    expected = torch.autograd.grad(run.q.nu(run.model.sites["z"], found.batch), list(encoder.parameters()), -mean / 50)
    next(run)
    for parameter, gradient in zip(encoder.parameters(), expected, strict=True):
        torch.testing.assert_close(parameter.grad, gradient, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("estimator", ["reparameterization", "leave_one_out", "nvil"])
def test_looking_ahead_disturbs_nothing(estimator: str) -> None:
    plain, watched = small(estimator=estimator), small(estimator=estimator)
    for _ in plain:
        pass
    while watched.number < 40:
        peek_next_step(watched)
        next(watched)
    assert same(state_of(plain), state_of(watched))


def test_the_weights_of_the_score_are_f_and_those_of_leave_one_out_sum_to_zero() -> None:
    run = small(estimator="score")
    one = anatomy(peek_next_step(run), run, "z", 7)
    q = run.model.sites["z"].family.log_prob(one.value, one.nu).sum(-1)
    at = [log_joint(run, "z", one, (0, 1), value, value, 1)[0] for value in one.value]  # the plane shrunk to z_b
    torch.testing.assert_close(one.weights, torch.stack(at) - q, rtol=1e-4, atol=1e-3)
    torch.testing.assert_close(one.gradient, one.weights[:, None, None] * one.score, rtol=1e-4, atol=1e-3)
    run.change(estimator="leave_one_out")
    centred = anatomy(peek_next_step(run), run, "z", 7)
    torch.testing.assert_close(centred.weights, 1.5 * (one.weights - one.weights.mean()), rtol=1e-3, atol=1e-3)


def test_the_draws_are_formed_from_their_noise() -> None:
    run = small()
    one = anatomy(peek_next_step(run), run, "z", 3)
    torch.testing.assert_close(one.value, one.nu[0] + one.nu[1].exp() * one.noise)


def test_a_global_site_is_taken_apart_too() -> None:
    """The weights of a Bayesian net: ĝ is N times the step's gradient, −∇ELBO per datum; the posterior's log is the factors' sum."""
    from elbo_room.models.conditional.settings import Settings as Conditional

    run = Run(Conditional(width=3, depth=1, batch_size=16, stop_at=5, draws=3))
    one = anatomy(peek_next_step(run), run, "w", 0)
    assert one.row == -1
    at = log_joint(run, "w", one, (0, 1), one.value[1], one.value[1], 1)
    centre = one.nu[0].clone()
    centre[:2] = one.value[1, :2]
    local, total = 0.0, 0.0
    for factor in run.model.factors(one.batch, {"w": centre[None, None]}):
        local += float(factor.value.detach().sum()) if factor.value.ndim == 3 else 0.0
        total += float(factor.value.detach()) if factor.value.ndim == 2 else 0.0
    assert float(at) == pytest.approx(local * run.data.size / 16 + total, rel=1e-5)
    next(run)
    (parameter,) = (p for name, p in run.parameters.items() if p.grad is not None and p.shape == one.mean.shape)
    torch.testing.assert_close(-one.mean / run.data.size, parameter.grad, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("structure", [{}, {"structure": "top_down"}])
def test_the_top_layer_of_a_deep_latent_gaussian_model_is_taken_apart(structure: dict[str, str]) -> None:
    """Its table of ν climbs by the mean of the arrows, whether the layer below follows its draws or not."""
    from elbo_room.models.deep_exponential_family.settings import Settings as Deep

    layers = {"response": "normal", "layer_1": "normal", "layer_2": "normal", "width_1": 5, "width_2": 3}
    run = Run(Deep(**layers, **structure, variational="table", batch_size=30, draws=3, stop_at=5))
    found = peek_next_step(run)
    parts = [anatomy(found, run, "z2", at) for at in range(30)]
    next(run)
    table = run.q.by_site["z2"].table.grad
    for part in parts:
        torch.testing.assert_close(-part.mean / 30, table[part.row], rtol=2e-4, atol=1e-7)
