"""The toys have the means and variances that their docstrings state."""

import pytest
import torch

from elbo_room.models.estimators import LeaveOneOut, PathOnly, Reparameterization, Score
from elbo_room.models.exact import toys
from elbo_room.models.probing.probe import probe

PARTS = {part.name: part() for part in (Score, LeaveOneOut, Reparameterization, PathOnly)}


def measured(problem, draws=1, replicates=40_000):
    return probe(*problem[:2], PARTS, problem[2], draws, replicates, torch.Generator().manual_seed(0))


def errors(report, known: float) -> float:
    """How many standard errors the variance for μ lies from the known one; 1e-9 where there is none."""
    moments = report.of_site
    variance, error = float(moments.parameter_variance[0, 0]), float(moments.parameter_error[0, 0])
    return (variance - known) / max(error, 1e-9)


def test_quadratic():
    """δ = 1.5, s = .8: means 2δ and 2s²; variance for μ of score and reparameterisation within 4 √(κ/R)."""
    found, delta, s2 = measured(toys.quadratic(1.5, 0.8)), 1.5, 0.64
    for report in found.values():
        mean, error = report.mean[0, :, 0], report.mean_error[0, :, 0]
        assert ((mean - torch.tensor([2 * delta, 2 * s2])).abs() < 4 * error).all()
    assert float(found["score"].parameter_variance[0]) == pytest.approx(
        delta**4 / s2 + 14 * delta**2 + 15 * s2, rel=4 * (47 / 40_000) ** 0.5
    )
    assert abs(errors(found["path_only"], 4 * s2)) < 4


@pytest.mark.parametrize(("scale", "worse"), [(1.0, False), (0.5, True), (0.9, False)])
def test_gaussian(scale, worse):
    found = measured(toys.gaussian(0.3, scale))
    path, total = (float(found[name].parameter_variance[0, 0]) for name in ("path_only", "reparameterization"))
    assert abs(errors(found["path_only"], (1 / scale - scale) ** 2)) < 4
    assert abs(errors(found["reparameterization"], scale**2)) < 4
    assert (path > total) == worse


def test_bernoulli_unit():
    """p = .3, f(b) = (b − .45)²: the score's variance is .0155938 − what known answers give for c = 0."""
    problem = toys.bernoulli_unit(float(torch.logit(torch.tensor(0.3))), 0.45**2, 0.55**2)
    report = probe(*problem[:2], {"score": Score()}, problem[2], 1, 200_000, torch.Generator().manual_seed(0))["score"]
    assert abs(report.variance - 0.0155938) < 4 * report.error
    assert float(report.mean) == pytest.approx(0.21 * (0.55**2 - 0.45**2), abs=4 * float(report.mean_error))
