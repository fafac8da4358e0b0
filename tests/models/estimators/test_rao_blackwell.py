"""Rao-Blackwellisation keeps the mean (see test_unbiased) and lowers the variance of score-type estimators; path ones
ignore it.
"""

import pytest
import torch

from elbo_room.models.estimators import LeaveOneOut, PathOnly, Reparameterization, Score
from elbo_room.models.inference.costs import RAO_BLACKWELL
from elbo_room.models.inference.probe import probe
from tests.models.estimators.test_variance_quadratic import setting
from tests.models.problems import chain, sigmoid_belief, target


def variances(problem, estimator, site: str) -> list[float]:
    given = [
        probe(
            problem.model,
            problem.q,
            {"it": estimator},
            problem.batch,
            4,
            20_000,
            torch.Generator().manual_seed(1),
            site=site,
            rao_blackwell=level,
        )
        for level in RAO_BLACKWELL
    ]
    return [report["it"].variance for report in given]


@pytest.mark.parametrize(("make", "site"), [(sigmoid_belief, "top"), (chain, "top")])
def test_variance_of_score_falls_from_none_to_plate_to_blanket(make, site: str) -> None:
    """Each step by more than a fifth, on the same draws; standard errors are below 3 %."""
    whole, plate, blanket = variances(make(), Score(), site)
    assert blanket < 0.8 * plate < 0.64 * whole


@pytest.mark.parametrize("site", ["top", "low"])
def test_variance_of_leave_one_out_falls_too(site: str) -> None:
    whole, plate, blanket = variances(chain(), LeaveOneOut(), site)
    assert blanket < plate < whole


@pytest.mark.parametrize("estimator", [Reparameterization(), PathOnly()], ids=lambda part: part.name)
def test_path_estimators_ignore_the_level(estimator) -> None:
    problem = chain()
    given = [
        probe(
            problem.model,
            problem.q,
            {"it": estimator},
            problem.batch,
            4,
            8,
            torch.Generator().manual_seed(1),
            site="low",
            rao_blackwell=level,
        )
        for level in RAO_BLACKWELL
    ]
    assert len({report["it"].variance for report in given}) == 1


@pytest.mark.parametrize("copies", [1, 4, 16, 64])
def test_naive_score_grows_with_the_square_of_the_data_and_the_plate_level_not_at_all(copies: int) -> None:
    """For D equal terms f = Σ_d f_d, Var(f s_1) = E[f₁²s²] + 2E[f₁s²]E F + E[F²]E[s²] − 4δ² with F the other D − 1
    terms' sum.

    For μ: E[f₁²s²] = δ⁴/σ² + 18δ² + 15σ², E[f₁s²] = δ²/σ² + 3, E f = δ² + σ², Var f = 4δ²σ² + 2σ⁴, E s² = 1/σ²: of
    order D².
    """
    delta, sd = 0.5, 0.7
    d, v, others = delta**2, sd**2, copies - 1
    single = setting(delta, sd)
    nu = single[1].nu(single[0].sites["z"], single[2])[0].detach()
    model, q, batch = target(single[0].sites["z"].family, nu, lambda z: (z - 1.3) ** 2, copies=copies)
    far, spread = others * (d + v), others * (4 * d * v + 2 * v * v)
    grown = d**2 / v + 18 * d + 15 * v + 2 * (d / v + 3) * far + (far**2 + spread) / v - 4 * d
    alone = d**2 / v + 14 * d + 15 * v
    for level, known in (("none", grown), ("plate", alone), ("blanket", alone)):
        report = probe(
            model, q, {"it": Score()}, batch, 1, 4_000, torch.Generator().manual_seed(copies), rao_blackwell=level
        )["it"]
        error = float(
            (47 / (4_000 * (1 if level == "none" else copies))) ** 0.5
        )  # κ ≤ 47; data share their f at level none
        assert float(report.parameter_variance[0, 0]) == pytest.approx(known, rel=4 * error)
    if copies == 64:
        assert grown == pytest.approx((d + v) ** 2 / v * copies**2, rel=0.1)
