"""Estimates of log p(x) against the closed form of a linear decoder: within .05 nats, and on the right side of it."""

import math
from dataclasses import replace

import pytest
import torch

from elbo_room.models.core import Batch
from elbo_room.models.data import Dataset
from elbo_room.models.deep_generative.model import DeepGenerative, build
from elbo_room.models.deep_generative.settings import Settings
from elbo_room.models.diagnostics.evidence.annealed import annealed_evidence, annealed_log_weights
from elbo_room.models.diagnostics.evidence.hmc import Path
from elbo_room.models.diagnostics.evidence.importance import bounds, curve_of, iwae_curve, ladder
from elbo_room.models.diagnostics.evidence.known import evidence_on_grid, known_evidence, linear_decoder
from elbo_room.models.diagnostics.evidence.log_weights import log_mean, log_weights
from elbo_room.models.diagnostics.evidence.overview import Effort, rows_of, weigh
from elbo_room.models.diagnostics.evidence.pareto import pareto_k
from elbo_room.models.diagnostics.evidence.sandwich import sandwich, simulated
from elbo_room.models.exact.probabilistic_pca import ProbabilisticPCA
from elbo_room.models.variational import Posterior
from tests.models.diagnostics.test_collapse import at_the_optimum, give_up
from tests.models.problems import sigmoid_belief

Case = tuple[DeepGenerative, Posterior, Batch, ProbabilisticPCA]


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def off_the_optimum(rows: int = 30) -> Case:
    """Probabilistic PCA with three dimensions and a q that is right up to half a standard deviation and a factor 1.6."""
    model, q, data, known = at_the_optimum(0.9, 3)
    out = q.by_site["z"].encoder.out  # type: ignore[union-attr]
    with torch.no_grad():
        out.bias[:3] += 0.3  # type: ignore[index,operator]
        out.bias[3:] += math.log(1.6)  # type: ignore[index,operator]
    return model, q, data.batch(torch.arange(rows)), known


def truth(case: Case) -> float:
    return float(case[3].log_likelihood(case[2].x).mean())


def test_the_importance_weighted_bound_rises_to_the_evidence() -> None:
    """Never falling where K doubles, below log p(x) up to its interval, and at K = 1024 within .05 nats of it."""
    case = off_the_optimum()
    curve = iwae_curve(*case[:3], generator())
    values = [each.value for each in curve.bounds]
    assert values == sorted(values)
    assert values[0] < truth(case) - 0.5
    assert curve.best.value == pytest.approx(truth(case), abs=0.05)
    assert curve.best.low < truth(case) < curve.best.high
    assert all(each.low <= each.value <= each.high for each in curve.bounds)


def test_at_the_exact_posterior_one_draw_is_enough() -> None:
    model, q, data, known = at_the_optimum(0.9, 2)
    curve = iwae_curve(model, q, data.whole(), generator(), draws=4)
    for each in curve.bounds:
        assert each.value == pytest.approx(float(known.log_likelihood(data.x).mean()), abs=1e-7)
        assert each.error < 1e-7


def test_the_interval_over_draws_covers_and_that_over_data_is_wider() -> None:
    """95 % of 200 curves catch the ELBO that quadrature knows, up to 4 standard errors of a share; data differ by more than draws."""
    case = off_the_optimum(10)
    exact = float(log_weights(*case[:3], 20_000, generator(99)).mean())
    caught = 0
    for seed in range(200):
        curve = curve_of(log_weights(*case[:3], 64, generator(seed)), generator(1000 + seed), resamples=60)
        caught += curve.elbo.low < exact < curve.elbo.high
    assert abs(caught / 200 - 0.95) < 4 * (0.05 * 0.95 / 200) ** 0.5 + 0.02
    log_w = log_weights(*case[:3], 64, generator())
    assert curve_of(log_w, generator(), "data").elbo.error > 3 * curve_of(log_w, generator()).elbo.error


def test_the_ladder_of_bounds_is_that_of_its_blocks() -> None:
    log_w = torch.randn(8, 3, generator=generator(), dtype=torch.float64)
    found = bounds(log_w)
    assert ladder(8) == (1, 2, 4, 8)
    for row, K in zip(found, ladder(8), strict=True):
        torch.testing.assert_close(row, torch.stack([log_mean(block) for block in log_w.split(K)]).mean(0))


@pytest.mark.parametrize("base", ["q", "prior"])
def test_annealing_meets_the_evidence(base: str) -> None:
    """Within .05 nats from below, whatever the start, where q itself is .9 nats off."""
    case = off_the_optimum()
    found = annealed_evidence(*case[:3], generator(1), chains=12, temperatures=60, base=base)
    assert found.value == pytest.approx(truth(case), abs=0.05)
    assert found.low < truth(case) + 0.01


def test_annealed_weights_have_the_evidence_as_mean() -> None:
    """E w = p(x) even with two temperatures: the mean over many chains of w/p(x) is 1 within four standard errors."""
    model, q, batch, known = off_the_optimum(4)
    log_w = annealed_log_weights(model, q, batch, generator(2), chains=4000, temperatures=2)
    ratio = (log_w - known.log_likelihood(batch.x)).exp()
    assert float(ratio.var(0).max()) > 0.01
    assert ((ratio.mean(0) - 1).abs() < 4 * ratio.std(0) / 4000**0.5).all()


def test_a_move_leaves_the_density_as_it_is() -> None:
    """Chains that start in p(z | x) are there after ten moves: mean and variance within four standard errors."""
    model, q, batch, known = off_the_optimum(3)
    path, rng = Path(model, q, batch), generator(3)
    mean, covariance = known.posterior(batch.x)
    spread = covariance.diagonal().sqrt()
    here = path.at(mean + spread * torch.randn(4000, 3, 3, generator=rng, dtype=torch.float64))
    for _ in range(10):
        here, _ = path.move(here, 1.0, torch.full((3,), 1.2, dtype=torch.float64), rng)
    standard = (here.z - mean) / spread
    assert float(standard.mean(0).abs().max()) < 4 / 4000**0.5
    assert float((standard.var(0) - 1).abs().max()) < 4 * (2 / 4000) ** 0.5


def test_the_sandwich_holds_the_evidence_of_simulated_data() -> None:
    """Lower ≤ log p(x) ≤ upper up to their intervals, and less than .05 nats apart."""
    model, q, batch, known = off_the_optimum()
    found = sandwich(model, q, batch, generator(4), chains=12, temperatures=60)
    made, _ = simulated(model, batch, generator(4))
    exact = float(known.log_likelihood(made.x).mean())
    assert found.lower.low < exact < found.upper.high
    assert found.gap.value < 0.05
    assert found.gap.high > 0
    coarse = sandwich(model, q, batch, generator(4), chains=1, temperatures=1, base="prior")
    assert coarse.lower.value < exact - 1
    assert coarse.upper.value > exact + 1


def test_simulated_data_have_the_models_covariance() -> None:
    model, _, batch, known = off_the_optimum()
    many = replace(batch, x=batch.x[:1].expand(20_000, -1), rows=torch.zeros(20_000, dtype=torch.int64))
    made, z = simulated(model, many, generator(5))
    whole = known.loadings @ known.loadings.T + known.variance * torch.eye(6, dtype=torch.float64)
    for found, known_covariance in ((made.x, whole), (z, torch.eye(3))):
        variances = known_covariance.diagonal()
        error = ((variances[:, None] * variances + known_covariance.square()) / 20_000).sqrt()  # of Normals
        assert float(((torch.cov(found.T) - known_covariance) / error).abs().max()) < 4


@pytest.mark.parametrize("response", ["bernoulli", "categorical", "poisson", "negative_binomial"])
def test_every_response_can_be_drawn(response: str) -> None:
    from elbo_room.models.data import digits

    data = digits()
    x = (16 * data.x).round() if response in ("poisson", "negative_binomial") else data.x
    settings = Settings(response=response, width=4, library_size=False, data="digits")
    model, q = build(settings, replace(data, x=x), generator(6))
    made, z = simulated(model, replace(data, x=x).batch(torch.arange(5)), generator(7))
    assert (made.x.shape, z.shape) == ((5, 64), (5, 2))
    assert torch.isfinite(sandwich(model, q, made, generator(8), chains=2, temperatures=2).lower.value * torch.ones(1))


def test_the_grids_sum_is_the_closed_form() -> None:
    model, q, data, known = at_the_optimum(0.9, 2)
    rows = data.batch(torch.arange(20))
    found = evidence_on_grid(model, q, rows)
    assert found is not None
    torch.testing.assert_close(found, known.log_likelihood(rows.x), atol=1e-6, rtol=0)
    exact = known_evidence(model, q, rows)
    assert exact is not None
    torch.testing.assert_close(exact.value, known.log_likelihood(rows.x), atol=1e-6, rtol=0)


def test_a_linear_decoder_is_read_as_what_it_is() -> None:
    model, q, data, known = at_the_optimum(0.9, 2)
    found = linear_decoder(model)
    assert found is not None
    torch.testing.assert_close(found.loadings, known.loadings, atol=1e-6, rtol=0)
    assert found.variance == pytest.approx(0.9, abs=1e-6)
    torch.testing.assert_close(found.eigenvalues[:2], known.eigenvalues[:2], atol=1e-5, rtol=0)
    for other in ({"depth": 1}, {"scale_head": "feature"}, {"latent_prior": "mixture"}, {"attention": "logistic"}):
        model, q = build(
            Settings(**({"depth": 0} | other)),
            Dataset(name="d", x=data.x.float(), labels=data.labels, label_names=("all",), shape=(6,)),
            generator(),
        )  # type: ignore[arg-type]
        assert linear_decoder(model) is None
    model, q = build(
        Settings(depth=1, latent_size=3, width=4),
        Dataset(name="d", x=data.x.float(), labels=data.labels, label_names=("all",), shape=(6,)),
        generator(),
    )
    assert known_evidence(model, q, data.whole()) is None


def test_refusals() -> None:
    belief = sigmoid_belief()
    with pytest.raises(
        ValueError, match=r"z must be Normal; site 'top' is Bernoulli. Use the importance-weighted bound"
    ):
        Path(belief.model, belief.q, belief.batch)
    model, q, data, _ = at_the_optimum(0.9, 2)
    with pytest.raises(ValueError, match="0 temperatures were requested"):
        annealed_evidence(model, q, data.whole(), generator(), temperatures=0)
    with pytest.raises(ValueError, match="There were 10 draws; a tail needs at least 25"):
        pareto_k(torch.zeros(10, 2))
    give_up(q)


def test_binary_latents_have_a_curve_too() -> None:
    """A sigmoid belief network's bound rises to the sum over all its states."""
    problem = sigmoid_belief()
    curve = iwae_curve(problem.model, problem.q, problem.batch, generator(), draws=512)
    values: list[float] = [each.value for each in curve.bounds]
    assert values == sorted(values)
    assert curve.elbo.low < problem.elbo < curve.elbo.high


def test_everything_at_once_is_each_part_by_itself() -> None:
    """Gaps add up to what the ELBO lacks; the held-out curve is of the held-out rows; what is missing has its reason."""
    model, q, _, known = off_the_optimum()
    data = at_the_optimum(0.9, 3)[2]
    effort = Effort(rows=40, draws=128, steps=150, temperatures=30, simulated=20)
    found = weigh(model, q, replace(data, test=data), generator(11), effort)
    batch = rows_of(data, 40)
    exact = float(known.log_likelihood(batch.x).mean())
    assert found.known == pytest.approx(exact, abs=1e-6)
    assert found.how == "closed form"
    assert found.curve is not None
    assert found.held_out is not None
    assert found.gap is not None
    assert found.annealed is not None
    assert found.sandwich is not None
    assert found.curve.elbo.value + found.gap.gap == pytest.approx(exact, abs=0.05)  # the posterior is in q's family
    assert found.held_out.elbo.value == pytest.approx(found.curve.elbo.value, abs=0.1)
    assert found.annealed.value == pytest.approx(exact, abs=0.05)
    assert abs(found.sandwich.gap.value) < 0.1
    assert found.best == found.known
    assert found.reasons == {}
    assert all(p.requires_grad for p in q.parameters())
    alone = weigh(model, q, data, generator(11), effort)
    assert alone.held_out is None
    assert "No rows were held out" in alone.reasons["held_out"]
