"""The importance-weighted bound: below log p(x), tighter with every draw, and three gradients of it that agree in the mean."""

import math

import pytest
import torch

from elbo_room.models.estimators import Dreg, Iwae, NotApplicableError, Reparameterization, Vimco
from elbo_room.models.inference.estimate import estimate
from elbo_room.models.probing.probe import probe
from tests.models.bounds import weighted_bound
from tests.models.estimators.test_identities import own_gradients, vae
from tests.models.problems import chain, conjugate, log_normal, logistic, numbers
from tests.models.truth import LIMIT, assert_unbiased, batch_means, bias_in_errors, distance, every

LOG_P = {  # per datum, closed form
    conjugate: lambda x: log_normal(x, 0.0, math.hypot(1.5, 0.8)).sum(-1).mean(),
    chain: lambda x: log_normal(x, 0.0, math.sqrt(1.69 + 0.36 + 0.25)).sum(-1).mean(),
}


def bound(problem, draws: int, replicates: int, seed: int = 1) -> float:
    given = every(Iwae(), problem.model)
    generator = torch.Generator().manual_seed(seed)
    return float(estimate(problem.model, problem.q, given, problem.batch, draws, generator, replicates=replicates).elbo)


@pytest.mark.parametrize("make", LOG_P)
def test_bound_rises_with_the_draws_and_stays_below_the_evidence(make) -> None:
    """L_1 = ELBO < L_4 < L_16 < L_64 ≤ log p(x), and L_5000 within .05 nats of it."""
    problem = make()
    known = float(LOG_P[make](problem.batch.x))
    bounds = [bound(problem, draws, 40_000 // draws) for draws in (1, 4, 16, 64)]
    means = batch_means(lambda seed: bound(problem, 1, 2_000, seed))
    assert float(distance(means, torch.tensor(problem.elbo)).abs()) < 4
    assert bounds == sorted(bounds)
    assert bounds[-1] < known + 0.01
    assert bound(problem, 5_000, 8) == pytest.approx(known, abs=0.05)


@pytest.mark.parametrize("draws", [1, 2, 3])
def test_reported_bound_is_the_exact_one(draws: int) -> None:
    """Its terms, the gain of weighting among them, add up to log (1/B) Σ w in the mean; standard error .005."""
    problem = conjugate()
    nus = {"z": problem.q.nu(problem.model.sites["z"], problem.batch).detach()}
    known = weighted_bound(problem, nus, draws)
    assert known is not None
    means = batch_means(lambda seed: bound(problem, draws, 5_000, seed))
    assert float(distance(means, known.mean().detach()).abs()) < 4


def test_one_draw_is_the_elbos_gradient() -> None:
    """Draw by draw: w̃ = 1."""
    problem, noise = chain(), {name: numbers(1, 1, 4, 2, seed=50 + k) for k, name in enumerate(("top", "low"))}
    given = [
        estimate(problem.model, problem.q, every(part, problem.model), problem.batch, 1, torch.Generator(), noise=noise)
        for part in (Iwae(), Reparameterization())
    ]
    for site in problem.model.sites.values():
        torch.testing.assert_close(given[0].draw_gradients(site), given[1].draw_gradients(site))


def test_decoder_gradient_of_dreg_is_that_of_iwae_and_the_encoders_is_not() -> None:
    model, q, batch = vae()
    noise = {"z": numbers(1, 6, 5, 2, seed=51)}
    found = {}
    for part in (Iwae(), Dreg(), Vimco()):
        model.zero_grad()
        q.zero_grad()
        estimate(model, q, {"z": part}, batch, 6, torch.Generator(), noise=noise)
        found[part.name] = own_gradients(model), own_gradients(q)
    for name in ("dreg", "vimco"):
        for ours, theirs in zip(found[name][0], found["iwae"][0], strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)
        assert not torch.allclose(found[name][1][0], found["iwae"][1][0])


def test_vimco_keeps_its_digits_when_one_weight_dominates() -> None:
    """Log w of (0, −2000, −2000): L̂ without the first is finite, in float32."""
    log_w = torch.tensor([0.0, -2000.0, -2000.0])[None, :, None]
    from elbo_room.models.estimators import Context, Draw
    from elbo_room.models.families import Normal

    nu = torch.zeros(1, 3, 1, 2, 1).requires_grad_()
    draw = Draw(Normal(), nu, torch.ones(1, 3, 1, 1))
    surrogate = Vimco().surrogate(draw, Context(log_w, weights=log_w.softmax(1) * 3, log_weights=log_w))
    expected = torch.tensor([2000.0 - math.log(1.0) - 1.0 - math.log(3.0) + math.log(1.0), 0.0, 0.0])
    learned = (surrogate / draw.log_q(frozen_value=True) / 3).detach()[0, :, 0]
    assert learned.isfinite().all()
    assert float(learned[0]) == pytest.approx(float(expected[0]), abs=1e-3)
    assert float(learned[1:].abs().max()) < math.log(2)


def signal(part, draws: int, widen: float) -> tuple[float, float]:
    """‖mean ĝ‖/√tr Var ĝ and its standard error, from ten groups of 800 replicates."""
    problem, found = conjugate(), []
    with torch.no_grad():
        problem.q.by_site["z"].table[:, 1] += widen
    for group in range(10):
        generator = torch.Generator().manual_seed(1000 * draws + group)
        report = probe(problem.model, problem.q, {"it": part}, problem.batch, draws, 800, generator)["it"]
        found.append(report.signal_to_noise)
    return float(torch.tensor(found).mean()), float(torch.tensor(found).std()) / math.sqrt(10)


@pytest.mark.parametrize(("part", "sign"), [(Iwae(), -1), (Dreg(), 1)], ids=["iwae", "dreg"])
def test_signal_to_noise_of_nu_falls_with_iwae_and_rises_with_dreg(part, sign: int) -> None:
    """From B = 4 to 64 by half at least, and by more than 4 standard errors (Rainforth et al. 2018; Tucker et al. 2019).

    Here q is wider than the posterior: both theorems are about weights with finite moments.
    """
    (few, first), (many, second) = signal(part, 4, 0.35), signal(part, 64, 0.35)
    assert sign * (many - few) > LIMIT * math.hypot(first, second)
    assert sign * math.log(many / few) > math.log(1.5)


def test_a_narrow_q_takes_dregs_gain_away() -> None:
    """Narrower than the posterior, w has no variance, and nothing rises from B = 4 to 64: a limit that the label should not hide."""
    (few, first), (many, second) = signal(Dreg(), 4, 0.0), signal(Dreg(), 64, 0.0)
    assert many < few + LIMIT * math.hypot(first, second)


@pytest.mark.parametrize("part", [Iwae(), Dreg(), Vimco()], ids=lambda part: part.name)
def test_global_sites_are_refused(part) -> None:
    problem = logistic()
    with pytest.raises(NotApplicableError, match=r"this model has global sites\. Choose an ELBO estimator\."):
        estimate(problem.model, problem.q, every(part, problem.model), problem.batch, 4, torch.Generator())


def test_sites_climb_one_bound() -> None:
    problem = chain()
    mixed = {"top": Iwae(), "low": Reparameterization()}
    with pytest.raises(NotApplicableError, match=r"maximise different bounds: .*\(iwae\).*\(elbo\)"):
        estimate(problem.model, problem.q, mixed, problem.batch, 4, torch.Generator())


def test_sites_may_mix_gradients_of_one_bound() -> None:
    problem = conjugate()
    assert_unbiased(problem, {"z": Dreg()}, 3, seed=5)
    assert bias_in_errors(problem, {"z": Reparameterization()}, 3) < LIMIT
