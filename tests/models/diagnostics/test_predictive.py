"""The posterior predictive: against closed form for a linear Gaussian model, and calibration if the model is correct."""

import math

import pytest
import torch

from elbo_room.models.conditional.settings import Settings
from elbo_room.models.data import Dataset
from elbo_room.models.diagnostics.predictive import bands, observed, predict, ranks, reliability, scores, weight_draws
from elbo_room.models.presets import PRESETS
from elbo_room.models.training.run import Run


def linear_run(rows: int = 400) -> Run:
    """Y = w·x + .5 ε with a standard normal w: q is set to a known Normal, nothing is trained."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(rows, 2, generator=generator)
    y = x @ torch.tensor([0.6, -0.4]) + 0.5 * torch.randn(rows, generator=generator)
    data = Dataset(name="own", x=x, labels=torch.zeros(rows, dtype=torch.int64), label_names=("all",), shape=(2,), y=y)
    run = Run(Settings(depth=0, intercept=False, spread_from="fixed", spread=0.5), data)
    with torch.no_grad():
        run.q.by_site["w"].table.copy_(torch.tensor([[0.6, -0.4], [math.log(0.3), math.log(0.2)]]))
    return run


def test_bands_are_those_of_a_linear_gaussian_model() -> None:
    """E y = m·x, Var f = Σ x_j² s_j², Var y = that + σ²; from S = 20,000 draws, within four standard errors."""
    run = linear_run()
    x = run.data.x[:5]
    mean, sd_f, sd_y = bands(run.model, predict(run.model, x, weight_draws(run.model, run.q, 20_000)))
    variance = x.square() @ torch.tensor([0.09, 0.04])
    error = variance * math.sqrt(2 / 20_000)  # of Var f, f being Normal
    assert float(((mean - x @ torch.tensor([0.6, -0.4])) / (variance / 20_000).sqrt()).abs().max()) < 4
    assert float(((sd_f.square() - variance) / error).abs().max()) < 4
    assert float(((sd_y.square() - variance - 0.25) / error).abs().max()) < 4


def test_scores_are_the_predictive_density_and_the_error_of_the_mean() -> None:
    """Log (1/S) Σ_s N(y; w_s·x, σ²) tends to log N(y; m·x, Σ x_j² s_j² + σ²)."""
    run = linear_run()
    found = scores(run.model, run.data, weight_draws(run.model, run.q, 20_000))
    x, y = run.data.x, observed(run.data)
    mean, variance = x @ torch.tensor([0.6, -0.4]), x.square() @ torch.tensor([0.09, 0.04]) + 0.25
    known = torch.distributions.Normal(mean, variance.sqrt()).log_prob(y).mean()
    assert found.log_density == pytest.approx(float(known), abs=2e-3)
    assert found.error == pytest.approx(float((y - mean).square().mean().sqrt()), abs=5e-3)
    assert found.words == f"RMSE {found.error:.3g}"


def test_ranks_are_uniform_where_the_model_is_the_truth_and_not_where_it_is_too_sure() -> None:
    """Kolmogorov distance below 1.63/√N (1 %), for numbers and for counts; with a third of the noise it is far above."""
    run = linear_run()
    with torch.no_grad():
        run.q.by_site["w"].table[1] = -9.0
    limit = 1.63 / run.data.size**0.5

    def distance() -> float:
        rank = ranks(run.model, run.data, weight_draws(run.model, run.q, 400)).sort().values
        return float((rank - (torch.arange(len(rank)) + 0.5) / len(rank)).abs().max())

    assert distance() < limit
    run.model.spread = 0.5 / 3
    assert distance() > 2 * limit


def test_reliability_of_true_probabilities_is_on_the_diagonal() -> None:
    generator = torch.Generator().manual_seed(1)
    probability = torch.rand(5000, generator=generator)
    happened = torch.rand(5000, generator=generator) < probability
    found = reliability(probability, happened)
    assert len(found["predicted"]) == 10
    assert ((found["low"] <= found["predicted"]) & (found["predicted"] <= found["high"])).sum() >= 9
    assert float((reliability(probability, happened, 1)["observed"] - happened.float().mean()).abs()) < 1e-6


def test_the_same_noise_every_time_so_that_only_q_moves_a_picture() -> None:
    run = linear_run()
    assert torch.equal(weight_draws(run.model, run.q, 4), weight_draws(run.model, run.q, 4))


def test_data_without_a_response_say_so() -> None:
    data = Dataset(
        name="bare", x=torch.zeros(2, 1), labels=torch.zeros(2, dtype=torch.int64), label_names=("all",), shape=(1,)
    )
    with pytest.raises(ValueError, match="The data 'bare' have no response y"):
        observed(data)


def test_the_scene_of_linear_regression_reaches_the_evidence_that_its_goal_names() -> None:
    """The goal's number is the closed form on the very training data, and the run comes within .005 nats per datum of it."""
    preset = PRESETS["ridge"]
    run = Run(Settings(**preset["settings"]))
    x = torch.cat([run.data.x, torch.ones(run.data.size, 1)], 1).double()
    y, variance, scale = observed(run.data).double(), run.settings.spread**2, run.settings.prior_scale
    covariance = variance * torch.eye(len(x), dtype=torch.float64) + scale**2 * x @ x.T
    evidence = torch.distributions.MultivariateNormal(torch.zeros_like(y), covariance).log_prob(y) / len(y)
    assert f"{float(evidence):.4f}".replace("-", "−") in preset["goal"]
    elbo = [step.elbo for step in run]
    assert sum(elbo[-100:]) / 100 == pytest.approx(float(evidence), abs=5e-3)
