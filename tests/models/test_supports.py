"""q of a site follows from the site's support: real weights have a Gaussian q, whatever is chosen for positive values."""

import itertools
from dataclasses import replace

import pytest
import torch

from elbo_room.models.deep_exponential_family_settings import Settings
from elbo_room.models.families import Bernoulli, Gamma, LogNormal, Normal
from elbo_room.models.inference.run import Run
from elbo_room.models.layers import LAYERS, POSITIVE_FAMILIES

SMALL = Settings(
    data="pinwheel", response="normal", layer_1="normal", layer_2="normal", width_1=3, width_2=2, draws=2, batch_size=32, stop_at=3
)  # fmt: skip


@pytest.mark.parametrize("positive", POSITIVE_FAMILIES)
def test_families_of_sites_follow_their_supports(positive: str) -> None:
    for layer, weights in itertools.product(LAYERS, ("normal", "gamma")):
        run = Run(
            replace(SMALL, layer_1=layer, layer_2=layer, weights=weights, positive_family=positive, estimator="score")
        )
        real = type(LAYERS[layer].density) if not LAYERS[layer].positive_value else POSITIVE_FAMILIES[positive]
        assert {type(run.model.sites[name].family) for name in ("z1", "z2")} == {real}
        weight = POSITIVE_FAMILIES[positive] if weights == "gamma" else Normal
        assert {type(run.model.sites[name].family) for name in ("w1", "w2")} == {weight}
        assert next(run).elbo < 0
    assert (LogNormal, Gamma) == tuple(POSITIVE_FAMILIES.values())
    assert type(LAYERS["bernoulli"].density) is Bernoulli


@pytest.mark.parametrize("estimator", ["reparameterization", "analytic_kl"])
def test_the_family_of_positive_values_does_nothing_where_nothing_is_positive(estimator: str) -> None:
    """Real layers and real weights: the same run, bit for bit. (The weights once took log Γ for their q: −371 nats, not +8.7.)"""
    runs = [
        Run(replace(SMALL, weights="normal", positive_family=name, estimator=estimator)) for name in POSITIVE_FAMILIES
    ]
    steps = [list(run) for run in runs]
    assert steps[0] == steps[1]
    assert all(torch.equal(a, b) for a, b in zip(*(run.q.parameters() for run in runs), strict=True))
    assert {part.name for part in runs[0].estimators.values()} == {estimator}, "their priors are declared"
