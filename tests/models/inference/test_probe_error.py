"""The probe's own numbers: its error band is honest, its signal-to-noise and its ξ*, ρ² are the known ones."""

import math

import pytest
import torch

from elbo_room.models.estimators import PathOnly, Reparameterization, Score
from elbo_room.models.families import Normal
from elbo_room.models.inference.probe import control_variate, probe
from tests.models.estimators.test_variance_quadratic import setting
from tests.models.problems import conjugate, log_normal, target


@pytest.mark.parametrize(
    ("estimator", "replicates"),
    [(Reparameterization(), 64), (PathOnly(), 64), (Score(), 512)],
    ids=lambda part: str(part),
)
def test_error_is_calibrated(estimator, replicates: int) -> None:
    """Over 600 probes the spread of `variance` equals its `error` on average, within 15 % (its own 4 standard errors
    are 12 %).
    """
    problem, generator = conjugate(), torch.Generator().manual_seed(0)
    found = [
        probe(problem.model, problem.q, {"it": estimator}, problem.batch, 4, replicates, generator)["it"]
        for _ in range(600)
    ]
    spread = torch.tensor([report.variance for report in found]).std()
    error = torch.tensor([report.error for report in found]).square().mean().sqrt()
    assert float(spread / error) == pytest.approx(1, abs=0.15)


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
    found = probe(model, q, {"it": PathOnly()}, batch, 1, 100_000, torch.Generator().manual_seed(2))["it"]
    known = math.hypot(2 * delta, 2 * s * s) / math.sqrt(4 * s**2 + s**2 * (4 * delta**2 + 8 * s**2))
    assert found.signal_to_noise == pytest.approx(known, rel=0.03)


def test_xi_and_rho_squared_are_the_known_ones() -> None:
    """ξ* = tr Cov(fs, s)/tr Var(s) over (μ, ρ) and the variance it leaves, (1 − ρ²), by the table's moments.

    E[f s_μ²] = (δ² + 3s²)/s², E[f s_ρ²] = 2(δ² + 5s²), tr Var s = 1/s² + 2.
    """
    delta, s = 0.8, 0.9
    d, v = delta**2, s**2
    model, q, batch = setting(delta, s)
    xi, rho = control_variate(model, q, batch, 400_000, torch.Generator().manual_seed(3))
    top, bottom = (d + 3 * v) / v + 2 * (d + 5 * v), 1 / v + 2
    variance = (d**2 / v + 14 * d + 15 * v) + v * (2 * d**2 / v + 60 * d + 74 * v)
    assert float(xi) == pytest.approx(top / bottom, rel=0.02)
    assert float(rho) == pytest.approx(top**2 / (bottom * variance), rel=0.03)


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
