"""Variance of the ELBO's gradient for Gaussians, q = N(m, s²), p = N(m0, s0²), ν = (m, log s), D = m − m0: the
published formulas.
"""

import math

import pytest
import torch

from elbo_room.models.estimators import LeaveOneOut, PathOnly, Reparameterization, Score, ScoreXi
from elbo_room.models.families import Normal
from tests.models.estimators.moments import Baseline, exact_moments, per_draw
from tests.models.problems import log_normal, target

M0, S0 = 0.4, 1.2
POINTS = [(0.9, 0.5), (-0.3, 1.6), (0.4, 1.2)]  # m, s


def setting(m: float, s: float, constant: float = 0.0):
    nu = torch.tensor([[m], [math.log(s)]], dtype=torch.float64)
    return target(Normal(), nu, lambda z: log_normal(z, M0, S0) + constant, cancel_q=False)


@pytest.mark.parametrize(("m", "s"), POINTS)
def test_total_and_path_only(m: float, s: float) -> None:
    gap, v, v0 = m - M0, s**2, S0**2
    truth = [-gap / v0, 1 - v / v0]
    known = {
        Reparameterization(): [v / v0**2, v * gap**2 / v0**2 + 2 * v**2 / v0**2],
        PathOnly(): [(1 / s - s / v0) ** 2, v * gap**2 / v0**2 + 2 * (1 - v / v0) ** 2],
    }
    for estimator, variances in known.items():
        mean, variance = exact_moments(setting(m, s), estimator)
        assert mean.tolist() == pytest.approx(truth, abs=1e-9)
        assert variance.tolist() == pytest.approx(variances, abs=1e-9)


def test_path_only_is_worse_for_the_mean_when_q_is_narrow() -> None:
    """Exactly when s² < s0²/2."""
    for ratio, worse in ((0.49, True), (0.51, False)):
        at = setting(0.9, S0 * math.sqrt(ratio))
        assert bool(exact_moments(at, PathOnly())[1][0] > exact_moments(at, Reparameterization())[1][0]) is worse


@pytest.mark.parametrize(
    "estimator", [Score(), PathOnly(), LeaveOneOut(), ScoreXi(), ScoreXi(xi_from="pilot")], ids=lambda part: part.name
)
def test_no_variance_at_the_optimum(estimator) -> None:
    """q = p: f is constant, zero even, so every draw's gradient vanishes."""
    given = per_draw(setting(M0, S0), estimator, replicates=100, draws=4)
    assert float(given.abs().max()) < 1e-12


def test_the_total_derivative_keeps_variance_at_the_optimum() -> None:
    """1/s² and 2."""
    assert exact_moments(setting(M0, S0), Reparameterization())[1].tolist() == pytest.approx([1 / S0**2, 2], abs=1e-9)


def test_an_unnormalised_target_costs_plain_score_alone() -> None:
    """f = c: Var = c² Var(s) = c²/s² and 2c² for score; none with ξ* = c, leave-one-out or path only."""
    at = setting(M0, S0, constant=3.0)
    assert exact_moments(at, Score())[1].tolist() == pytest.approx([9 / S0**2, 18], abs=1e-9)
    for estimator in (Baseline(3.0), PathOnly(), LeaveOneOut(), ScoreXi()):
        assert float(per_draw(at, estimator, replicates=100, draws=4).abs().max()) < 1e-9
