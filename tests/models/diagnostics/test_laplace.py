"""Laplace's approximation: exact for a linear Gaussian model, statsmodels' covariance for GLMs, the exact Hessian if requested."""

import math

import pytest
import torch
from torch import Tensor

from elbo_room.models.conditional.model import Conditional
from elbo_room.models.conditional.weight_space import WeightSpace
from elbo_room.models.core import Batch
from elbo_room.models.data import Dataset
from elbo_room.models.diagnostics.laplace import Laplace, laplace, why_not
from elbo_room.models.diagnostics.predictive import bands, predict
from elbo_room.models.families import Normal, PointMass
from elbo_room.models.networks import Architecture, FeedForward
from elbo_room.models.priors import PRIORS, NormalPrior
from elbo_room.models.responses import RESPONSES
from elbo_room.models.variational import Global, Posterior
from tests.models.conditional.test_model import KNOWN, diabetes, exact, linear, maximum

F64 = torch.float64


def table(batch: Batch) -> Dataset:
    """The rows of a batch as a data set."""
    zero = torch.zeros(batch.size, dtype=torch.int64)
    return Dataset(name="own", x=batch.x, labels=zero, label_names=("all",), shape=tuple(batch.x.shape[1:]), y=batch.y)


def at(model: Conditional, weights: Tensor, batch: Batch, curvature: str = "ggn") -> Laplace:
    """Laplace's approximation at these weights (P,)."""
    return laplace(model, Posterior({"w": Global(model.sites["w"], weights[None])}), table(batch), curvature)


def net(response: str, width: int = 4, depth: int = 1, classes: int = 1, scale: float = 1.0) -> Conditional:
    """A small tanh network of two inputs."""
    part = RESPONSES[response](classes=classes)
    network = FeedForward(2, part.outputs, Architecture(width=width, depth=depth), torch.Generator().manual_seed(0))
    return Conditional(WeightSpace(network), part, NormalPrior(scale), PointMass(), "fixed", 0.5)


def toy(response: str, rows: int = 40) -> Batch:
    """Two inputs, and a y of the response's kind."""
    generator = torch.Generator().manual_seed(3)
    x = torch.randn(rows, 2, generator=generator, dtype=F64)
    y = (2 * x[:, 0]).sin() + x[:, 1] + 0.3 * torch.randn(rows, generator=generator, dtype=F64)
    kinds = {
        "bernoulli": (y > 0).double(),
        "categorical": (y > -0.5).double() + (y > 0.7),
        "poisson": y.exp().floor(),
    }
    return Batch(x, torch.arange(rows), rows, kinds.get(response, y))


@pytest.mark.parametrize("scale", KNOWN)
def test_it_is_exact_for_a_linear_gaussian_model(scale: float) -> None:
    """Precision, evidence and the predictive variance of ridge regression, to 1e-6; both curvatures."""
    batch = diabetes()
    precision, mean, evidence = exact(batch, scale)
    model = linear(10, "normal", scale, PointMass(), spread=math.sqrt(0.5))
    for curvature in ("ggn", "exact"):
        found = at(model, mean, batch, curvature)
        torch.testing.assert_close(found.precision, precision, rtol=1e-10, atol=1e-8)
        assert found.log_evidence == pytest.approx(evidence, abs=1e-6)
        assert found.log_evidence == pytest.approx(KNOWN[scale][0], abs=1e-6)
    variance = found.output_variance(batch.x[:5])[:, 0, 0]
    known = (batch.x[:5] @ torch.linalg.inv(precision) * batch.x[:5]).sum(-1)
    torch.testing.assert_close(variance, known, rtol=1e-8, atol=0)


def test_the_evidence_follows_lambda_as_the_closed_form_does() -> None:
    """With ŵ and G held, log p(y | cλ) is ridge's exact evidence up to what ŵ itself would move: its slope at c = 1 is exact."""
    batch, scale, step = diabetes(), 1.0, 1e-4
    found = at(linear(10, "normal", scale, PointMass(), spread=math.sqrt(0.5)), exact(batch, scale)[1], batch)
    around = found.evidence_at(torch.tensor([1 - step, 1.0, 1 + step], dtype=F64))
    slope = (exact(batch, scale * (1 + step))[2] - exact(batch, scale * (1 - step))[2]) / (2 * step)
    assert float(around[1]) == pytest.approx(found.log_evidence, abs=1e-8)
    assert float(around[2] - around[0]) / (2 * step) == pytest.approx(slope, abs=1e-3)


def test_steps_to_the_best_factor_end_at_the_largest_evidence() -> None:
    """MacKay's alternation: refit ŵ, rescale λ, until the factor is 1; the exact evidence is largest there, to the grid's 1.2 %."""
    batch, scale = diabetes(), 10.0
    for _ in range(12):
        found = at(linear(10, "normal", scale, PointMass(), spread=math.sqrt(0.5)), exact(batch, scale)[1], batch)
        scale *= found.best_factor
    ladder = torch.logspace(-2, 1, 601, dtype=F64)
    best = float(ladder[torch.tensor([exact(batch, float(each))[2] for each in ladder]).argmax()])
    assert scale == pytest.approx(best, rel=0.03)
    assert 5 < found.parameters < 10


@pytest.mark.parametrize("response", ["bernoulli", "poisson"])
def test_the_covariance_of_a_glm_is_that_of_statsmodels(response: str) -> None:
    """λ = 10⁴: Λ⁻¹ is `cov_params` within 1e-4 of its own size; and Λ is XᵀWX + I/λ² at any λ."""
    import statsmodels.api as sm

    batch = toy(response, 200)
    assert batch.y is not None
    model = linear(2, response, 1e4, PointMass(), intercept=True)
    weights = maximum(model, batch)
    found = at(model, weights, batch)
    family = {"bernoulli": sm.families.Binomial(), "poisson": sm.families.Poisson()}[response]
    design = torch.cat([batch.x, torch.ones(batch.size, 1, dtype=F64)], 1)
    judge = torch.tensor(sm.GLM(batch.y.numpy(), design.numpy(), family=family).fit(tol=1e-12).cov_params())
    torch.testing.assert_close(
        torch.linalg.inv(found.precision), judge, rtol=1e-4, atol=1e-4 * float(judge.abs().max())
    )
    stiff = linear(2, response, 0.5, PointMass(), intercept=True)
    m = stiff.chain(batch.x, weights).m
    known = design.T @ (stiff.response.variance(m)[:, None] * design) + torch.eye(3, dtype=F64) / 0.25
    torch.testing.assert_close(at(stiff, weights, batch).precision, known, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("response", "classes"), [("normal", 1), ("bernoulli", 1), ("poisson", 1), ("categorical", 3)])
def test_gauss_newton_is_the_hessian_without_a_hidden_layer(response: str, classes: int) -> None:
    """Canonical links, anywhere, not only at the maximum. With a hidden layer they differ: the network bends in its weights, too."""
    batch = toy(response)
    for depth, same in ((0, True), (1, False)):
        model = net(response, depth=depth, classes=classes)
        weights = model.space.first().double()
        ggn, hessian = (at(model, weights, batch, name).curvature for name in ("ggn", "exact"))
        assert torch.allclose(ggn, hessian, rtol=1e-8, atol=1e-8) == same


def test_the_tangent_is_linear_touches_the_network_and_has_the_stated_variance() -> None:
    """f + J(w − ŵ) at ŵ is the network, halfway between two weights the mean of both; 40,000 draws give JΛ⁻¹Jᵀ within 3 %."""
    batch = toy("normal")
    model = net("normal")
    weights = maximum(model, batch, model.space.first())
    found = at(model, weights, batch)
    other, x = weights + 0.3, batch.x[:7]
    space = found.model.space
    torch.testing.assert_close(space(x, weights), model.space(x, weights))
    torch.testing.assert_close(space(x, (weights + other) / 2), (space(x, weights) + space(x, other)) / 2)
    assert not torch.allclose(space(x, other), model.space(x, other), atol=1e-2)
    step = 1e-6
    slope = (model.space(x, weights + step * 0.3) - model.space(x, weights)) / step
    torch.testing.assert_close(space(x, other) - space(x, weights), slope, rtol=1e-4, atol=1e-5)
    _, sd, _ = bands(found.model, predict(found.model, x.float(), found.draws(40_000)))
    known = found.output_variance(x)[:, 0, 0]
    assert float(((sd.double().square() / known - 1) / math.sqrt(2 / 40_000)).abs().max()) < 4


def student_t(found: Laplace, count: int, degrees: int = 5) -> tuple[Tensor, Tensor]:
    """Draws from a multivariate t of location ŵ and scale Λ⁻¹, and their log densities: (S, P), (S,)."""
    generator = torch.Generator().manual_seed(0)
    size = len(found.mean)
    noise = torch.randn(count, size + degrees, generator=generator, dtype=F64).split([size, degrees], 1)
    unit = noise[0] * (degrees / noise[1].square().sum(1, keepdim=True)).sqrt()
    constant = math.lgamma((degrees + size) / 2) - math.lgamma(degrees / 2) - size / 2 * math.log(degrees * math.pi)
    log_q = (
        constant + found.root.diagonal().log().sum() - (degrees + size) / 2 * (1 + unit.square().sum(1) / degrees).log()
    )
    return found.mean + torch.linalg.solve_triangular(found.root.T, unit.T, upper=True).T, log_q


def test_a_small_network_has_the_evidence_that_importance_sampling_finds() -> None:
    """One tanh unit, 60 rows: 100,000 weighted draws around the maximum give log p(y) of this mode; Laplace lies within .1 nats."""
    batch, model = toy("normal", 60), net("normal", width=1)
    found = at(model, maximum(model, batch, model.space.first()), batch, "exact")
    draws, log_q = student_t(found, 100_000)
    factors = [model.factors(batch, {"w": part[None]}) for part in draws.split(20_000)]
    joint = torch.cat([fit.value[0].sum(-1) + prior.value[0] for fit, prior in factors])
    weighed = float((joint - log_q).logsumexp(0)) - math.log(len(draws))
    assert found.log_evidence == pytest.approx(weighed, abs=0.1)


def test_what_it_does_not_apply_to_is_refused_with_the_reason() -> None:
    batch = toy("normal")
    model = net("normal")
    model.posterior = Normal()
    assert "Choose a point mass" in (why_not(model) or "")
    for name in ("laplace", "student_t", "spike_slab"):
        other = net("normal")
        other.prior = PRIORS[name](1.0).bind(other.space.network)
        with pytest.raises(ValueError, match=f"needs a Gaussian prior; the density of {other.prior.label}"):
            at(other, other.space.first().double(), batch)
    big = net("normal", width=800)
    with pytest.raises(ValueError, match="has 3,201 weights"):
        at(big, big.space.first().double(), batch)
    with pytest.raises(ValueError, match="choose 'ggn' or 'exact'"):
        at(net("normal"), net("normal").space.first().double(), batch, "diagonal")


def test_the_exact_hessian_away_from_a_maximum_is_refused() -> None:
    batch = toy("normal")
    model = net("normal", scale=100.0)
    found = at(model, model.space.first().double(), batch, "exact")
    with pytest.raises(ValueError, match="so the weights are not at a maximum"):
        _ = found.log_evidence


@pytest.mark.parametrize(
    "name", [name for name, part in PRIORS.items() if part.gaussian and not part.latent and part.point_mass is None]
)
def test_the_priors_precision_is_minus_the_curvature_of_its_log_density(name: str) -> None:
    """Of every Gaussian prior that allows a point mass, learned scales included; log p(w) differentiated twice."""
    network = FeedForward(2, 1, Architecture(width=4, depth=1), torch.Generator().manual_seed(0))
    prior = PRIORS[name](0.7)
    model = Conditional(WeightSpace(network), RESPONSES["normal"](), prior, PointMass(), "fixed", 0.5)
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for scale in prior.parameters():
            scale.add_(torch.randn(scale.shape, generator=generator))
    weights = torch.randn(model.space.size, generator=generator, dtype=F64)

    def log_prior(w: Tensor) -> Tensor:
        return model.log_prior({"w": w[None, None]}).sum()

    bend = torch.autograd.functional.hessian(log_prior, weights)
    found = at(model, weights, toy("normal"))
    torch.testing.assert_close(found.prior_precision, -bend.diagonal(), rtol=1e-6, atol=1e-9)
    torch.testing.assert_close(found.precision - found.curvature, -bend, rtol=1e-6, atol=1e-9)
    assert len(found.prior_precision.unique()) > 1 or name == "normal"
