"""NUTS against exact posteriors: R̂ < 1.01, quantiles within 3 Monte Carlo errors; the statistics of chains against what is known."""

import math

import pytest
import torch
from torch import Tensor

import elbo_room as er
from elbo_room.models.core import Factor, Site
from elbo_room.models.diagnostics.chains import bulk_size, effective_size, quantile_error, r_hat, rank_normalised
from elbo_room.models.diagnostics.nuts import Nuts, Samples, Target, nuts, windows
from elbo_room.models.exact.probabilistic_pca import ProbabilisticPCA
from elbo_room.models.families import Bernoulli, Normal
from tests.models.problems import F64, Terms, batch_of, log_normal, numbers, sigmoid_belief

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)


def linear_regression() -> tuple[Terms, Tensor, Tensor, Tensor]:
    """y = Xw + ε with correlated features and scales 1 and 10: the posterior N(m, V) is Gaussian. (model, data, m, V)."""
    x = numbers(30, 4, seed=1)
    x[:, 1] = 0.6 * x[:, 0] + 0.8 * x[:, 1]
    x[:, 2] = x[:, 2] * 10
    y = x @ torch.tensor([1.0, -1.0, 0.1, 0.5], dtype=F64) + 0.7 * numbers(30, seed=2)
    precision = torch.eye(4, dtype=F64) / 4 + x.T @ x / 0.49
    variance = torch.linalg.inv(precision)
    mean = variance @ x.T @ y / 0.49

    def terms(batch, latents):
        w = latents["w"]  # (R, B, 4)
        return [
            Factor("log p(w)", log_normal(w, 0.0, 2.0).sum(-1), frozenset({"w"})),
            Factor("log p(y|x, w)", log_normal(y, w @ batch.x.T, 0.7), frozenset({"w"})),
        ]

    return Terms({"w": Site("w", "global", (4,), Normal())}, terms), x, mean, variance


def assert_exact(found, mean: Tensor, deviation: Tensor) -> None:
    """Every quantile of every unknown within 3 Monte Carlo standard errors of the Gaussian one, R̂ < 1.01, and nothing to warn of."""
    assert max(found.r_hat) < 1.01
    assert found.divergences == 0
    for level in LEVELS:
        value, error = found.quantile(level)
        known = mean + deviation * float(torch.special.ndtri(torch.tensor(level, dtype=F64)))
        assert float(((value - known) / error).abs().max()) < 3


def test_linear_regression_is_exact() -> None:
    model, x, mean, variance = linear_regression()
    found = nuts(model, batch_of(x), draws=300, warm_up=100, chains=8, generator=torch.Generator().manual_seed(2))
    assert_exact(found, mean, variance.diagonal().sqrt())
    assert found.warnings == []
    assert 0.65 < found.acceptance < 0.97
    correlation = torch.corrcoef(found.flat.flatten(0, 1).T)
    known = variance / variance.diagonal().sqrt().outer(variance.diagonal().sqrt())
    assert float((correlation - known).abs().max()) < 0.1
    lines = repr(found).splitlines()
    assert lines[0] == "Posterior by NUTS: 8 chains of 300 draws, 0 divergences"
    assert lines[2].startswith("w[1]")
    assert "<caption>Posterior by NUTS" in found._repr_html_()


def test_latents_of_probabilistic_pca_are_exact() -> None:
    """θ known: the posterior of each data point is N(M⁻¹βᵀ(x − m), σ²M⁻¹), with correlated coordinates."""
    exact = ProbabilisticPCA(torch.zeros(3, dtype=F64), numbers(3, 2, seed=4), 0.5, torch.ones(3, dtype=F64))
    x = numbers(4, 3, seed=5)

    def terms(batch, latents):
        z = latents["z"]
        return [
            Factor("log p(z)", log_normal(z, 0.0, 1.0).sum(-1), frozenset({"z"})),
            Factor("log p(x|z)", log_normal(batch.x, z @ exact.loadings.T, math.sqrt(0.5)).sum(-1), frozenset({"z"})),
        ]

    model = Terms({"z": Site("z", "local", (2,), Normal())}, terms)
    found = nuts(model, batch_of(x), draws=150, warm_up=60, chains=16, generator=torch.Generator().manual_seed(3))
    assert found.draws["z"].shape == (16, 150, 4, 2)
    assert found.names[:3] == ("z[1, 1]", "z[1, 2]", "z[2, 1]")
    mean, covariance = exact.posterior(x)
    assert_exact(found, mean.flatten(), covariance.diagonal().sqrt().repeat(4))


def test_the_same_generator_gives_the_same_draws() -> None:
    model, x, _, _ = linear_regression()
    first, second = (nuts(model, batch_of(x), draws=5, warm_up=20, chains=2) for _ in range(2))
    assert torch.equal(first.flat, second.flat)


def test_a_step_of_the_integrator_can_be_taken_back() -> None:
    """Leapfrog with −ε from where +ε led is where it started, and energy is kept to O(ε²)."""
    model, x, _, _ = linear_regression()
    sampler = Nuts(Target(model, batch_of(x)), 3, 20, torch.Generator().manual_seed(2))
    here, step = sampler.state, torch.full((3, 1), 0.003, dtype=F64)
    here.momentum = sampler._normal()
    there = sampler._leap(here, step)
    back = sampler._leap(there, -step)
    torch.testing.assert_close(back.z, here.z, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(back.momentum, here.momentum, rtol=1e-6, atol=1e-6)


def test_a_step_that_is_far_too_long_diverges_and_the_sentences_say_so() -> None:
    model, x, _, _ = linear_regression()
    sampler = Nuts(Target(model, batch_of(x)), 3, 0, torch.Generator().manual_seed(2))
    before = sampler.state.z
    sampler.averaging.restart(1e4)
    assert torch.equal(next(sampler), before)
    assert sampler.divergences == 3
    flat = torch.arange(24.0).reshape(3, 8, 1)
    found = Samples({"w": flat}, flat, ("w[1]",), 3, 1, 0.1, 0.8, 5)
    assert [each.split(" ")[0] for each in found.warnings] == ["3", "1", "R̂", "The"]
    assert all(each.endswith(".") for each in found.warnings)


def test_windows_are_stans() -> None:
    assert windows(1000) == [100, 150, 250, 450, 950]
    assert windows(20) == [18]


def chains(rho: float, count: int = 4, draws: int = 2000, seed: int = 0) -> Tensor:
    """AR(1) chains with variance 1."""
    noise = torch.randn(count, draws, generator=torch.Generator().manual_seed(seed), dtype=F64)
    found = [noise[:, 0]]
    for t in range(1, draws):
        found.append(rho * found[-1] + math.sqrt(1 - rho**2) * noise[:, t])
    return torch.stack(found, 1)


def test_effective_sizes_of_autoregressive_chains() -> None:
    """τ = (1 + ρ)/(1 − ρ)."""
    for rho in (0.0, 0.5, 0.8):
        known = 8000 * (1 - rho) / (1 + rho)
        assert bulk_size(chains(rho)) == pytest.approx(known, rel=0.15)
    assert effective_size(chains(-0.5)) > 15_000


def test_r_hat_sees_location_scale_and_drift() -> None:
    good = chains(0.0)
    assert r_hat(good) < 1.01
    shifted, wide, drift = good.clone(), good.clone(), good + torch.linspace(0, 2, 2000, dtype=F64)
    shifted[0] += 1
    wide[0] *= 3
    assert min(map(r_hat, (shifted, wide, drift))) > 1.03


def test_ranks_share_ties_and_do_not_see_monotone_maps() -> None:
    torch.testing.assert_close(
        rank_normalised(torch.tensor([[1.0, 1.0], [5.0, 9.0]]))[0].diff(), torch.zeros(1, dtype=F64)
    )
    draws = chains(0.3, draws=200)
    torch.testing.assert_close(rank_normalised(draws), rank_normalised(draws.exp()))
    assert math.isnan(r_hat(torch.ones(2, 10, dtype=F64)))


def test_a_quantiles_error_is_its_spread_over_repetitions() -> None:
    medians = torch.tensor([float(chains(0.5, draws=400, seed=seed).median()) for seed in range(60)])
    told = quantile_error(chains(0.5, draws=400), 0.5)
    assert told == pytest.approx(float(medians.std()), rel=0.35)


def test_what_it_cannot_sample_is_refused() -> None:
    problem = sigmoid_belief()
    with pytest.raises(ValueError, match="every unknown must be a real number; site 'top' is Bernoulli"):
        er.nuts(problem.model, problem.batch)
    assert Bernoulli().discrete
    model, x, _, _ = linear_regression()
    with pytest.raises(ValueError, match="at least 2"):
        er.nuts(model, batch_of(x), chains=1)
    many = Terms({"z": Site("z", "local", (2,), Normal())}, model.terms)
    with pytest.raises(ValueError, match="202 unknowns for these 101 data points; NUTS is for at most 200"):
        er.nuts(many, batch_of(torch.zeros(101, 1, dtype=F64)))
