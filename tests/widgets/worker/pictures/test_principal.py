"""What the screen shows of a linear decoder is the closed form of its data and parameters."""

import math

import pytest
import torch

from elbo_room.models.data import digits
from elbo_room.models.deep_generative.settings import Settings
from elbo_room.models.diagnostics import kl_per_dimension
from elbo_room.models.exact.probabilistic_pca import best_elbo, fit, spectrum
from elbo_room.models.training.run import Run
from elbo_room.widgets.worker.pictures import pictures_of
from elbo_room.widgets.worker.pictures.causes import all_alive
from elbo_room.widgets.worker.pictures.em import SERIES
from elbo_room.widgets.worker.pictures.principal import EXACT, MAXIMUM, principal_of


def make(**settings: object) -> Run:
    return Run(Settings(**({"depth": 0, "latent_size": 8} | settings)))  # type: ignore[arg-type]


def test_the_lines_are_the_closed_form() -> None:
    """Largest: of the fit. Present: the model's own density at every data point. Neither holds log p(θ), as the ELBO does not."""
    run = make(stop_at=30)
    list(run)
    picture = pictures_of(run).look()
    lines = picture["append"]["elbo"]["lines"]
    assert lines["series"].tolist() == [MAXIMUM, EXACT, MAXIMUM, SERIES]
    assert lines["step"].tolist() == [0, 30, 30, 30]
    largest, present, *_ = lines["value"]
    with torch.no_grad():
        own = run.model.decoder.out
        scale = run.model.response.scale(run.model.raw_scale)
        whole = (own.weight @ own.weight.T + scale**2 * torch.eye(64)).double()
        density = torch.distributions.MultivariateNormal(own.bias.double(), whole)
        exact = float(density.log_prob(digits().x.double()).mean())
    x = digits().x
    assert largest == pytest.approx(float(fit(x, 8).log_likelihood(x).mean()), abs=1e-3)
    assert present == pytest.approx(exact, abs=1e-3)
    assert f"Exact log p(x): {exact:.2f} nats".replace("-", "−") in picture["facts"]["theory"]


def test_a_fixed_scale_kills_the_dimensions_below_it() -> None:
    """Digits, σ² = .2: seven eigenvalues exceed it; with β = 2 the threshold is .4, and three do."""
    run = make(scale_head="fixed", sigma=math.sqrt(0.2))
    found = principal_of(run)
    assert found is not None
    divergence = kl_per_dimension(run.model, run.q, run.data.whole())
    picture = found.look(divergence)
    values = spectrum(digits().x)[1]
    theory = picture["replace"]["kl"]["theory"]
    expected = [max(0.5 * math.log(float(value) / 0.2), 0) for value in values[:8]]
    assert theory["value"].tolist() == pytest.approx(expected, abs=1e-6)
    assert sum(value >= 0.01 for value in expected) == 6, "the seventh carries .007 nats"
    assert theory["dimension"].tolist() == divergence.argsort(descending=True).tolist()
    assert "in theory 6; l7 = 0.203 > σ² = 0.200 > l8 = 0.172" in picture["facts"]["theory"]
    assert float(picture["append"]["elbo"]["lines"]["value"][0]) == pytest.approx(best_elbo(values, 8, 0.2), rel=1e-6)
    run.change(beta=2.0)
    assert "in theory 3; l3 = 0.554 > βσ² = 0.400 > l4 = 0.395" in found.look(divergence)["facts"]["theory"]


@pytest.mark.parametrize(
    "other", [{"depth": 1}, {"intercept": False}, {"scale_head": "feature"}, {"response": "bernoulli"}]
)
def test_other_decoders_have_no_closed_form(other: dict[str, object]) -> None:
    assert principal_of(make(**other)) is None


def test_a_cure_says_that_all_dimensions_live() -> None:
    """Only where something was done against collapse, and only while it is true."""
    alive, dead = torch.tensor([0.5, 0.2]), torch.tensor([0.5, 0.001])
    cured = make(decoder="gradient_map", depth=1, width=4)
    assert all_alive(cured, alive) == "All 2 latent dimensions are active, the least with 0.20 nats; the KL weighs 1."
    assert all_alive(cured, dead) is None
    assert all_alive(make(), alive) is None
    assert "the KL weighs 0.1" in str(all_alive(make(warm_up=10), alive))
