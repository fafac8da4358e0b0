"""The conditional model against what is known: ridge regression and its evidence, GLMs by statsmodels, the chain, the refusals."""

import math
from functools import cache

import pytest
import torch
from torch import Tensor

from elbo_room.models.catalogue import settings_from
from elbo_room.models.conditional.model import Conditional, build
from elbo_room.models.conditional.settings import Settings
from elbo_room.models.conditional.weight_space import WeightSpace
from elbo_room.models.core import Batch
from elbo_room.models.data import Dataset
from elbo_room.models.estimators import (
    AnalyticEntropy,
    AnalyticKL,
    LeaveOneOut,
    NotApplicableError,
    PathOnly,
    Reparameterization,
    Score,
)
from elbo_room.models.families import FullRank, Normal, PointMass
from elbo_room.models.inference.estimate import estimate
from elbo_room.models.inference.next_step import peek_next_step
from elbo_room.models.networks import Architecture, FeedForward
from elbo_room.models.priors import NormalPrior
from elbo_room.models.responses import LINKS, RESPONSES
from elbo_room.models.settings import SettingError
from elbo_room.models.training.run import Run
from elbo_room.models.variational import Global, Posterior
from tests.models.problems import Problem, entropy, numbers
from tests.models.truth import assert_unbiased, every

F64 = torch.float64
# σ² = ½ on diabetes: λ → evidence, gap of the best mean-field q (known-answers.md)
KNOWN = {0.1: (-489.935938, 2.109092), 1.0: (-496.599190, 3.805531), 10.0: (-519.218218, 3.874096)}


@cache
def diabetes() -> Batch:
    """All 442 rows, standardised."""
    from sklearn.datasets import load_diabetes

    x, y = load_diabetes(return_X_y=True, scaled=False)
    x, y = torch.tensor((x - x.mean(0)) / x.std(0), dtype=F64), torch.tensor((y - y.mean()) / y.std(), dtype=F64)
    return Batch(x, torch.arange(len(x)), len(x), y)


def linear(
    inputs: int, response: str, scale: float, family: object, *, intercept: bool = False, spread: float = 1.0
) -> Conditional:
    """A network without hidden layers: a generalised linear model."""
    kind = Architecture(depth=0, intercept=intercept)
    net = FeedForward(inputs, 1, kind, torch.Generator().manual_seed(0))
    return Conditional(WeightSpace(net), RESPONSES[response](), NormalPrior(scale), family, "fixed", spread)


def exact(batch: Batch, scale: float, variance: float = 0.5) -> tuple[Tensor, Tensor, float]:
    """Λ, m and the log evidence of Bayesian linear regression."""
    assert batch.y is not None
    size = batch.x.shape[1]
    precision = batch.x.T @ batch.x / variance + torch.eye(size, dtype=F64) / scale**2
    mean = torch.linalg.solve(precision, batch.x.T @ batch.y) / variance
    inside = batch.size * math.log(2 * math.pi * variance) + 2 * size * math.log(scale) + torch.logdet(precision)
    inside = inside + batch.y @ batch.y / variance - mean @ precision @ mean
    return precision, mean, -0.5 * float(inside)


def nodes(size: int) -> Tensor:
    """ε = ±√P e_j: their mean of any quadratic is its expectation under N(0, I). (1, 2P, 1, P)."""
    eye = math.sqrt(size) * torch.eye(size, dtype=F64)
    return torch.cat([eye, -eye])[None, :, None]


def whole(model: Conditional, nu: Tensor, batch: Batch, estimator=Reparameterization()) -> tuple[float, Tensor]:  # noqa: B008
    """The exact ELBO of all data together, and its exact gradient in ν, by those nodes."""
    q = Posterior({"w": Global(model.sites["w"], nu)})
    noise = {"w": nodes(model.space.size)}
    found = estimate(model, q, {"w": estimator}, batch, 2 * model.space.size, torch.Generator(), noise=noise)
    return float(found.elbo) * batch.total, found.draw_gradients(model.sites["w"]).mean((0, 1, 2))


@pytest.mark.parametrize("scale", KNOWN)
def test_full_rank_at_the_exact_posterior_is_the_evidence_of_ridge(scale: float) -> None:
    """No hidden layer, Gaussian, N(0, λ²): the ELBO reaches the published evidence to 1e-6, and there its gradient is zero."""
    batch = diabetes()
    precision, mean, evidence = exact(batch, scale)
    assert evidence == pytest.approx(KNOWN[scale][0], abs=1e-6)
    model = linear(10, "normal", scale, FullRank(10), spread=math.sqrt(0.5))
    root = torch.linalg.cholesky(torch.linalg.inv(precision))
    nu = torch.cat([mean[None], root.diagonal().log()[None], root])
    elbo, slope = whole(model, nu, batch)
    assert elbo == pytest.approx(evidence, abs=1e-6)
    assert float(slope.abs().max()) < 1e-7


@pytest.mark.parametrize("scale", KNOWN)
@pytest.mark.parametrize("estimator", [Reparameterization(), AnalyticEntropy(), AnalyticKL()])
def test_the_best_mean_field_q_misses_the_evidence_by_the_known_gap(scale: float, estimator) -> None:
    """Means m, variances 1/Λ_jj; the gap is ½(Σ log Λ_jj − log|Λ|) to 1e-6, and no direction climbs."""
    batch = diabetes()
    precision, mean, evidence = exact(batch, scale)
    gap = 0.5 * float(precision.diagonal().log().sum() - torch.logdet(precision))
    assert gap == pytest.approx(KNOWN[scale][1], abs=1e-6)
    model = linear(10, "normal", scale, Normal(), spread=math.sqrt(0.5))
    nu = torch.stack([mean, -0.5 * precision.diagonal().log()])
    elbo, slope = whole(model, nu, batch, estimator)
    assert evidence - elbo == pytest.approx(gap, abs=1e-6)
    assert float(slope.abs().max()) < 1e-7


def test_a_run_finds_the_best_mean_field_q() -> None:
    """From the network's first weights, in minibatches: the ELBO of all data within .05 nats of its maximum."""
    batch, variance = diabetes(), 0.5
    assert batch.y is not None
    zero = torch.zeros(batch.size, dtype=torch.int64)
    data = Dataset(
        name="diabetes", x=batch.x.float(), labels=zero, label_names=("all",), shape=(10,), y=batch.y.float()
    )
    settings = Settings(depth=0, intercept=False, spread_from="fixed", spread=math.sqrt(variance), estimator="path_only",
                        batch_size=2000, draws=8, step_size=0.03, stop_at=300)  # fmt: skip
    run = Run(settings, data)
    for _ in run:
        pass
    run.change(step_size=0.002, stop_at=450)
    for _ in run:
        pass
    nu = run.q.nu(run.model.sites["w"], run.data.whole()).detach().double()
    elbo, _ = whole(linear(10, "normal", 1.0, Normal(), spread=math.sqrt(variance)), nu, batch)
    evidence, gap = KNOWN[1.0]
    assert evidence - gap - 0.05 < elbo <= evidence - gap + 1e-6


def maximum(model: Conditional, batch: Batch, start: Tensor | None = None) -> Tensor:
    """MAP by Newton-like steps on the engine's own gradient, from `start` or 0: (P,)."""
    start = torch.zeros(model.space.size, dtype=F64) if start is None else start.double()
    q = Posterior({"w": Global(model.sites["w"], start[None])})
    climb = torch.optim.LBFGS(
        q.parameters(), max_iter=200, tolerance_grad=1e-10, tolerance_change=1e-14, line_search_fn="strong_wolfe"
    )

    def closure() -> Tensor:
        climb.zero_grad()
        return -estimate(model, q, {"w": Reparameterization()}, batch, 1, torch.Generator()).objective

    climb.step(closure)
    return q.nu(model.sites["w"], batch).detach()[0]


@pytest.mark.parametrize("response", ["bernoulli", "poisson", "gamma", "negative_binomial"])
def test_glm_coefficients_are_those_of_statsmodels(response: str) -> None:
    """MAP with λ = 10⁴ and no hidden layer, judged by statsmodels: every coefficient within 1e-4."""
    sm = pytest.importorskip("statsmodels.api")
    generator = torch.Generator().manual_seed(3)
    x = torch.randn(300, 3, generator=generator, dtype=F64)
    model = linear(3, response, 1e4, PointMass(), intercept=True, spread=0.5)
    truth = torch.tensor([0.7, -0.5, 0.3, 0.4], dtype=F64)
    y = model.response.sample(model.chain(x, truth), generator)
    family = {
        "bernoulli": sm.families.Binomial(),
        "poisson": sm.families.Poisson(),
        "gamma": sm.families.Gamma(sm.families.links.Log()),
        "negative_binomial": sm.families.NegativeBinomial(alpha=0.5**2),
    }[response]
    judge = sm.GLM(y.numpy(), sm.add_constant(x.numpy()), family=family).fit(tol=1e-12).params
    found = maximum(model, Batch(x, torch.arange(300), 300, y))  # slopes, then the intercept
    torch.testing.assert_close(found, torch.tensor([*judge[1:], judge[0]]), atol=1e-4, rtol=0)


def test_ridge_is_the_map_of_a_linear_gaussian_network() -> None:
    batch = diabetes()
    _, mean, _ = exact(batch, 1.0)
    found = maximum(linear(10, "normal", 1.0, PointMass(), spread=math.sqrt(0.5)), batch)
    torch.testing.assert_close(found, mean, atol=1e-6, rtol=0)


def conjugate(rows: int = 6, total: int = 30) -> Problem:
    """A tiny linear regression with its exact ELBO, at a ν that is not the best."""
    x, y = numbers(rows, 2, seed=1), numbers(rows, seed=2)
    model = linear(2, "normal", 0.9, Normal(), spread=0.8)
    nu = torch.stack([numbers(2, seed=3, scale=0.5), torch.tensor([-0.6, -1.1], dtype=F64)])

    def objective(nus: dict[str, Tensor]) -> Tensor:
        mean, variance = nus["w"][0], (2 * nus["w"][1]).exp()
        miss = (y - x @ mean).square() + x.square() @ variance
        fit = (-0.5 * miss / 0.8**2 - math.log(0.8) - 0.5 * math.log(2 * math.pi)).sum()
        prior = (-0.5 * (mean.square() + variance) / 0.9**2 - math.log(0.9) - 0.5 * math.log(2 * math.pi)).sum()
        return fit * total / rows + prior + entropy(nus["w"][1])

    return Problem(
        model, Posterior({"w": Global(model.sites["w"], nu)}), Batch(x, torch.arange(rows), total, y), objective
    )


@pytest.mark.parametrize("estimator", [Score(), LeaveOneOut(), Reparameterization(), PathOnly(), AnalyticKL()])
def test_estimators_of_the_weights_are_unbiased(estimator) -> None:
    """Score, leave-one-out and the path gradients of a minibatch, against the exact gradient of the whole ELBO."""
    problem = conjugate()
    assert_unbiased(problem, every(estimator, problem.model), 3)


@pytest.mark.parametrize("noise", ["antithetic", "sobol"])
def test_noise_that_a_point_mass_does_not_have_changes_nothing(noise: str) -> None:
    """The knob is grey, so whatever it holds the run is, bit for bit, that of independent draws; so is a look at its next step."""
    values = {"model": "conditional", "posterior": "point", "draws": 4, "batch_size": 16, "stop_at": 3}
    runs = [Run(settings_from(values | {"noise": kind})) for kind in ("iid", noise)]
    plain, same = ([step.elbo for step in run] for run in runs)
    assert plain == same
    looked = [peek_next_step(run).draw_gradients(run.model.sites["w"]) for run in runs]
    assert torch.equal(*looked)


def test_a_point_mass_refuses_score_type_estimators() -> None:
    with pytest.raises(SettingError, match=r"A point mass has no score\. Choose reparameterisation"):
        Run(Settings(posterior="point", estimator="score"))
    model, batch = linear(10, "normal", 1.0, PointMass()), diabetes()
    q = Posterior({"w": Global(model.sites["w"], torch.zeros(1, 10, dtype=F64))})
    with pytest.raises(NotApplicableError, match="multiplies f by ∇ log q, and the point mass has none"):
        estimate(model, q, {"w": LeaveOneOut()}, batch, 2, torch.Generator())


def test_a_column_of_responses_is_refused() -> None:
    """y (N, 1) against (N,) would broadcast to N × N: refused with the remedy, in the data and in the factors."""
    x = torch.zeros(5, 2)
    column = Dataset(
        name="column",
        x=x,
        labels=torch.zeros(5, dtype=torch.int64),
        label_names=("all",),
        shape=(2,),
        y=torch.zeros(5, 1),
    )
    with pytest.raises(
        ValueError, match=r"need a response y of shape \(N,\) = \(5,\); there is one of shape \(5, 1\).*reshape\(-1\)"
    ):
        Run(Settings(), column)
    model = linear(2, "normal", 1.0, Normal())
    q = Posterior({"w": Global(model.sites["w"])})
    with pytest.raises(ValueError, match="no \\(M, 1\\) is combined with an \\(M,\\)"):
        estimate(
            model,
            q,
            {"w": Score()},
            Batch(x, torch.arange(5), 5, torch.zeros(5, 1)),
            1,
            torch.Generator().manual_seed(0),
        )


def test_data_that_do_not_go_with_the_response_or_the_posterior_are_refused() -> None:
    with pytest.raises(SettingError, match="It needs zeros and ones"):
        Run(Settings(response="bernoulli"))
    own = Dataset(
        name="own",
        x=torch.zeros(3, 1),
        labels=torch.zeros(3, dtype=torch.int64),
        label_names=("all",),
        shape=(1,),
        y=torch.tensor([0.0, 2.0, 1.0]),
    )
    with pytest.raises(SettingError, match="Bernoulli needs y to be 0 or 1; one is 2"):
        Run(Settings(data="moons", response="bernoulli"), own)
    with pytest.raises(
        SettingError, match="A full-rank Normal over 4,353 weights is too large; at most 256 are allowed"
    ):
        Run(Settings(posterior="full_rank"))


@pytest.mark.parametrize("spread_from", ["fixed", "learned", "network"])
def test_factors_are_the_log_joint(spread_from: str) -> None:
    """log p(y | x, w) + log p(w) against torch.distributions, draw by draw, the network called by hand."""
    settings = Settings(width=5, depth=1, spread_from=spread_from, spread=0.4, prior_scale=0.7)
    data = Dataset(
        name="own",
        x=numbers(8, 2, seed=1).float(),
        labels=torch.zeros(8, dtype=torch.int64),
        label_names=("all",),
        shape=(2,),
        y=numbers(8, seed=2).float(),
    )
    model, _ = build(settings, data, torch.Generator().manual_seed(4))
    w = numbers(2, 3, model.space.size, seed=5, scale=0.5).float()
    fit, prior = model.factors(data.whole(), {"w": w})
    normal, net = torch.distributions.Normal, model.space.network
    for r, b in [(0, 0), (1, 2)]:
        torch.nn.utils.vector_to_parameters(w[r, b], net.parameters())
        out = net(data.x)
        scale = {"fixed": 0.4, "learned": 0.401, "network": 1e-3 + torch.nn.functional.softplus(out[:, -1])}[
            spread_from
        ]
        torch.testing.assert_close(fit.value[r, b], normal(out[:, 0], scale).log_prob(data.y))
        torch.testing.assert_close(prior.value[r, b], normal(0.0, 0.7).log_prob(w[r, b]).sum())


def test_the_chain_of_one_data_point() -> None:
    """x → w → m → η of a Poisson network: w is the output, m its exponential, η = w; the gradient is (y − m) ∇_θ w."""
    settings = Settings(data="bursts", response="poisson", width=4, depth=1)
    data = settings_data(settings)
    model, _ = build(settings, data, torch.Generator().manual_seed(0))
    weights = model.space.first().requires_grad_()
    chain = model.chain(data.x[:1], weights)
    torch.testing.assert_close(chain.m, chain.w.exp())
    assert torch.equal(chain.eta, chain.w)
    (slope,) = torch.autograd.grad(model.response.log_prob(data.y[:1], chain).sum(), weights, retain_graph=True)
    (dw,) = torch.autograd.grad(chain.w.sum(), weights)
    torch.testing.assert_close(slope, (data.y[0] - chain.m.detach()) * dw)


def settings_data(settings: Settings) -> Dataset:
    from elbo_room.models.data.supervised import SUPERVISED

    return SUPERVISED[settings.data].load()


def test_lambda_and_a_fixed_spread_are_live() -> None:
    run = Run(Settings(spread_from="fixed", width=4, depth=1, stop_at=3))
    next(run)
    run.change(prior_scale=0.2, spread=0.7)
    assert run.model.prior.scale == 0.2
    assert float(run.model.dispersion(torch.zeros(1, 1))) == pytest.approx(0.49)
    next(run)


@pytest.mark.parametrize("posterior", ["mean_field", "point", "full_rank", "low_rank"])
def test_every_q_trains_and_starts_at_the_networks_initial_weights(posterior: str) -> None:
    run = Run(Settings(posterior=posterior, width=4, depth=1, step_size=0.02, stop_at=60))
    start = run.q.nu(run.model.sites["w"], run.data.whole())[0].detach().clone()
    torch.testing.assert_close(start, run.model.space.first())
    elbo = [step.elbo for step in run]
    assert sum(elbo[-10:]) / 10 > sum(elbo[:10]) / 10 + 0.2
    assert LINKS["usual"] is run.model.response.link
