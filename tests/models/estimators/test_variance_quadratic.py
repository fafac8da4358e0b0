"""Variance of one draw for f(x) = (x − k)² under q = N(μ, s²): the published table, exactly by nodes and again by
random draws.

The engine's ν is (μ, ρ = log s), so its derivative for ρ is s times the table's for s, and its variance s² times.
"""

import math

import pytest
import torch

from elbo_room.models.estimators import Estimator, PathOnly, Reparameterization, Score
from elbo_room.models.families import Normal
from tests.models.estimators.moments import KAPPA, Baseline, exact_moments, per_draw
from tests.models.problems import target

POINTS = [(0.5, 0.7), (-1.0, 1.0), (2.0, 0.4)]  # δ, s
K = 1.3


def setting(delta: float, s: float, *, cancel_q: bool = True):
    nu = torch.tensor([[K + delta], [math.log(s)]], dtype=torch.float64)
    return target(Normal(), nu, lambda z: (z - K) ** 2, cancel_q=cancel_q)


def table(delta: float, s: float) -> dict[str, tuple[Estimator, float, float]]:
    d, v = delta**2, s**2
    return {
        "score": (Score(), d**2 / v + 14 * d + 15 * v, 2 * d**2 / v + 60 * d + 74 * v),
        "baseline E f": (Baseline(d + v), 8 * d + 10 * v, 40 * d + 56 * v),
        "ξ* of μ": (Baseline(d + 3 * v), 8 * d + 6 * v, math.nan),
        "ξ* of s": (Baseline(d + 5 * v), math.nan, 40 * d + 24 * v),
        "reparameterisation": (PathOnly(), 4 * v, 4 * d + 8 * v),
    }


@pytest.mark.parametrize("name", table(1, 1))
@pytest.mark.parametrize(("delta", "s"), POINTS)
def test_table_by_quadrature(name: str, delta: float, s: float) -> None:
    estimator, for_mean, for_scale = table(delta, s)[name]
    mean, variance = exact_moments(setting(delta, s), estimator)
    torch.testing.assert_close(mean, torch.tensor([2 * delta, 2 * s * s], dtype=torch.float64), rtol=1e-9, atol=1e-9)
    for known, found in ((for_mean, variance[0]), (for_scale * s**2, variance[1])):
        assert math.isnan(known) or float(found) == pytest.approx(known, rel=1e-9)


@pytest.mark.parametrize(("delta", "s"), POINTS)
def test_total_derivative_has_the_same_table_when_the_entropy_is_exact(delta: float, s: float) -> None:
    """f and −log q live: the entropy's derivative (0, 1) is a constant, so the variance is that of ∇f."""
    mean, variance = exact_moments(setting(delta, s, cancel_q=False), Reparameterization())
    assert mean.tolist() == pytest.approx([2 * delta, 2 * s * s + 1], rel=1e-9)
    assert variance.tolist() == pytest.approx([4 * s**2, s**2 * (4 * delta**2 + 8 * s**2)], rel=1e-9)


@pytest.mark.parametrize(
    ("name", "kappa"),
    [("score", "score"), ("ξ* of μ", "oracle"), ("ξ* of s", "oracle"), ("reparameterisation", "reparameterization")],
)
@pytest.mark.parametrize(("delta", "s"), POINTS)
def test_table_by_random_draws(name: str, kappa: str, delta: float, s: float) -> None:
    """Within 4√(κ/R), with κ the largest kurtosis that the table lists for this estimator."""
    replicates = 400_000
    estimator, for_mean, for_scale = table(delta, s)[name]
    variance = per_draw(setting(delta, s), estimator, replicates=replicates)[:, 0].var(0)
    for known, found, tail in zip((for_mean, for_scale * s**2), variance.tolist(), KAPPA[kappa], strict=True):
        assert math.isnan(known) or found == pytest.approx(known, rel=4 * math.sqrt(tail / replicates))


@pytest.mark.parametrize("baseline", [0.0, 0.1, 0.7 * 0.3025 + 0.3 * 0.2025])
def test_bernoulli_unit(baseline: float) -> None:
    """p(1−p)(f1−f0) and p(1−p)[(f1−c)(1−p) + (f0−c)p]²: .0155938 for f = (b − .45)², p = .3, c = 0; zero at c* =
    f1(1−p) + f0 p.
    """
    from elbo_room.models.families import Bernoulli

    p, f1, f0 = 0.3, 0.55**2, 0.45**2
    nu = torch.tensor([[math.log(p / (1 - p))]], dtype=torch.float64)
    both = {"z": torch.tensor([0.0, 1 - 1e-12], dtype=torch.float64)[None, :, None, None]}  # the states 1 and 0
    given = per_draw(target(Bernoulli(), nu, lambda z: (z - 0.45) ** 2), Baseline(baseline), both)[0, :, 0]
    mean = p * given[0] + (1 - p) * given[1]
    variance = p * given[0] ** 2 + (1 - p) * given[1] ** 2 - mean**2
    assert float(mean) == pytest.approx(p * (1 - p) * (f1 - f0), abs=1e-12)
    assert float(variance) == pytest.approx(
        p * (1 - p) * ((f1 - baseline) * (1 - p) + (f0 - baseline) * p) ** 2, abs=1e-12
    )
    if baseline == 0:
        assert float(variance) == pytest.approx(0.0155938, abs=5e-8)
