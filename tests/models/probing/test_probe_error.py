"""The probe's own numbers: its error band is correct, its signal-to-noise and its ξ*, ρ² are the known ones."""

import math

import pytest
import torch

from elbo_room.models.estimators import PathOnly, Reparameterization, Score
from elbo_room.models.families import Normal
from elbo_room.models.probing.probe import control_variate, probe
from tests.models.estimators.test_variance_quadratic import setting
from tests.models.problems import conjugate, log_normal, target


@pytest.mark.parametrize(
    ("estimator", "replicates"),
    [(Reparameterization(), 64), (PathOnly(), 64), (Score(), 512)],
    ids=lambda part: str(part),
)
def test_error_is_calibrated(estimator, replicates: int) -> None:
    """Over 600 probes the spread of `variance` equals its root mean square `error`, within four standard errors of their ratio.

    The relative standard error of a spread of n numbers of kurtosis κ is √((κ − 1)/4n), that of the other one is sd(error²)/2 mean √n.
    """
    problem, generator = conjugate(), torch.Generator().manual_seed(0)
    found = [
        probe(problem.model, problem.q, {"it": estimator}, problem.batch, 4, replicates, generator)["it"]
        for _ in range(600)
    ]
    variance, squared = (torch.tensor(each) for each in zip(*((r.variance, r.error**2) for r in found), strict=True))
    kurtosis = ((variance - variance.mean()) / variance.std()).pow(4).mean()
    off = math.sqrt(float((kurtosis - 1) / 4 + (squared.std() / squared.mean() / 2) ** 2) / len(found))
    assert off < 0.1, "the test has power: heavy tails leave 8 % to the score, light ones 3 %"
    assert abs(float(variance.std() / squared.mean().sqrt()) - 1) < 4 * off


def test_mean_and_its_error_match_the_exact_gradient() -> None:
    problem = conjugate()
    found = probe(
        problem.model, problem.q, {"it": Score()}, problem.batch, 4, 20_000, torch.Generator().manual_seed(1)
    )["it"]
    bias, error = found.bias(problem.exact["z"])
    assert float((bias / error).abs().max()) < 4


def test_signal_to_noise_is_mean_over_standard_deviation() -> None:
    """Reparameterisation of (x − k)²: ‖(2δ, 2s²)‖ / √(4s² + s²(4δ² + 8s²)) at B = 1."""
    delta, s = 1.0, 0.7
    model, q, batch = setting(delta, s)
    generator = torch.Generator().manual_seed(2)
    known = math.hypot(2 * delta, 2 * s * s) / math.sqrt(4 * s**2 + s**2 * (4 * delta**2 + 8 * s**2))
    found = torch.tensor(
        [probe(model, q, {"it": PathOnly()}, batch, 1, 5000, generator)["it"].signal_to_noise for _ in range(40)]
    )
    within_four_errors(found, known)


def within_four_errors(found: torch.Tensor, known: float) -> None:
    """The mean of independent estimates is `known` within four of its standard errors, which are below 1 %."""
    error = float(found.std()) / len(found) ** 0.5
    assert error < 0.01 * known, "the test has power"
    assert abs(float(found.mean()) - known) < 4 * error


def test_xi_and_rho_squared_are_the_known_ones() -> None:
    """ξ* = tr Cov(fs, s)/tr Var(s) over (μ, ρ) and the variance it leaves, (1 − ρ²), by the table's moments.

    E[f s_μ²] = (δ² + 3s²)/s², E[f s_ρ²] = 2(δ² + 5s²), tr Var s = 1/s² + 2.
    """
    delta, s = 0.8, 0.9
    d, v = delta**2, s**2
    model, q, batch = setting(delta, s)
    generator = torch.Generator().manual_seed(3)
    found = [control_variate(model, q, batch, 20_000, generator) for _ in range(40)]
    xi, rho = (torch.stack(each).flatten() for each in zip(*found, strict=True))
    top, bottom = (d + 3 * v) / v + 2 * (d + 5 * v), 1 / v + 2
    variance = (d**2 / v + 14 * d + 15 * v) + v * (2 * d**2 / v + 60 * d + 74 * v)
    within_four_errors(xi, top / bottom)
    within_four_errors(rho, top**2 / (bottom * variance))


def test_one_replicate_is_refused() -> None:
    problem = conjugate()
    with pytest.raises(ValueError, match=r"at least 2 replicates, R was 1. Raise R"):
        probe(problem.model, problem.q, {"it": Score()}, problem.batch, 4, 1, torch.Generator())


def test_a_constant_target_has_no_variance_and_a_finite_signal_to_noise() -> None:
    nu = torch.zeros(2, 1, dtype=torch.float64)
    model, q, batch = target(Normal(), nu, lambda z: log_normal(z, 0.0, 1.0), cancel_q=False)
    found = probe(model, q, {"it": PathOnly()}, batch, 2, 16, torch.Generator())["it"]
    assert found.variance == 0
    assert found.signal_to_noise == 0
