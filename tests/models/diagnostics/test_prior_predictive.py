"""Functions drawn from the prior have the covariance, the tails and the limit that known-answers.md states."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import integrate
from torch import Tensor

from elbo_room.models.deep_generative.settings import Settings
from elbo_room.models.diagnostics import functions, limit, no_limit
from elbo_room.models.diagnostics.infinite_width import bend, hermite
from elbo_room.models.networks import ACTIVATIONS, Activation, Architecture, FeedForward
from elbo_room.models.priors import Prior, make_prior

X = torch.tensor([[0.3, -1.0], [1.2, 0.4], [-0.7, 2.0]])
ERF = Activation("erf", "erf", "erf u", "The one with a closed form.", torch.erf, 1.0)


@pytest.fixture(autouse=True)
def with_erf(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ACTIVATIONS, "erf", ERF)


def drawn(architecture: Architecture, settings: Settings, inputs: int = 2) -> tuple[FeedForward, Prior]:
    network = FeedForward(inputs, 1, architecture, torch.Generator().manual_seed(0))
    return network, make_prior(settings, point_mass=False).bind(network)


def covariance_in_errors(values: Tensor, exact: Tensor) -> float:
    """The largest |mean of f f′ − exact| in standard errors, over all pairs of inputs: values (S, G)."""
    product = values[:, :, None] * values[:, None]
    return float(((product.mean(0) - exact).abs() / (product.std(0) / len(values) ** 0.5)).max())


def known(activation: str, x: Tensor, width: int, w: float, b: float, out: float) -> Tensor:
    """λ_o² H k(x, x′), written out as in known-answers.md, with the output's intercept."""
    c = w**2 * x @ x.T + b**2
    u = c.diagonal()
    if activation == "relu":
        root = (u[:, None] * u).sqrt()
        theta = torch.acos((c / root).clamp(-1, 1))
        k = root * (theta.sin() + (math.pi - theta) * theta.cos()) / (2 * math.pi)
    else:
        k = 2 / math.pi * torch.asin(2 * c / ((1 + 2 * u[:, None]) * (1 + 2 * u)).sqrt()) if activation == "erf" else c
    return out**2 * width * k + b**2


LAYERS = Settings(prior="layers", prior_scale=0.8, prior_scale_bias=0.5, prior_scale_out=0.6)


@pytest.mark.parametrize("activation", ["relu", "erf", "identity"])
@pytest.mark.parametrize("width", [1, 7])
def test_covariance_of_one_hidden_layer_is_the_kernel_at_any_width(activation: str, width: int) -> None:
    """Within 4 standard errors; 20,000 functions see a factor of 1.1 in every entry (8 standard errors at width 7)."""
    network, prior = drawn(Architecture(width=width, activation=activation), LAYERS)
    exact = known(activation, X.double(), width, 0.8, 0.5, 0.6)
    torch.testing.assert_close(
        limit(prior, Architecture(width=width, activation=activation), X), exact, rtol=1e-6, atol=1e-6
    )
    values = functions(network, prior, X, 20_000, torch.Generator().manual_seed(1))[..., 0].double()
    assert covariance_in_errors(values, exact) < 4
    assert covariance_in_errors(values, 1.15 * exact) > 4


@pytest.mark.parametrize("activation", ["tanh", "silu", "softplus", "logistic"])
@pytest.mark.parametrize("prior", ["fan_in", "laplace", "student_t", "spike_slab"])
def test_covariance_holds_for_every_activation_and_prior_of_finite_variance(activation: str, prior: str) -> None:
    """At the width of 5. A first layer that is an average over 4,096 units adds 2 % of its own."""
    settings = Settings(prior=prior, prior_scale=0.5, degrees=8.0)
    network, part = drawn(Architecture(width=5, activation=activation), settings)
    values = functions(network, part, X, 20_000, torch.Generator().manual_seed(2))[..., 0].double()
    exact = limit(part, Architecture(width=5, activation=activation), X)
    product = values[:, :, None] * values[:, None]
    error = (
        (product.square().mean(0) / len(values) + (0.02 * exact) ** 2).sqrt()
        if not part.gaussian
        else product.std(0) / 20_000**0.5
    )
    assert float(((product.mean(0) - exact).abs() / error).max()) < 4


def test_series_is_the_closed_form_and_the_double_integral() -> None:
    kernel = X.double() @ X.double().T + 0.3
    smooth = [hermite(ERF, kernel), bend(ERF, kernel)]
    torch.testing.assert_close(smooth[0][0], smooth[1][0], rtol=1e-9, atol=1e-9)
    for got, closed in zip(hermite(ACTIVATIONS["relu"], kernel), bend(ACTIVATIONS["relu"], kernel), strict=True):
        torch.testing.assert_close(got, closed, rtol=2e-4, atol=2e-4)  # a kink: the series ends at k = 100
    (u, c), (_, v) = kernel[:2, :2].tolist()
    rest = math.sqrt(v - c * c / u)

    def density(b: float, a: float) -> float:
        value = math.tanh(a * math.sqrt(u)) * math.tanh(c / math.sqrt(u) * a + rest * b)
        return value * math.exp(-0.5 * (a * a + b * b)) / (2 * math.pi)

    exact = integrate.dblquad(density, -8, 8, -8, 8, epsabs=1e-8)[0]
    assert float(bend(ACTIVATIONS["tanh"], kernel)[0][0, 1]) == pytest.approx(exact, abs=1e-6)


def test_excess_kurtosis_of_a_relu_network_is_15_over_its_width() -> None:
    """H = 5: 3 more than a Gaussian's 3; 400 batches of 1,000 functions give the standard error."""
    settings = Settings(prior="layers", prior_scale=1.0, prior_scale_out=1.0)
    network, prior = drawn(Architecture(width=5, activation="relu", intercept=False), settings, inputs=1)
    values = (
        functions(network, prior, torch.ones(1, 1), 400_000, torch.Generator().manual_seed(3))
        .reshape(400, 1000)
        .double()
    )
    variance = 5 / 2  # H k(1, 1)
    kurtosis = (values / variance**0.5).pow(4).mean(1) - 3
    assert abs(float(kurtosis.mean()) - 15 / 5) < 4 * float(kurtosis.std()) / 400**0.5
    assert float(kurtosis.std()) / 400**0.5 < 0.15


DEEP = [
    {"depth": 2, "activation": "relu"},
    {"depth": 3, "activation": "tanh", "input_reinjection": True},
    {"depth": 3, "activation": "relu", "identity_residual": True},
    {"depth": 2, "activation": "softplus", "identity_residual": True, "input_reinjection": True},
    {"depth": 0},
]


@pytest.mark.parametrize("elements", DEEP)
def test_deep_and_wide_networks_have_the_covariance_of_the_recursion(elements: dict[str, object]) -> None:
    """Width 256, fan-in scaling: the rest is of order 1/H, so 4 standard errors of 1,500 functions plus 2 %."""
    kind = Architecture(width=256, **elements)  # type: ignore[arg-type]
    network, prior = drawn(kind, Settings(prior="fan_in", prior_scale=1.3))
    exact = limit(prior, kind, X)
    values = functions(network, prior, X, 1500, torch.Generator().manual_seed(4))[..., 0].double()
    product = values[:, :, None] * values[:, None]
    error = 4 * product.std(0) / 1500**0.5 + 0.02 * exact.abs()
    assert ((product.mean(0) - exact).abs() < error).all()
    assert ((product.mean(0) - 1.4 * exact).abs().diagonal() > error.diagonal()).all()


@pytest.mark.parametrize(("prior", "growth"), [("fan_in", 1.0), ("normal", 16.0)])
def test_fan_in_scaling_keeps_the_size_of_functions_when_the_network_grows(prior: str, growth: float) -> None:
    """Var f at width 64 over Var f at width 16 with two hidden layers: 1 with λ/√n, 4² with one λ (ReLU without intercepts: exact)."""
    sizes = []
    for width in (16, 64):
        kind = Architecture(width=width, depth=2, activation="relu", intercept=False)
        network, part = drawn(kind, Settings(prior=prior, prior_scale=1.0))
        exact = float(limit(part, kind, X[:1])[0, 0])
        square = functions(network, part, X[:1], 20_000, torch.Generator().manual_seed(5)).flatten().double().square()
        assert abs(float(square.mean()) - exact) < 4 * float(square.std()) / 20_000**0.5
        sizes.append(exact)
    assert sizes[1] / sizes[0] == pytest.approx(growth, rel=1e-9)


def test_functions_become_gaussian_as_the_network_grows() -> None:
    """|excess kurtosis| of tanh functions under Laplace weights: far from 0 at width 2, within 4 standard errors of 0 at width 256."""
    found = []
    for width in (2, 256):
        network, prior = drawn(Architecture(width=width), Settings(prior="laplace"))
        values = functions(network, prior, X[:1], 10_000, torch.Generator().manual_seed(6)).flatten().double()
        found.append(float(((values - values.mean()) / values.std()).pow(4).mean()) - 3)
    error = math.sqrt(24 / 10_000)
    assert found[0] > 10 * error
    assert abs(found[1]) < 4 * error + 0.06


@pytest.mark.parametrize(
    ("settings", "elements", "words"),
    [
        ({"prior": "hyper"}, {}, "a mixture of Gaussian processes"),
        ({"prior": "horseshoe"}, {}, "a mixture of Gaussian processes"),
        ({"prior": "student_t", "degrees": 2.0}, {}, r"no variance, .* Raise ν above 2"),
        ({}, {"attention": "simplex"}, "No limit is known here for a network with this choice of attention"),
    ],
)
def test_without_a_limit_there_is_a_reason(settings: dict[str, object], elements: dict[str, str], words: str) -> None:
    kind = Architecture(**elements)  # type: ignore[arg-type]
    network, prior = drawn(kind, replace(Settings(), **settings))  # type: ignore[arg-type]
    assert no_limit(prior, kind) is not None
    with pytest.raises(ValueError, match=words):
        limit(prior, kind, X)
    values = functions(network, prior, X, 30, torch.Generator().manual_seed(7))
    assert np.isfinite(values.numpy()).all()
    assert values.shape == (30, 3, 1)
