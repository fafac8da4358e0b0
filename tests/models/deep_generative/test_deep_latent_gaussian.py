"""The deep latent Gaussian model: its exact covariance, its distance to a network, and the gradient that explodes as σ → 0."""

import itertools
import math
from dataclasses import replace

import pytest
import torch

from elbo_room.models.deep_exponential_family.sampling import network, sample
from elbo_room.models.estimators import ESTIMATORS
from elbo_room.models.inference.estimate import estimate
from elbo_room.models.inference.surrogate_context import estimators_by_site
from tests.models.deep_exponential_family.test_model import SMALL, made


def linear(scale: float, natural: bool = False, layers: int = 3) -> tuple:
    settings = replace(
        SMALL, layer_1="normal", layer_2="normal", layer_3="normal", depth=layers, width_1=4, width_2=3, width_3=2, response="normal",
        activation="identity", layer_scale=scale, link="natural" if natural else "mean", data="pinwheel", intercept=False,
    )  # fmt: skip
    model, q, batch = made(settings, torch.zeros(2, 5), spread=0.5)
    return model.float(), q, batch


@pytest.mark.parametrize("natural", [False, True])
def test_a_linear_deep_latent_gaussian_model_has_the_exact_covariance(natural: bool) -> None:
    """S_ℓ = θ_ℓ S_{ℓ+1} θ_ℓᵀ + σ² I, from N(0, I); in the natural DEF μ = σ² θ z. Every entry within 5 standard errors."""
    model, _, _ = linear(0.7, natural)
    count, factor = 40_000, 0.49 if natural else 1.0
    found = sample(model, count, torch.Generator().manual_seed(5), {})
    covariance = torch.eye(2)
    for number in (2, 1):
        weight = model.connections[f"w{number + 1}"].weight * factor
        covariance = weight @ covariance @ weight.T + 0.49 * torch.eye(len(weight))
        z = found[f"z{number}"]
        products = (z.unsqueeze(-1) * z.unsqueeze(-2)).flatten(1)
        error = products.std(0) / count**0.5
        assert ((products.mean(0) - covariance.flatten()).abs() < 5 * error).all()
    out = model.connections["w1"].weight
    noise = model.plan.response.scale(model.raw_scale) ** 2
    x = found["x"]
    exact = out @ covariance @ out.T + noise * torch.eye(5)
    products = (x.unsqueeze(-1) * x.unsqueeze(-2)).flatten(1)
    assert ((products.mean(0) - exact.flatten()).abs() < 5 * products.std(0) / count**0.5).all()


def test_the_distance_to_the_network_falls_as_the_variance_of_the_layers() -> None:
    """E‖x̄ − network(z_L)‖² has slope 1 in σ² on log-log axes as σ → 0."""
    distances = []
    for scale in (0.01, 0.02, 0.04):
        model, _, _ = linear(scale)
        model.scales.activation = "tanh"
        found = sample(model, 20_000, torch.Generator().manual_seed(6), {})
        plain = network(model, found["z3"], {})
        distances.append(float((found["mean"] - plain["mean"]).square().sum(-1).mean()))
    slopes = [math.log(b / a) / math.log(4.0) for a, b in itertools.pairwise(distances)]
    assert all(abs(slope - 1) < 0.03 for slope in slopes), slopes


def test_the_centred_gradient_explodes_as_the_variance_vanishes_and_the_other_does_not() -> None:
    """Reparameterised variance of ν_1: slope −4 in σ for z itself (log p has slope 1/σ²), about flat for ε."""
    variances: dict[bool, list[float]] = {True: [], False: []}
    for centred, kept in variances.items():
        for scale in (0.02, 0.04):
            settings = replace(
                SMALL, layer_1="normal", layer_2="normal", response="normal", data="pinwheel", layer_scale=scale, centred=centred
            )  # fmt: skip
            model, q, batch = made(settings, torch.randn(4, 2, generator=torch.Generator().manual_seed(0)))
            parts = estimators_by_site(model, ESTIMATORS["reparameterization"](), 1)
            found = estimate(model, q, parts, batch, 1, torch.Generator().manual_seed(1), replicates=2000)
            gradient = found.draw_gradients(model.sites["z1"]).mean(1)[:, :, 0]  # of the means
            kept.append(float(gradient.var(0).sum()))
    slope = {centred: math.log2(second / first) for centred, (first, second) in variances.items()}
    assert abs(slope[True] + 4) < 0.2
    assert abs(slope[False]) < 2.2
    assert variances[True][0] > 1e4 * variances[False][0]
