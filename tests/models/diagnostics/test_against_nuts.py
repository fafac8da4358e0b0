"""q beside the draws of NUTS: the missing variance and the distance are those that theory gives a Gaussian posterior."""

import math

import pytest
import torch

import elbo_room as er
from elbo_room.models.diagnostics.against_nuts import chance, distances, gaussian_distance
from elbo_room.models.variational import Global, Posterior
from tests.models.diagnostics.test_nuts import linear_regression
from tests.models.problems import F64, batch_of, numbers


def test_mean_field_lacks_exactly_the_variance_that_theory_says() -> None:
    """q(w_k) = N(m_k, 1/Λ_kk) is the best mean-field q of N(m, Λ⁻¹): it lacks 1 − 1/(Λ_kk V_kk), V = Λ⁻¹."""
    model, x, mean, variance = linear_regression()
    alone = 1 / torch.linalg.inv(variance).diagonal()
    nu = torch.stack([mean, alone.sqrt().log()])
    q = Posterior({"w": Global(model.sites["w"], nu)})
    found = er.nuts(model, batch_of(x), draws=300, warm_up=100, chains=8, generator=torch.Generator().manual_seed(2))
    against = er.compare(found, model, q, batch_of(x), draws=20_000)
    known = 1 - alone / variance.diagonal()
    assert known.max() > 0.2
    torch.testing.assert_close(against.missing, known, atol=0.08, rtol=0)
    total = 1 - float(alone.sum() / variance.trace())
    assert against.missing_variance == pytest.approx(total, abs=0.08)
    assert against.distance > 2 * against.floor
    assert repr(against).startswith("q against NUTS: ")


def test_a_q_that_is_the_posterior_is_no_farther_than_chance() -> None:
    model, x, mean, variance = linear_regression()
    found = er.nuts(model, batch_of(x), draws=300, warm_up=100, chains=8, generator=torch.Generator().manual_seed(2))
    exact = mean + numbers(2400, 4, seed=9) @ torch.linalg.cholesky(variance).T
    assert gaussian_distance(exact, found.flat.flatten(0, 1)) < 2 * chance(found)
    other = Posterior({"w": Global(model.sites["w"], torch.zeros(2, 4, dtype=F64))})
    with pytest.raises(ValueError, match="q has 5 unknowns and NUTS drew 4; they must be the same"):
        er.compare(er.nuts(model, batch_of(x), draws=4, warm_up=20), *_wider(model, other), batch_of(x))


def _wider(model, q):
    """A model with one more unknown."""
    site = er.Site("w", "global", (5,), er.Normal())
    wide = type(model)({"w": site}, model.terms)
    return wide, Posterior({"w": Global(site, torch.zeros(2, 5, dtype=F64))})


def test_distances_of_gaussians_are_the_formulas() -> None:
    """N(0, 1) and N(2, 3²): W₂² = 2² + (3 − 1)², of the samples' own moments exactly."""
    first, second = numbers(4000, 1, seed=1), 2 + 3 * numbers(4000, 1, seed=2)
    own = math.hypot(float(first.mean() - second.mean()), float(first.std(correction=0) - second.std(correction=0)))
    assert gaussian_distance(first, second) == pytest.approx(own, rel=1e-6)
    assert float(distances(first, second)) == pytest.approx(math.sqrt(8), rel=0.05)
    assert float(distances(first, first)) == 0.0
