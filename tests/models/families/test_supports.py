"""What a site's support determines: the family of q, and densities whose second derivatives are finite all over it."""

import itertools
from dataclasses import replace

import pytest
import torch

from elbo_room.models.deep_exponential_family.settings import Settings
from elbo_room.models.families import Bernoulli, Gamma, LogNormal, Normal, ZeroInflatedNegativeBinomial
from elbo_room.models.layers import LAYERS, POSITIVE_FAMILIES
from elbo_room.models.priors import SpikeSlabPrior
from elbo_room.models.training.run import Run

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


def test_second_derivatives_of_mixed_densities_are_finite_far_out() -> None:
    """Taylor's control variate asks for them; `logaddexp` has none where its terms are 89 nats apart. Known: −1/λ² in the slab."""
    weight = torch.tensor([0.0, 0.5, 3.0, 9.0], requires_grad=True)
    (slope,) = torch.autograd.grad(SpikeSlabPrior(1.0).unit_log_prob(weight).sum(), weight, create_graph=True)
    (bend,) = torch.autograd.grad(slope.sum(), weight)
    torch.testing.assert_close(bend[1:], torch.full((3,), -1.0), rtol=1e-4, atol=1e-4)

    counts = torch.tensor([0.0, 0.0, 500.0])
    nu = torch.tensor([[9.0, -5.0, 0.0], [5.0, 0.0, 0.0], [-0.5, -0.5, -0.5]], requires_grad=True)
    log_prob = ZeroInflatedNegativeBinomial().log_prob(counts, nu)
    (slope,) = torch.autograd.grad(log_prob.sum(), nu, create_graph=True)
    (bend,) = torch.autograd.grad(slope.sum(), nu)
    assert bend.isfinite().all()
    lost = torch.tensor(-0.5).sigmoid()  # p₀ is 0 there, so log π is all there is: d²/dζ² log π = −π (1 − π)
    torch.testing.assert_close(bend[2, 0], -lost * (1 - lost), rtol=1e-5, atol=0)
