"""Local reparameterisation and Flipout: the exact gradient's mean, noise that falls as 1/M where a shared draw's stays, and refusals."""

import math

import pytest
import torch
from torch import Tensor

from elbo_room.models.conditional.bayesian_layers import FlipoutPerturbation, Layer, LocalPerturbation, PerDatum
from elbo_room.models.conditional.model import Conditional
from elbo_room.models.conditional.settings import Settings
from elbo_room.models.conditional.weight_space import WeightSpace
from elbo_room.models.core import Batch
from elbo_room.models.estimators import (
    ESTIMATORS,
    Estimator,
    Flipout,
    LocalReparameterization,
    NotApplicableError,
    Reparameterization,
)
from elbo_room.models.families import FullRank, Normal
from elbo_room.models.inference.estimate import estimate
from elbo_room.models.networks import Architecture, FeedForward, build_network
from elbo_room.models.priors import HyperPrior, NormalPrior
from elbo_room.models.probing.probe import exact, probe
from elbo_room.models.responses import RESPONSES
from elbo_room.models.settings import SettingError
from elbo_room.models.training.run import Run
from elbo_room.models.variational import Global, Posterior
from tests.models.problems import conjugate, numbers
from tests.models.truth import variance_distance

F64 = torch.float64
BOTH = [LocalReparameterization(), Flipout()]


def network(
    response: str, *, depth: int, inputs: int, intercept: bool, width: int = 1, attention: str = "none"
) -> Conditional:
    kind = Architecture(depth=depth, width=width, intercept=intercept, attention=attention)
    net = FeedForward(inputs, 1, kind, torch.Generator().manual_seed(0))
    return Conditional(WeightSpace(net), RESPONSES[response](), NormalPrior(1.5), Normal(), "fixed", 0.7)


def posterior(model: Conditional, scale: float = 0.5) -> Posterior:
    size = model.space.size
    first = torch.stack([0.6 * numbers(size, seed=3), math.log(scale) + 0.2 * numbers(size, seed=4)])
    return Posterior({"w": Global(model.sites["w"], first)})


def some_data(response: str, inputs: int, total: int = 6, size: int = 4) -> Batch:
    x, y = numbers(total, inputs, seed=5), numbers(total, seed=6)
    y = (y > 0).to(F64) if response == "bernoulli" else y
    return Batch(x[:size], torch.arange(size), total, y[:size])


def draw_gradients(model, q, batch: Batch, part: Estimator, draws: int, replicates: int, seed: int = 0) -> Tensor:
    found = estimate(
        model,
        q,
        dict.fromkeys(model.sites, part),
        batch,
        draws,
        torch.Generator().manual_seed(seed),
        replicates=replicates,
    )
    return found.draw_gradients(model.sites["w"])  # (R, B, 1, 2, P)


CASES = [
    pytest.param("bernoulli", {"depth": 0, "inputs": 3, "intercept": False}, id="logistic regression"),
    pytest.param("normal", {"depth": 1, "inputs": 1, "intercept": True}, id="a hidden layer with intercepts"),
    pytest.param("bernoulli", {"depth": 1, "inputs": 1, "intercept": True}, id="a hidden layer, binary response"),
]


@pytest.mark.parametrize("part", BOTH, ids=lambda part: part.name)
@pytest.mark.parametrize(("response", "shape"), CASES)
@pytest.mark.parametrize("draws", [1, 3])
def test_mean_is_the_exact_gradient(part: Estimator, response: str, shape: dict, draws: int) -> None:
    """Against quadrature over all weights: up to four, 16 nodes each."""
    model = network(response, **shape)
    q, batch = posterior(model, 0.4), some_data(response, shape["inputs"])
    truth = exact(model, q, batch).mean["w"]
    sample = draw_gradients(model, q, batch, part, draws, 20_000).mean(1)
    error = sample.std(0) / len(sample) ** 0.5
    assert float(((sample.mean(0) - truth) / error).abs().max()) < 4


@pytest.mark.parametrize("part", BOTH, ids=lambda part: part.name)
def test_a_layer_that_ties_its_data_to_the_wrong_law_is_caught(
    part: Estimator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """s in place of s², or signs of the outputs forgotten on the intercept's share: the mean moves by many errors."""
    kind = type(part.perturb)
    right = kind.shift
    monkeypatch.setattr(kind, "shift", lambda self, x, layer, own: 1.3 * right(self, x, layer, own))
    model = network("bernoulli", depth=0, inputs=3, intercept=False)
    q, batch = posterior(model, 0.9), some_data("bernoulli", 3)
    truth = exact(model, q, batch).mean["w"]
    sample = draw_gradients(model, q, batch, part, 1, 20_000).mean(1)
    error = sample.std(0) / len(sample) ** 0.5
    assert float(((sample.mean(0) - truth) / error).abs().max()) > 4


def likelihood_gradients(part: Estimator, copies: int, seed: int = 0) -> Tensor:
    """ĝ of a linear model's (μ, log s), M copies of one data point and a prior so wide that it says nothing: (R, 2, P)."""
    model = network("normal", depth=0, inputs=2, intercept=False)
    model.prior.scale = 1e6
    x, y = torch.tensor([[0.8, -0.5]], dtype=F64).expand(copies, -1), torch.full((copies,), 1.3, dtype=F64)
    batch = Batch(x, torch.arange(copies), copies, y)
    return draw_gradients(model, posterior(model), batch, part, 1, 40_000, seed)[:, 0, 0] / copies


def log_variance(sample: Tensor) -> tuple[Tensor, Tensor]:
    """(log s², its standard error): a ratio of variances is a difference of these."""
    square = (sample - sample.mean(0)).square()
    return square.mean(0).log(), square.std(0) / len(sample) ** 0.5 / square.mean(0)


def ratio_in_errors(one: Tensor, other: Tensor, known: float) -> Tensor:
    """(log(Var one/Var other) − log known) in standard errors of two independent samples."""
    (first, error), (second, other_error) = log_variance(one), log_variance(other)
    return ((first - second - math.log(known)) / (error.square() + other_error.square()).sqrt()).abs()


def test_noise_of_a_minibatch_falls_as_one_over_m_with_local_draws_and_not_with_a_shared_one() -> None:
    """Per datum, shared: V at any M. Local: V_local/M. Flipout: V/M for μ, whose gradient is odd in ε; for log s its even part stays.

    Each within four standard errors, below 3 %, of independent samples of 40,000.
    """
    shared, local, signs = (
        {m: likelihood_gradients(part, m, 10 * k + m) for m in (1, 8)}
        for k, part in enumerate((Reparameterization(), *BOTH))
    )
    assert float(ratio_in_errors(shared[8], shared[1], 1).max()) < 4
    assert float(ratio_in_errors(local[8], local[1], 1 / 8).max()) < 4
    assert float(ratio_in_errors(signs[1], shared[1], 1).max()) < 4
    assert float(ratio_in_errors(signs[8][:, 0], signs[1][:, 0], 1 / 8).max()) < 4
    assert float((signs[8].var(0)[1] / signs[1].var(0)[1]).min()) > 0.2


def test_local_draws_of_a_linear_model_have_the_known_variance() -> None:
    """One datum, y | x ~ N(wᵀx, σ²), h = m + τε: G_μj = x_j (y − h)/σ², whose variance is x_j² τ²/σ⁴, τ² = Σ s²x²."""
    found = likelihood_gradients(LocalReparameterization(), 1)
    model = network("normal", depth=0, inputs=2, intercept=False)
    x, scale = torch.tensor([0.8, -0.5], dtype=F64), posterior(model).nu(model.sites["w"], None)[1].detach().exp()
    spread = (scale.square() * x.square()).sum()
    assert float(variance_distance(found[:, 0], x.square() * spread / 0.7**4).abs().max()) < 4


@pytest.mark.parametrize("how", [LocalPerturbation(), FlipoutPerturbation()], ids=["local", "signs"])
def test_every_data_points_sums_have_the_distribution_of_a_shared_draw(how) -> None:
    """Mean W̄x + ᾱ and covariance diag(s² x² + s_α²) of a layer's sums: by 40,000 draws of the shared noise and their own."""
    generator, rows = torch.Generator().manual_seed(1), 2
    x, scale, bias = numbers(rows, 3, seed=1), numbers(2, 3, seed=2).exp(), numbers(2, seed=3).exp()
    shifts = []
    for _ in range(200):
        noise = [torch.randn(*shape, generator=generator, dtype=F64) for shape in ((200, 2, 3), (200, 2))]
        own = how.draw((200, rows), 3, 2, generator, F64)
        layer = lambda w, a, own: how.shift(x, Layer(scale, w, bias, a), own)  # noqa: E731
        shifts.append(torch.func.vmap(layer)(*noise, own))  # (200, M, O)
    every = torch.cat(shifts)
    known = x.square() @ scale.square().T + bias.square()
    assert float((every.mean(0) / (known / len(every)).sqrt()).abs().max()) < 4
    assert float(variance_distance(every, known).abs().max()) < 4
    tied = torch.corrcoef(every[:, :, 0].T)[0, 1]
    assert abs(float(tied)) < 4 / len(every) ** 0.5, "two data are uncorrelated"


@pytest.mark.parametrize("part", BOTH, ids=lambda part: part.name)
def test_every_draws_gradient_is_that_of_a_loop(part: Estimator) -> None:
    """The taps of B draws sum to what the parameters receive, and equal seeds give equal numbers."""
    model = network("normal", depth=2, inputs=3, intercept=True, width=4, attention="logistic")
    q, batch = posterior(model), some_data("normal", 3)
    taps = draw_gradients(model, q, batch, part, 5, 1)
    whole = -q.by_site["w"].table.grad * batch.total
    torch.testing.assert_close(taps.mean((0, 1, 2)), whole)
    assert torch.equal(taps, draw_gradients(model, q, batch, part, 5, 1))


def test_where_all_inputs_are_zero_the_gradient_is_finite() -> None:
    model = network("normal", depth=1, inputs=2, intercept=False, width=3)
    batch = Batch(torch.zeros(2, 2, dtype=F64), torch.arange(2), 2, torch.ones(2, dtype=F64))
    assert draw_gradients(model, posterior(model), batch, LocalReparameterization(), 2, 1).isfinite().all()


def test_other_latent_scales_keep_their_own_path() -> None:
    """With a hyper-prior, σ is a site of its own beside the weights; both are estimated together."""
    net = FeedForward(2, 1, Architecture(depth=0, intercept=False), torch.Generator().manual_seed(0))
    model = Conditional(WeightSpace(net), RESPONSES["normal"](), HyperPrior(1.0), Normal(), "fixed", 0.7)
    first = {name: Global(site, torch.full((2, *site.shape), -0.4, dtype=F64)) for name, site in model.sites.items()}
    q, batch = Posterior(first), some_data("normal", 2)
    truth = exact(model, q, batch).mean
    found = estimate(model, q, dict.fromkeys(model.sites, LocalReparameterization()), batch, 1, torch.Generator().manual_seed(2),
                     replicates=20_000)  # fmt: skip
    for name, site in model.sites.items():
        sample = found.draw_gradients(site).mean(1)
        assert float(((sample.mean(0) - truth[name]) / sample.std(0) * len(sample) ** 0.5).abs().max()) < 4


@pytest.mark.parametrize("part", BOTH, ids=lambda part: part.name)
class TestRefusals:
    def test_a_model_without_weights(self, part: Estimator) -> None:
        problem = conjugate()
        with pytest.raises(NotApplicableError, match="is for the weights of a Bayesian network; this model has none"):
            estimate(problem.model, problem.q, {"z": part}, problem.batch, 2, torch.Generator())

    def test_a_q_with_correlations(self, part: Estimator) -> None:
        model = network("normal", depth=0, inputs=2, intercept=False)
        model.posterior = FullRank(2)
        assert "needs independent Normals" in part.refuses(model)

    def test_weights_that_act_at_many_positions(self, part: Estimator) -> None:
        net = build_network(
            Architecture(network="convolution", width=4, channels=2, kernel=2),
            (6, 1),
            1,
            torch.Generator().manual_seed(0),
        )
        model = Conditional(WeightSpace(net), RESPONSES["normal"](), NormalPrior(1.0), Normal())
        assert "act at many positions" in part.refuses(model)

    def test_settings_say_so_too(self, part: Estimator) -> None:
        for other, words in (
            ({"posterior": "full_rank"}, "independent Normal weights"),
            (
                {"network": "recurrence", "data": "splice_junctions", "response": "categorical"},
                "share weights over positions",
            ),
        ):
            with pytest.raises(SettingError, match=words):
                Run(Settings(estimator=part.name, width=4, depth=1, **other))

    def test_a_run_trains_with_it_and_panel_b_measures_it(self, part: Estimator) -> None:
        run = Run(Settings(width=6, depth=1, estimator=part.name, stop_at=60, step_size=0.02))
        steps = list(run)
        assert steps[-1].elbo > steps[0].elbo + 1
        batch = run.data.batch(torch.arange(20))
        found = probe(
            run.model,
            run.q,
            {part.name: part, "shared": Reparameterization()},
            batch,
            4,
            64,
            torch.Generator().manual_seed(1),
        )
        assert found[part.name].variance + 3 * found[part.name].error < found["shared"].variance


def test_they_are_parts_for_weights_alone() -> None:
    assert [name for name, part in ESTIMATORS.items() if part.for_weights] == ["local_reparameterization", "flipout"]
    assert PerDatum(network("normal", depth=1, inputs=2, intercept=True).space, LocalPerturbation()).linear == {
        "hidden.0.weight", "hidden.0.bias", "out.weight", "out.bias"}  # fmt: skip
