"""Priors whose scales are learned, in a regression: evidence maximisation, hyper-priors, the horseshoe, relevance of inputs."""

import math
from collections.abc import Mapping
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from scipy import optimize
from torch import Tensor, nn
from torch.func import functional_call, vmap

from elbo_room.models.core import Batch, Factor, Site
from elbo_room.models.data import Dataset, from_array
from elbo_room.models.deep_generative.settings import Settings
from elbo_room.models.families import Family, FullRank, Normal
from elbo_room.models.networks import Architecture, FeedForward
from elbo_room.models.priors import Prior, make_prior
from elbo_room.models.training.run import Run, Step
from elbo_room.models.variational import Global, Posterior

LOG_2PI = math.log(2 * math.pi)


class Regression(nn.Module):
    """y_i ~ N(net(x_i; w), σ²), w ~ prior: one global site of all weights, and the prior's own."""

    def __init__(self, network: nn.Module, prior: Prior, family: Family, noise: float) -> None:
        super().__init__()
        self.frozen, self.prior, self.noise = [network.requires_grad_(requires_grad=False)], prior.bind(network), noise
        self.sites: Mapping[str, Site] = {"w": Site("w", "global", (self.prior.size,), family), **self.prior.sites}

    def named(self, w: Tensor) -> dict[str, Tensor]:
        parts = w.split([math.prod(shape) for shape in self.prior.shapes.values()], -1)
        return {
            name: part.unflatten(-1, shape)
            for part, (name, shape) in zip(parts, self.prior.shapes.items(), strict=True)
        }

    def factors(self, batch: Batch, latents: Mapping[str, Tensor]) -> list[Factor]:
        weights = self.named(latents["w"])
        flat = {name: value.flatten(0, 1) for name, value in weights.items()}
        f = vmap(lambda one: functional_call(self.frozen[0], one, (batch.x,)))(flat)[..., 0]  # (R·B, M)
        f = f.unflatten(0, latents["w"].shape[:2])
        fit = -0.5 * ((batch.y - f) / self.noise).square() - math.log(self.noise) - 0.5 * LOG_2PI
        own = {name: latents[name] for name in self.prior.sites}
        return [
            Factor("log p(y|x)", fit, frozenset({"w"})),
            Factor("log p(θ)", self.prior.log_prob(weights | own), frozenset(self.sites)),
        ]


def trained(
    network: nn.Module, data: Dataset, settings: Settings, *, noise: float, full: bool = False, steps: int = 600
) -> tuple[Run, list[Step]]:
    """A run that ends with small steps, and its last 200 of them."""
    family: Family = FullRank(size=sum(p.numel() for p in network.parameters())) if full else Normal()
    first = torch.cat([p.detach().flatten() for p in network.parameters()])
    model = Regression(network, make_prior(settings, point_mass=False), family, noise)
    nu = torch.zeros(family.n_params, len(first))
    nu[0], nu[1] = first, -2.0
    q = Posterior(
        {"w": Global(model.sites["w"], nu)} | {name: Global(site) for name, site in model.prior.sites.items()}
    )
    how = Settings(draws=8, step_size=0.03, batch_size=2000, estimator="path_only", stop_at=steps)
    run = Run(model, q, data, how)
    list(run)
    run.change(step_size=0.003, stop_at=steps + 300)
    return run, list(run)[-200:]


@cache
def linear_data() -> Dataset:
    """30 rows, 5 features, weights of scale .6 and noise .5."""
    generator = torch.Generator().manual_seed(3)
    x = torch.randn(30, 5, generator=generator)
    y = x @ (0.6 * torch.randn(5, generator=generator)) + 0.5 * torch.randn(30, generator=generator)
    return replace(from_array(x), y=y)


def evidence(data: Dataset, scale: float, noise: float) -> float:
    """known-answers.md: −½[N log 2πσ² + 2P log λ + log|Λ| + yᵀy/σ² − mᵀΛm]."""
    assert data.y is not None
    x, y = data.x.double().numpy(), data.y.double().numpy()
    precision = x.T @ x / noise**2 + np.eye(x.shape[1]) / scale**2
    mean = np.linalg.solve(precision, x.T @ y / noise**2)
    parts = len(y) * math.log(2 * math.pi * noise**2) + 2 * x.shape[1] * math.log(scale)
    return -0.5 * float(parts + np.linalg.slogdet(precision)[1] + y @ y / noise**2 - mean @ precision @ mean)


def linear() -> nn.Module:
    return nn.Linear(5, 1, bias=False).requires_grad_(requires_grad=False)


def test_evidence_maximisation_ends_at_the_maximum_of_the_closed_form() -> None:
    """q is full-rank, so the ELBO is the evidence: λ̂ = argmax, from a start five times too large, and the value is the maximum."""
    data = linear_data()
    best = optimize.minimize_scalar(lambda s: -evidence(data, math.exp(s), 0.5), bounds=(-4, 4), method="bounded")
    run, steps = trained(linear(), data, Settings(prior="evidence", prior_scale=3.0), noise=0.5, full=True)
    assert float(run.model.prior.log_scale.detach()) == pytest.approx(best.x, abs=0.03)
    assert np.mean([step.elbo for step in steps]) * 30 == pytest.approx(-best.fun, abs=0.05)
    assert evidence(data, 3.0, 0.5) < -best.fun - 1  # the start was visibly worse


@pytest.mark.parametrize("scale", [0.3, 1.0])
def test_a_hyper_prior_gives_nearly_the_evidence_with_the_scale_integrated_out(scale: float) -> None:
    """ELBO ≤ log ∫ p(y | σ) p(σ) dσ, and mean field between w and σ loses less than .3 nats; E log σ is off by less than .15."""
    data = linear_data()
    run, steps = trained(linear(), data, Settings(prior="hyper", prior_scale=scale), noise=0.5, full=True)
    grid = np.linspace(-6, 4, 2001)
    log_prior = 0.5 * math.log(2 / math.pi) - math.log(scale) - np.exp(2 * grid) / (2 * scale**2) + grid
    joint = np.array([evidence(data, math.exp(s), 0.5) for s in grid]) + log_prior
    top = joint.max()
    exact = top + math.log(np.exp(joint - top).sum() * (grid[1] - grid[0]))
    reached = np.mean([step.elbo for step in steps]) * 30
    assert exact - 0.3 < reached < exact + 0.02
    mean = float((np.exp(joint - top) * grid).sum() / np.exp(joint - top).sum())
    nu = run.q.nu(run.model.sites["weight_scale"], run.data.whole()).detach()
    assert float(nu[0]) == pytest.approx(mean, abs=0.15)


def test_a_horseshoe_keeps_the_signal_and_drops_the_noise() -> None:
    """Normal means y_j ~ N(w_j, 1): mean field loses less than .7 nats a weight; w₃ stays, w₁ shrinks most."""
    y = torch.tensor([0.5, 2.0, 6.0])
    data = replace(from_array(torch.eye(3)), y=y)
    network = nn.Linear(3, 1, bias=False).requires_grad_(requires_grad=False)
    run, steps = trained(network, data, Settings(prior="horseshoe", prior_scale=0.5), noise=1.0)
    step = 0.002
    grid = torch.arange(-14 + step / 2, 14, step, dtype=torch.float64)
    density = run.model.prior.density(grid, "weight")
    likelihood = torch.distributions.Normal(y.double()[:, None], 1.0).log_prob(grid).exp()
    marginal = (likelihood * density).sum(1) * step
    exact = (likelihood * density * grid).sum(1) * step / marginal
    reached = np.mean([each.elbo for each in steps]) * 3
    assert float(marginal.log().sum()) - 2.1 < reached < float(marginal.log().sum()) + 0.02
    mean = run.q.nu(run.model.sites["w"], run.data.whole()).detach()[0].double()
    kept = mean / y
    assert kept[0] < kept[1] < kept[2]
    assert float(kept[2]) > 0.9
    torch.testing.assert_close(mean, exact, rtol=0, atol=0.5)


@cache
def planted() -> Dataset:
    """200 rows, 6 inputs, y = sin 2x₁ + x₃ + noise: four inputs say nothing."""
    generator = torch.Generator().manual_seed(11)
    x = torch.randn(200, 6, generator=generator)
    y = (2 * x[:, 0]).sin() + x[:, 2] + 0.2 * torch.randn(200, generator=generator)
    return replace(from_array(x), y=y)


@pytest.mark.parametrize("prior", ["ard", "ard_evidence"])
def test_relevance_finds_the_planted_inputs(prior: str) -> None:
    """The least λ of a planted input is more than five times the largest of the others (measured: 11 and 12 times)."""
    network = FeedForward(6, 1, Architecture(width=10), torch.Generator().manual_seed(0))
    run, _ = trained(network, planted(), Settings(prior=prior), noise=0.2, steps=1200)
    model = run.model
    own = {name: run.q.nu(site, run.data.whole()).detach()[0] for name, site in model.prior.sites.items()}
    relevance = model.prior.log_relevances(own).detach().exp()
    planted_ones, others = relevance[[0, 2]], relevance[[1, 3, 4, 5]]
    assert float(planted_ones.min()) > 5 * float(others.max())
