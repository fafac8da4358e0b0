"""Rao-Blackwellisation keeps the mean (see test_unbiased); it lowers the variance of score-type estimators far from the posterior, and
raises it where what it leaves out had cancelled noise; path ones ignore it.
"""

import math

import pytest
import torch

from elbo_room.models.estimators import LeaveOneOut, PathOnly, Reparameterization, Score
from elbo_room.models.exact import toys
from elbo_room.models.inference.costs import RAO_BLACKWELL
from elbo_room.models.inference.estimate import estimate
from elbo_room.models.probing.probe import probe
from tests.models.estimators.test_variance_quadratic import setting
from tests.models.problems import chain, sigmoid_belief, target
from tests.models.truth import LIMIT, distance


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


@pytest.mark.parametrize("x", [(1.5, 0.5), (2.0, -1.0)])
def test_the_blanket_has_noise_where_the_whole_has_none(x: tuple[float, float]) -> None:
    """q is the exact posterior: f is log p(x) and leave-one-out exact. The blanket of a lacks h = log p(b) − log q(b), B = 2: Var h/s²."""
    model, q, batch = toys.pair(x)
    found = {
        level: probe(
            model, q, {"it": LeaveOneOut()}, batch, 2, 100_000, torch.Generator().manual_seed(1), site="a", rao_blackwell=level
        )["it"]
        for level in ("plate", "blanket")
    }  # fmt: skip
    mean, raw = (float(each) for each in q.nu(model.sites["b"], batch).detach()[:, 0])
    square = math.exp(2 * raw)
    known = (mean**2 * square + 0.5 * (1 - square) ** 2) / square
    assert float(found["plate"].parameter_variance[0, 0]) < 1e-10
    moments = found["blanket"].of_site
    variance, error = (float(getattr(moments, name)[0, 0]) for name in ("parameter_variance", "parameter_error"))
    assert abs(variance - known) < 4 * error


def offsets() -> tuple[torch.Tensor, torch.Tensor]:
    """Rows and their groups, of 4, 3 and 2 rows."""
    return torch.tensor([0.5, 1.5, 2.0, -0.3, -1.0, 0.2, -2.0, 3.0, 2.5]), torch.tensor([0, 0, 0, 0, 1, 1, 1, 2, 2])


@pytest.mark.parametrize("apart", [False, True], ids=["one site", "a site a group"])
@pytest.mark.parametrize(
    "estimator", [Score(), LeaveOneOut(), Reparameterization(), PathOnly()], ids=lambda part: part.name
)
@pytest.mark.parametrize("level", RAO_BLACKWELL)
def test_offsets_of_groups_have_the_exact_gradient(apart: bool, estimator, level: str) -> None:
    """Σ_{i in g} x_i/σ² − Λ_g m_g and 1 − Λ_g s_g², within four standard errors in every coordinate."""
    x, group = offsets()
    model, q, batch = toys.groups(x, group, spread=1.5, scale=0.8, apart=apart)
    precision = 1 / 1.5**2 + group.bincount() / 0.8**2
    exact = torch.stack([torch.zeros(3).index_add_(0, group, x) / 0.8**2, 1 - precision])  # (2, G)
    generator = torch.Generator().manual_seed(3)
    found = estimate(
        model, q, dict.fromkeys(model.sites, estimator), batch, 2, generator, replicates=20_000, rao_blackwell=level
    )
    sample = torch.cat([found.draw_gradients(site).mean(1)[:, 0] for site in model.sites.values()], -1)  # (R, 2, G)
    assert float(distance(sample.double(), exact.double()).abs().max()) < LIMIT


def test_a_site_of_each_group_leaves_out_the_other_groups_rows() -> None:
    """One site of all offsets has every row in its blanket, a group's own site only its own: less than half the variance."""
    x, group = offsets()
    variance = {}
    for apart in (False, True):
        model, q, batch = toys.groups(x, group, apart=apart)
        found = estimate(
            model, q, dict.fromkeys(model.sites, Score()), batch, 2, torch.Generator().manual_seed(3), replicates=20_000,
            rao_blackwell="blanket",
        )  # fmt: skip
        sample = torch.cat([found.draw_gradients(site).mean(1)[:, 0] for site in model.sites.values()], -1)
        variance[apart] = sample.var(0)
    assert bool((variance[True] < 0.5 * variance[False]).all())
