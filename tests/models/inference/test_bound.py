"""The ELBO bounds log p(x | θ); log p(θ)/N of a point estimate, β and free bits belong to the objective only."""

from dataclasses import asdict, replace
from typing import Any

import pytest
import torch

from elbo_room.models.catalogue import settings_from
from elbo_room.models.conditional import settings as conditional_settings
from elbo_room.models.deep_exponential_family import settings as deep_exponential_family_settings
from elbo_room.models.deep_exponential_family.model import DeepExponentialFamily
from elbo_room.models.deep_generative import settings as deep_generative_settings
from elbo_room.models.diagnostics import kl_per_dimension
from elbo_room.models.inference.estimate import Estimate, estimate
from elbo_room.models.inference.objective import Objective
from elbo_room.models.layers import point_log_prob
from elbo_room.models.presets import PRESETS
from elbo_room.models.training.run import Run

DISCRETE = {"bernoulli", "categorical", "poisson", "negative_binomial", "zero_inflated_negative_binomial"}
POINTS: dict[str, Any] = {
    "generative": deep_generative_settings.Settings(data="pinwheel", width=8, prior_scale=0.3),
    "layers": deep_exponential_family_settings.Settings(width_1=6, width_2=3, prior_scale=0.3),
    "conditional": conditional_settings.Settings(posterior="point", width=5, prior_scale=0.3, draws=1),
}


@torch.no_grad()
def log_prior(run: Run) -> float:
    """log p(θ̂)/N of a run's point estimates, from the densities themselves."""
    model: Any = run.model
    if isinstance(model, DeepExponentialFamily):
        found = point_log_prob(model.joins(), model.prior_scale)
        assert found is not None
        return float(found) / run.data.size
    if "w" in model.sites:
        return float(model.log_prior({"w": run.q.nu(model.sites["w"], run.data.whole())[0]})) / run.data.size
    return float(model.prior.log_prob(dict(model.decoder.named_parameters()))) / run.data.size


@pytest.mark.parametrize("name", POINTS)
def test_the_objective_is_the_bound_plus_the_prior_of_the_point_estimate(name: str) -> None:
    run = Run(POINTS[name])
    prior = log_prior(run)
    step = next(run)
    assert abs(prior) > 1e-3
    assert step.log_prior == pytest.approx(prior, rel=1e-5)
    assert step.objective - step.elbo == pytest.approx(prior, abs=2e-5 * abs(step.elbo))
    assert sum(step.terms.values()) == pytest.approx(step.elbo, rel=1e-5)
    assert "log p(θ)" not in step.terms


def test_the_bound_of_map_is_the_log_likelihood() -> None:
    """q a point for all of θ: log p(y | x, θ) of the data, whatever λ is."""
    run = Run(replace(POINTS["conditional"], batch_size=2000))
    model, data = run.model, run.data
    w = run.q.nu(model.sites["w"], data.whole()).detach()  # (1, P)
    assert data.y is not None
    with torch.no_grad():
        likelihood = model.response.log_prob(data.y, model.chain(data.x, w)).mean()  # type: ignore[attr-defined]
    assert next(run).elbo == pytest.approx(float(likelihood), rel=1e-5)


@pytest.mark.parametrize("weights", ["normal", "gamma"])
def test_random_weights_are_part_of_the_bound(weights: str) -> None:
    counts = {"data": "docstrings", "response": "poisson", "layer_1": "gamma"} if weights == "gamma" else {}
    values = {"model": "deep_exponential_family", "width_1": 6, "depth": 1, "weights": weights}
    step = next(Run(settings_from(values | counts)))
    assert "log p(w1)" in step.terms
    assert step.log_prior == 0
    assert step.objective == step.elbo


def at(run: Run, objective: Objective) -> Estimate:
    """One estimate of all data at the run's first parameters, always with the same noise."""
    generator = torch.Generator().manual_seed(5)
    return estimate(run.model, run.q, run.estimators, run.data.whole(), 4, generator, objective=objective)


@pytest.mark.parametrize(
    "objective", [Objective(4.0), Objective(0.25), Objective(2.0, free_bits=0.5), Objective(1.0, 0.3)]
)
def test_weights_on_the_kl_change_the_objective_and_not_the_bound(objective: Objective) -> None:
    """E log p(x | z) + β (E log p(z) − E log q(z)) − β Σ_k max(λ − KL_k, 0) + log p(θ)/N, term by term."""
    run = Run(replace(POINTS["generative"], latent_size=2))
    plain, found = at(run, Objective()), at(run, objective)
    assert float(found.elbo) == pytest.approx(float(plain.elbo), rel=1e-6)
    assert float(found.elbo) == pytest.approx(sum(map(float, found.terms.values())), rel=1e-6)
    terms = {name: float(value) for name, value in plain.terms.items()}
    missing = (objective.free_bits - kl_per_dimension(run.model, run.q, run.data.whole())).clamp_min(0).sum()
    kl = terms["log p(z)"] + terms["−log q(z)"]
    wanted = terms["log p(x|z)"] + objective.beta * (kl - float(missing)) + log_prior(run)
    assert float(found.objective) == pytest.approx(wanted, rel=1e-5)


def test_a_weighted_bound_leaves_the_prior_of_the_weights_out() -> None:
    """The importance-weighted bound at two values of λ: the same bits, and objectives that differ by the prior."""
    settings = replace(POINTS["generative"], estimator="iwae", draws=4)
    one, other = (next(Run(replace(settings, prior_scale=scale))) for scale in (0.3, 3.0))
    assert one.elbo == other.elbo
    assert one.terms == other.terms
    assert "gain of weighting" in one.terms
    assert one.objective != other.objective


SETTINGS = {name: settings_from(scene["settings"] | {"batch_size": 64}) for name, scene in PRESETS.items()}


@pytest.mark.parametrize("name", [name for name, each in SETTINGS.items() if asdict(each)["response"] in DISCRETE])
def test_a_discrete_response_has_no_bound_above_0(name: str) -> None:
    """A probability is at most 1, so log p(x | θ) ≤ 0; log p(θ) is a density and knows no such limit."""
    settings = SETTINGS[name]
    steps = (
        30 if asdict(settings).get("posterior") == "point" else 3
    )  # log p(θ)/N of a point rises as its weights shrink
    assert all(step.elbo <= 0 for step in Run(replace(settings, stop_at=steps)))
