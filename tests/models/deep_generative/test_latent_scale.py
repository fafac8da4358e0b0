"""z ~ N(0, λ_z²): its density and KL, the linear model's exact marginal, and the decoder that absorbs it."""

import math

import pytest
import torch

import elbo_room as er
from elbo_room.models.diagnostics import kl_per_dimension
from elbo_room.models.diagnostics.evidence.known import evidence_on_grid, known_evidence, linear_decoder
from elbo_room.models.diagnostics.exact import posterior_on_grid
from elbo_room.models.exact.probabilistic_pca import fit, spectrum, subspace_angle
from elbo_room.widgets.worker.pictures.causes import absorbed

LINEAR = {"data": "own", "depth": 0, "scale_head": "shared", "latent_size": 2, "estimator": "analytic_kl"}


def rows(count: int = 200) -> torch.Tensor:
    """Five features with two strong directions."""
    generator = torch.Generator().manual_seed(1)
    z = torch.randn(count, 2, generator=generator)
    x = z @ torch.tensor([[2.0, 1.0, 0.0, -1.0, 0.5], [0.0, 1.0, -1.0, 0.5, 1.0]])
    return x + 0.5 * torch.randn(count, 5, generator=generator)


def test_the_kl_is_the_formulas() -> None:
    """KL(N(μ, s²) ‖ N(0, λ_z²)) = log(λ_z/s) + (s² + μ²)/(2 λ_z²) − ½, in the bars and in the gradient estimate's terms."""
    run = er.run_from({**LINEAR, "latent_scale": 3.0, "draws": 64}, rows())
    batch = run.data.whole()
    mean, raw = run.q.nu(run.model.sites["z"], batch).detach().unbind(-2)
    kl = math.log(3.0) - raw + (raw.exp().square() + mean.square()) / 18 - 0.5
    torch.testing.assert_close(kl_per_dimension(run.model, run.q, batch), kl.mean(0))
    found = er.estimate(run.model, run.q, "reparameterization", batch, 64)
    drawn = -float(found.terms["log p(z)"] + found.terms["−log q(z)"])
    assert drawn == pytest.approx(float(kl.sum(1).mean()), abs=0.05)


@pytest.mark.parametrize("scale", [0.2, 1.0, 4.0])
def test_the_linear_models_marginal_has_covariance_lambda_squared_w_wt_plus_sigma_squared(scale: float) -> None:
    """log p(x) = log N(x; m, λ_z² W Wᵀ + σ² I), in the closed form, by the sum over a grid, and in draws of x."""
    run = er.run_from({**LINEAR, "latent_scale": scale}, rows(40))
    model, batch = run.model, run.data.whole()
    with torch.no_grad():
        model.decoder.out.weight.mul_(2.0)
    weight, bias = model.decoder.out.weight.detach().double(), model.decoder.out.bias.detach().double()
    covariance = scale**2 * weight @ weight.T + float(model.scales()[0]) ** 2 * torch.eye(5)
    exact = torch.distributions.MultivariateNormal(bias, covariance).log_prob(batch.x.double())
    torch.testing.assert_close(linear_decoder(model).log_likelihood(batch.x), exact, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(known_evidence(model, run.q, batch).value.double(), exact, rtol=1e-5, atol=1e-5)
    with torch.no_grad():
        step = math.log(0.2 * min(scale, 1.0))
        run.q.by_site["z"].encoder.out.bias.copy_(torch.tensor([0.0, 0.0, step, step]))
        run.q.by_site["z"].encoder.out.weight.zero_()
    torch.testing.assert_close(evidence_on_grid(model, run.q, batch).double(), exact, rtol=1e-4, atol=1e-3)
    grid = posterior_on_grid(model, batch, nodes=161)
    mean, _ = grid.moments()
    inner = weight.T @ weight + float(model.scales()[0]) ** 2 / scale**2 * torch.eye(2)
    torch.testing.assert_close(
        mean.double(), (batch.x.double() - bias) @ weight @ torch.linalg.inv(inner), rtol=0, atol=0.02 * scale
    )
    drawn = model.sample(100_000, torch.Generator().manual_seed(0))
    torch.testing.assert_close(drawn.T.cov().double(), covariance, rtol=0.05, atol=0.05)


def test_a_free_decoder_absorbs_it() -> None:
    """With the first layer's weights divided by λ_z, p(x | θ) is that of λ_z = 1: the same draws and the same log p(x)."""
    one = er.run_from({"data": "pinwheel", "latent_scale": 1.0})
    other = er.run_from({"data": "pinwheel", "latent_scale": 5.0})
    with torch.no_grad():
        first = next(each for each in other.model.decoder.modules() if isinstance(each, torch.nn.Linear))
        first.weight.div_(5.0)
    drawn = [run.model.sample(50, torch.Generator().manual_seed(0)) for run in (one, other)]
    torch.testing.assert_close(*drawn, rtol=1e-5, atol=1e-5)


def test_it_is_live_and_the_exact_solution_scales() -> None:
    """Probabilistic PCA at λ_z = 3, changed during the run: λ_z W is the closed form's β up to a rotation, so W is a third of it."""
    run = er.run_from({**LINEAR, "step_size": 0.02, "stop_at": 1500, "prior_scale": 100.0, "batch_size": 200}, rows())
    next(run)
    run.change(latent_scale=3.0)
    for _ in run:
        pass
    exact = linear_decoder(run.model)
    closed = fit(run.data.x, 2)
    mean, values, vectors = spectrum(run.data.x)
    assert exact.average_log_likelihood(mean, (vectors * values) @ vectors.T) == pytest.approx(
        closed.average_log_likelihood(mean, (vectors * values) @ vectors.T), abs=0.01
    )
    assert subspace_angle(exact.loadings, closed.loadings) < 3
    own = run.model.decoder.out.weight.detach().double()
    torch.testing.assert_close(
        torch.linalg.svdvals(own), torch.linalg.svdvals(closed.loadings) / 3.0, rtol=0.05, atol=0.0
    )


def test_a_learned_prior_has_no_such_knob() -> None:
    """The form hides λ_z for a mixture, and the mixture ignores it."""
    knob = next(each for each in er.run_from().knobs if each["name"] == "latent_scale")
    assert knob["live"]
    assert knob["requires"][0]["ways"][0][0]["among"] == ["normal"]
    runs = [
        er.run_from({"data": "pinwheel", "latent_prior": "mixture", "latent_scale": each, "stop_at": 2})
        for each in (1.0, 9.0)
    ]
    assert [step.elbo for step in runs[0]] == [step.elbo for step in runs[1]]


def test_the_screen_tells_when_a_free_decoder_absorbs_it() -> None:
    """Nothing at λ_z = 1; a sentence otherwise, except for a decoder whose first layer is not free."""
    assert absorbed(er.run_from({"data": "pinwheel"})) is None
    told = absorbed(er.run_from({"data": "pinwheel", "latent_scale": 5.0}))
    assert told == (
        "The decoder absorbs λ = 5 of z: its first layer's weights, divided by 5, give the same p(x). Only their prior, p(θ), notices."
    )
    assert absorbed(er.run_from({"data": "pinwheel", "latent_scale": 5.0, "decoder": "gradient_map"})) is None
