"""p(θ | x) of a decoder: the ELBO and its gradient against closed forms, coordinate ascent and integration."""

import copy
import math

import pytest
import torch

import elbo_room as er
from elbo_room.models.deep_generative.model import WEIGHTS
from elbo_room.models.settings import SettingError
from elbo_room.models.training.checkpoint import load_run, save_run
from elbo_room.widgets.messages import Explore
from elbo_room.widgets.worker.pictures import pictures_of

SIGMA, LAMBDA = 0.7, 1.3
LINE = {
    "data": "own", "depth": 0, "latent_size": 1, "scale_head": "fixed", "sigma": SIGMA, "prior_scale": LAMBDA, "variational": "table",
    "batch_size": 2000, "seed": 3,
}  # fmt: skip


def line(count: int = 30) -> torch.Tensor:
    """x_i = (2, −1) z_i + (1, 0) + noise."""
    generator = torch.Generator().manual_seed(0)
    z = torch.randn(count, 1, generator=generator)
    return z * torch.tensor([2.0, -1.0]) + torch.tensor([1.0, 0.0]) + SIGMA * torch.randn(count, 2, generator=generator)


def moments(run: er.Run) -> tuple[torch.Tensor, torch.Tensor]:
    """E θ (P,) and E θθᵀ (P, P) of q(θ), with gradients, in float64."""
    site, nu = run.model.sites[WEIGHTS], run.q.by_site[WEIGHTS].table.double()
    mean = nu[0]
    own = torch.diag((2 * nu[1]).exp()) + (nu[2:].T @ nu[2:] if site.family.n_params > 2 else 0.0)
    return mean, own + mean[:, None] * mean


def exact_elbo(run: er.Run) -> torch.Tensor:
    """E_q log p(x, z, θ) − log q per data point, x_i ~ N(w z_i + a, σ²): all Gaussian moments, θ = (w₁, w₂, a₁, a₂)."""
    x, size = run.data.x.double(), run.data.size
    mean, second = moments(run)
    nu = run.q.by_site["z"].table.double()
    mu, scale = nu[:, 0, 0], nu[:, 1, 0].exp()
    h = torch.stack([mu, torch.ones_like(mu)], 1)  # E (z, 1)
    hh = torch.stack([torch.stack([mu.square() + scale.square(), mu], 1), h], 1)  # (N, 2, 2)
    total = torch.zeros((), dtype=torch.float64)
    for j in range(2):
        own = [j, 2 + j]
        square = x[:, j] ** 2 - 2 * x[:, j] * (h @ mean[own]) + (hh * second[own][:, own]).sum((1, 2))
        total = total - 0.5 * (square / SIGMA**2 + math.log(2 * math.pi * SIGMA**2)).sum()
    total = total - (0.5 * (mu.square() + scale.square() - 1) - scale.log()).sum()
    covariance = second - mean[:, None] * mean
    kl = 0.5 * (second.diagonal().sum() / LAMBDA**2 - 4 + 8 * math.log(LAMBDA) - torch.logdet(covariance))
    return (total - kl) / size


@pytest.mark.parametrize("kind", ["mean_field", "low_rank"])
@pytest.mark.parametrize("name", ["reparameterization", "path_only", "leave_one_out", "score"])
def test_the_elbo_and_its_gradient_are_the_closed_form_at_both_sites(kind: str, name: str) -> None:
    """Within 5 standard errors, at z and at θ: −KL(q(θ) ‖ p(θ)) is counted once for all data."""
    run = er.run_from({**LINE, "decoder_posterior": kind}, line(8))
    with torch.no_grad():
        run.q.by_site[WEIGHTS].table[1] = -1.0
        if kind == "low_rank":
            run.q.by_site[WEIGHTS].table[2:] *= 20
    exact = exact_elbo(run)
    tables = [run.q.by_site[site].table for site in ("z", WEIGHTS)]
    slopes = torch.autograd.grad(exact, tables)
    exact = exact.detach()
    replicates = 4000
    found = er.estimate(run.model, run.q, name, run.data, 4, torch.Generator().manual_seed(1), replicates=replicates)
    assert float(found.elbo) == pytest.approx(float(exact), abs=0.05)
    for site, slope in zip(("z", WEIGHTS), slopes, strict=True):
        each = found.draw_gradients(run.model.sites[site]).mean(1).double()  # (R, M, n, K)
        truth = slope * run.data.size
        error = each.std(0) / replicates**0.5
        assert bool(((each.mean(0) - truth.reshape(each.shape[1:])).abs() < 5 * error + 1e-4).all())


def test_minibatches_average_to_the_whole_data() -> None:
    """E over minibatches of the estimate with the same draws is that of all rows: local terms × N/M, KL(q(θ) ‖ p(θ)) once."""
    run = er.run_from({**LINE, "decoder_posterior": "mean_field"}, line(12))
    generator = torch.Generator().manual_seed(2)
    noise = {"z": torch.randn(1, 1, 12, 1, generator=generator), WEIGHTS: torch.randn(1, 1, 1, 4, generator=generator)}

    def gradient(rows: torch.Tensor) -> torch.Tensor:
        for table in run.q.parameters():
            table.grad = None
        own = {"z": noise["z"][:, :, rows], WEIGHTS: noise[WEIGHTS]}
        er.estimate(run.model, run.q, "reparameterization", run.data.batch(rows), 1, noise=own)
        return run.q.by_site[WEIGHTS].table.grad.clone()

    parts = torch.stack([gradient(torch.arange(first, first + 3)) for first in (0, 3, 6, 9)])
    torch.testing.assert_close(parts.mean(0), gradient(torch.arange(12)))


def test_it_ends_at_the_fixed_point_of_coordinate_ascent_below_the_evidence() -> None:
    """Mean field in a conjugate model: q(θ_j) = N(m, 1/Λ) with Λ and m from the moments of q(z); log p(x) by integration is above.

    The ELBO without the KL of θ would be above log p(x).
    """
    x = line()
    settings = {**LINE, "decoder_posterior": "mean_field", "estimator": "path_only", "draws": 16, "step_size": 0.02, "stop_at": 3000,
                "schedule": "robbins_monro", "step_offset": 300, "step_decay": 0.9}  # fmt: skip
    run = er.run_from(settings, x)
    for _ in run:
        pass
    nu, own = run.q.by_site["z"].table.detach().double(), run.q.by_site[WEIGHTS].table.detach().double()
    mu, square = nu[:, 0, 0], nu[:, 0, 0] ** 2 + (2 * nu[:, 1, 0]).exp()
    rows = run.data.x.double()
    for j in range(2):
        precision = square.sum() / SIGMA**2 + 1 / LAMBDA**2
        mean = (mu * (rows[:, j] - own[0, 2 + j])).sum() / SIGMA**2 / precision
        assert float(own[0, j]) == pytest.approx(float(mean), abs=0.03)
        assert float(own[1, j]) == pytest.approx(-0.5 * math.log(float(precision)), abs=0.1)
        assert float(own[1, 2 + j]) == pytest.approx(-0.5 * math.log(len(x) / SIGMA**2 + 1 / LAMBDA**2), abs=0.1)
    generator = torch.Generator().manual_seed(5)
    drawn = run.model.weight_draws(200_000, generator).double()  # importance sampling of θ from q, z integrated exactly
    log_q = torch.distributions.Normal(own[0], own[1].exp()).log_prob(drawn).sum(1)
    log_p = torch.distributions.Normal(0.0, LAMBDA).log_prob(drawn).sum(1)
    w, a = drawn[:, :2], drawn[:, 2:]
    covariance = w[:, :, None] * w[:, None] + SIGMA**2 * torch.eye(2, dtype=torch.float64)
    inverse, log_det = torch.linalg.inv(covariance), torch.logdet(covariance)
    for row in rows:
        off = row - a
        log_p = log_p - 0.5 * (
            (off[:, None] @ inverse @ off[:, :, None])[:, 0, 0] + log_det + 2 * math.log(2 * math.pi)
        )
    evidence = float((log_p - log_q).logsumexp(0) - math.log(len(drawn))) / len(x)
    bound = float(exact_elbo(run).detach())
    kl = (
        0.5
        * float(((own[0] ** 2 + (2 * own[1]).exp()) / LAMBDA**2 - 1 - 2 * own[1] + 2 * math.log(LAMBDA)).sum())
        / len(x)
    )
    assert bound < evidence < bound + kl


def flat(model) -> torch.Tensor:
    """All parameters that the decoder has now: (P,)."""
    return torch.cat([each.detach().flatten() for each in model.decoder.parameters()])


def test_the_decoder_holds_the_posterior_mean_at_every_step_and_in_a_saved_run(tmp_path) -> None:
    """decode(z) is at E_q θ, a view of q's table; samples and decoded draws take θ from q."""
    run = er.run_from({"data": "pinwheel", "decoder_posterior": "low_rank", "stop_at": 30})
    for _ in run:
        pass
    mean = run.q.by_site[WEIGHTS].table.detach()[0]
    assert torch.equal(flat(run.model), mean)
    assert run.replay_cache.trusted, run.replay_cache.refused
    z = torch.randn(5, 2, generator=torch.Generator().manual_seed(0))
    drawn = run.model.weight_draws(3, torch.Generator().manual_seed(0))
    assert run.model.decode(z, drawn).shape == (3, 5, 2)
    torch.testing.assert_close(run.model.decode(z, mean[None])[0], run.model.decode(z))
    save_run(run, tmp_path)
    again = load_run(tmp_path)
    again.change(stop_at=32)
    run.change(stop_at=32)
    assert [step.elbo for step in again] == [step.elbo for step in run]
    assert torch.equal(flat(again.model), again.q.by_site[WEIGHTS].table.detach()[0])
    model, q = copy.deepcopy((run.model, run.q))
    with torch.no_grad():
        q.by_site[WEIGHTS].table[0] += 1.0
    assert torch.equal(flat(model), q.by_site[WEIGHTS].table.detach()[0])
    assert not torch.equal(flat(model), flat(run.model))


def test_predictive_draws_have_the_variance_of_theta_too() -> None:
    """Var x = E[w²] + σ² + Var a for a linear decoder with z ~ N(0, 1), beyond that at E θ."""
    run = er.run_from({**LINE, "decoder_posterior": "mean_field"}, line())
    with torch.no_grad():
        run.q.by_site[WEIGHTS].table[1] = -0.5
    mean, second = (each.detach() for each in moments(run))
    drawn = torch.cat([run.model.sample(16_000, torch.Generator().manual_seed(seed)) for seed in range(4)]).double()
    expected = second.diagonal()[:2] + SIGMA**2 + second.diagonal()[2:] - mean[2:] ** 2
    torch.testing.assert_close(drawn.var(0), expected, rtol=0.08, atol=0.0)


@pytest.mark.parametrize("decoder", ["network", "convolution", "gradient_map"])
def test_every_decoder_takes_its_weights_from_q(decoder: str) -> None:
    """Three steps with each; a full-rank q over too many weights is refused with a remedy."""
    shared = {"scale_head": "shared", "decoder_posterior": "mean_field", "stop_at": 3, "batch_size": 8, "width": 8}
    run = er.run_from({"data": "digits", "decoder": decoder, **shared})
    before = run.q.by_site[WEIGHTS].table.detach().clone()
    assert all(math.isfinite(step.elbo) for step in run)
    assert not torch.equal(before, run.q.by_site[WEIGHTS].table)
    with pytest.raises(SettingError, match=r"full-rank Normal over the decoder's .* weights is too large"):
        er.run_from({"data": "digits", "decoder": decoder, **shared, "decoder_posterior": "full_rank", "width": 64})


def test_scvi_with_a_batch_covariate_draws_gamma_with_the_other_weights() -> None:
    """γ c is part of θ: counts with library sizes and a covariate train, and log p(θ) covers γ."""
    run = er.run_from({
        "data": "cell_lines", "response": "negative_binomial", "scale_head": "feature", "batch_covariate": True,
        "decoder_posterior": "mean_field", "stop_at": 2, "batch_size": 16, "width": 8,
    })  # fmt: skip
    assert any(name.startswith("gamma.weight") for name in run.model.coordinate_names(WEIGHTS))
    assert all(math.isfinite(step.elbo) for step in run)


def test_importance_weighted_bounds_need_a_point() -> None:
    with pytest.raises(SettingError, match="share one draw of θ"):
        er.run_from({"data": "pinwheel", "decoder_posterior": "mean_field", "estimator": "iwae"})


def test_the_pictures_draw_theta_too() -> None:
    """A walk of draws decodes each stop with its own θ; samples tell how much x̂ varies between draws of θ: nothing where q is narrow."""
    shared = {"data": "digits", "scale_head": "shared", "decoder_posterior": "mean_field", "width": 8, "stop_at": 1}
    run = er.run_from(shared)
    pictures = pictures_of(run)
    pictures.look()
    pictures.explore(Explore(draw=(3, 5)))
    walk, generated = pictures.walk(), pictures.generated
    drawn = generated.draw()
    assert generated.labels[-2:] == ["θ ~ q", "sd of x̂"]
    assert set(drawn["names"]["index"]) == {0, 1, 2, 3, 4, 5}
    wide = generated.moved
    with torch.no_grad():
        run.q.by_site[WEIGHTS].table[1] = -20.0
    pictures.look()
    generated.draw()
    assert generated.moved < 1e-6 < wide
    assert "Between draws of θ" in generated.sentence
    assert (pictures.walk()["values"] != walk["values"]).any()
    assert pictures_of(er.run_from({**shared, "decoder_posterior": "point"})).generated.labels == [
        "data",
        "x̂",
        "p(x)",
        "mean",
    ]


def test_free_bits_and_steps_of_the_encoder_alone_leave_theta_alone() -> None:
    """Free bits are for dimensions of z: θ's gradient does not change; a step of the encoder alone moves q(z) and not q(θ)."""
    shared = {"data": "pinwheel", "decoder_posterior": "mean_field", "seed": 4}
    slopes = []
    for free_bits in (0.0, 5.0):
        run = er.run_from({**shared, "free_bits": free_bits})
        er.estimate(
            run.model,
            run.q,
            "reparameterization",
            run.data,
            2,
            torch.Generator().manual_seed(0),
            objective=run.objective,
        )
        slopes.append(run.q.by_site[WEIGHTS].table.grad.clone())
    torch.testing.assert_close(*slopes)
    before = [each.detach().clone() for each in (run.q.by_site[WEIGHTS].table, run.q.by_site["z"].encoder.out.weight)]
    run._ascend(q_alone=True)
    assert torch.equal(before[0], run.q.by_site[WEIGHTS].table)
    assert not torch.equal(before[1], run.q.by_site["z"].encoder.out.weight)
