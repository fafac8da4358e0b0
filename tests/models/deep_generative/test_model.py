"""A deep generative model without hidden layers and with one σ IS probabilistic PCA: as a density, at its optimum,
and when trained.
"""

import math
from dataclasses import replace
from functools import cache

import pytest
import torch
from torch import Tensor

from elbo_room.models.data import Dataset, from_array
from elbo_room.models.deep_generative.model import DeepGenerative, build
from elbo_room.models.deep_generative.settings import Settings
from elbo_room.models.diagnostics import active, kl_per_dimension
from elbo_room.models.estimators import PathOnly, Reparameterization
from elbo_room.models.exact.probabilistic_pca import ProbabilisticPCA, best_elbo, fit, subspace_angle
from elbo_room.models.inference.estimate import estimate
from elbo_room.models.training.run import Run
from elbo_room.models.training.run_from import run_from
from elbo_room.models.variational import Posterior

SCALE_FLOOR = Settings().scale_floor
SPECTRUM = (6.0, 3.0, 1.5, 0.3, 0.2, 0.1)


def known_spectrum(rows: int = 200) -> Dataset:
    """Data whose sample covariance has exactly these eigenvalues, in a random basis."""
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(rows, 6, generator=generator, dtype=torch.float64)
    white = torch.linalg.svd(noise - noise.mean(0), full_matrices=False).U * math.sqrt(rows)
    basis = torch.linalg.qr(torch.randn(6, 6, generator=generator, dtype=torch.float64)).Q
    return from_array(white * torch.tensor(SPECTRUM, dtype=torch.float64).sqrt() @ basis.T + 0.5)


def linear(
    data: Dataset, latent_size: int, variance: float, variational: str = "amortized"
) -> tuple[DeepGenerative, Posterior, Settings]:
    """A linear decoder with one fixed σ, and its q."""
    settings = Settings(
        depth=0, latent_size=latent_size, scale_head="shared", variational=variational, prior_scale=100.0,
        batch_size=2000, draws=4,
        estimator="path_only", step_size=0.02, stop_at=800,
    )  # fmt: skip
    model, q = build(settings, data, torch.Generator().manual_seed(1))
    assert model.raw_scale is not None
    with torch.no_grad():
        model.raw_scale.fill_(math.log(math.expm1(math.sqrt(variance) - SCALE_FLOOR)))
    model.raw_scale.requires_grad_(requires_grad=False)
    return model, q, settings


@torch.no_grad()
def set_to(model: DeepGenerative, q: Posterior, known: ProbabilisticPCA) -> None:
    """Decoder and encoder at the closed-form optimum."""
    precision = known.precision().diagonal()
    model.decoder.out.weight.copy_(known.loadings)
    model.decoder.out.bias.copy_(known.mean)
    encoder = q.by_site["z"].encoder.out
    encoder.weight.zero_()
    encoder.weight[: known.latent_size] = known.loadings.T / (known.variance * precision[:, None])
    encoder.bias[: known.latent_size] = -encoder.weight[: known.latent_size] @ known.mean
    encoder.bias[known.latent_size :] = -0.5 * precision.log()


def test_at_the_exact_posterior_every_draw_equals_log_p_x() -> None:
    """ELBO = log p(x) with no variance at all, path only has none either, and the total derivative keeps some."""
    data = known_spectrum()
    known = fit(data.x, 2, variance=0.9)
    model, q, _ = linear(data, 2, 0.9)
    model, q = model.double(), q.double()
    set_to(model, q, known)
    batch = data.whole()
    batch = type(batch)(batch.x.double(), batch.rows, batch.total)
    found = estimate(model, q, {"z": PathOnly()}, batch, 8, torch.Generator().manual_seed(2))
    assert float(found.elbo) == pytest.approx(float(known.log_likelihood(batch.x).mean()), abs=1e-7)
    assert float(found.elbo) == pytest.approx(best_elbo(known.eigenvalues, 2, 0.9), abs=1e-7)
    assert float(found.draw_gradients(model.sites["z"]).abs().max()) < 1e-6
    total = estimate(model, q, {"z": Reparameterization()}, batch, 8, torch.Generator().manual_seed(2))
    assert float(total.draw_gradients(model.sites["z"]).abs().max()) > 1


@cache
def trained(variational: str) -> tuple[Run, ProbabilisticPCA]:
    data = known_spectrum()
    model, q, settings = linear(data, 4, 1.0, variational)
    run = run_from(settings, data, model=model, q=q)
    for _ in run:
        pass
    run.change(step_size=0.002, stop_at=1000)
    for _ in run:
        pass
    return run, fit(data.x, 4, variance=1.0)


@pytest.mark.parametrize("variational", ["amortized", "table"])
def test_trained_elbo_is_within_a_twentieth_of_a_nat(variational: str) -> None:
    run, known = trained(variational)
    found = estimate(run.model, run.q, run.estimators, run.data.whole(), 64, torch.Generator().manual_seed(3))
    reached = float(found.elbo)
    assert reached == pytest.approx(best_elbo(known.eigenvalues, 4, 1.0), abs=0.05)
    run.q.zero_grad()


@pytest.mark.parametrize("variational", ["amortized", "table"])
def test_trained_dimensions_are_active_and_collapsed_as_predicted(variational: str) -> None:
    """Three of four eigenvalues exceed σ² = 1: exactly three dimensions live, and their KLs sum to Σ ½ log l_i."""
    run, known = trained(variational)
    divergence = kl_per_dimension(run.model, run.q, run.data.whole())
    assert int(active(divergence).sum()) == int(known.active().sum()) == 3
    assert float(divergence.sum()) == pytest.approx(float(known.divergence().sum()), abs=0.05)


@pytest.mark.parametrize("variational", ["amortized", "table"])
def test_trained_loadings_span_the_principal_subspace(variational: str) -> None:
    run, known = trained(variational)
    loadings: Tensor = run.model.decoder.out.weight.detach().double()
    span = torch.linalg.svd(loadings, full_matrices=False).U[:, :3]
    assert subspace_angle(span, known.loadings[:, :3]) < 2


def test_the_response_scale_is_softplus_with_a_floor() -> None:
    """A learned σ cannot fall below .05, however well the mean fits."""
    model, _, _ = linear(known_spectrum(), 2, 1.0)
    with torch.no_grad():
        model.raw_scale.fill_(-50.0)
        out = model.response_parameters(torch.zeros(1, 2))
    assert float(model.response.scale(out[..., 1, :]).min()) == pytest.approx(SCALE_FLOOR)


@pytest.mark.parametrize("head", ["network", "shared"])
def test_factors_are_the_log_joint(head: str) -> None:
    """log p(z) + log p(x|z) + log p(θ) against torch.distributions, term by term."""
    data = known_spectrum(20)
    model, _ = build(Settings(width=5, scale_head=head, prior_scale=0.7), data, torch.Generator().manual_seed(4))
    z = torch.randn(2, 3, 20, 2, generator=torch.Generator().manual_seed(5))
    prior, fit_term, weights = model.factors(data.whole(), {"z": z})
    normal = torch.distributions.Normal
    out = model.response_parameters(z)
    scale = SCALE_FLOOR + torch.nn.functional.softplus(out[..., 1, :])
    torch.testing.assert_close(prior.value, normal(0.0, 1.0).log_prob(z).sum(-1))
    torch.testing.assert_close(fit_term.value, normal(out[..., 0, :], scale).log_prob(data.x).sum(-1))
    known = sum(normal(0.0, 0.7).log_prob(p).sum() for p in model.decoder.parameters())
    torch.testing.assert_close(weights.value, known.expand(2, 3))


def test_bernoulli_responses_see_rounded_data() -> None:
    from elbo_room.models.data import digits

    data = digits()
    model, _ = build(Settings(response="bernoulli", width=4), data, torch.Generator().manual_seed(6))
    assert set(model.response.observed(data.x).unique().tolist()) == {0.0, 1.0}
    assert model.decode(torch.zeros(3, 2)).shape == (3, 64)


def test_the_floor_of_the_scale_is_a_live_knob() -> None:
    """σ = σ₀ + softplus ρ from the next step on, and the recorded step follows: the same ELBO as a run that never had another floor."""
    data = known_spectrum(40)
    settings = Settings(width=5, scale_head="feature", stop_at=4)
    first, second = Run(settings, data), Run(replace(settings, scale_floor=0.4), data)
    for name, parameter in second.parameters.items():
        torch.testing.assert_close(parameter, first.parameters[name])
    next(first), first.change(scale_floor=0.4)
    assert first.model.response.floor == 0.4
    first.load_tensors(second.tensors(), 0)
    assert next(first).elbo == next(second).elbo


@pytest.mark.parametrize("response", ["normal", "bernoulli", "categorical"])
def test_samples_have_the_mean_of_the_decoded_draws(response: str) -> None:
    """E x = E_z E[x | z], within four standard errors, whatever the response."""
    data = from_array((known_spectrum(60).x.round().clamp(-1, 1) + 1) / 2)
    model, _ = build(Settings(response=response, width=5), data, torch.Generator().manual_seed(8))
    x = model.sample(4000, torch.Generator().manual_seed(9))
    z = model.latent_prior.sample(4000, torch.Generator().manual_seed(10))
    mean = model.decode(z).detach()
    error = ((x.var(0) + mean.var(0)) / 4000).sqrt()
    assert ((x.mean(0) - mean.mean(0)).abs() < 4 * error).all()
    if response == "categorical":
        assert set(x.unique().tolist()) <= {0.0, 0.5, 1.0}
