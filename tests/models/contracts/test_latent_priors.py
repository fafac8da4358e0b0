"""Every listed prior of z: a density that integrates to one, a sampler of that density, parameters that learn once."""

import math

import pytest
import torch

from elbo_room.models.core import Batch, Site
from elbo_room.models.data import pinwheel
from elbo_room.models.deep_generative.model import build
from elbo_room.models.deep_generative.settings import Settings
from elbo_room.models.estimators import ESTIMATORS
from elbo_room.models.families import Normal
from elbo_room.models.latent_priors import LATENT_PRIORS, AutoregressivePrior, LatentPrior, MixturePrior, VampPrior
from elbo_room.models.networks import Architecture
from elbo_room.models.settings import SettingError
from elbo_room.models.training.guard import named_parameters
from elbo_room.models.training.run import Run
from elbo_room.models.variational import Amortized

ALL = [pytest.param(part, id=name) for name, part in LATENT_PRIORS.items()]


def make(part: type[LatentPrior], size: int = 2) -> LatentPrior:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(30, 4, generator=generator)
    encoder = Amortized(Site("z", "local", (size,), Normal()), 4, 30, Architecture(width=8), generator)
    return part(size, x, encoder, generator)


@pytest.mark.parametrize("part", ALL)
def test_the_density_integrates_to_one(part: type[LatentPrior]) -> None:
    ticks = torch.linspace(-12, 12, 481)
    z = torch.cartesian_prod(ticks, ticks)
    step = float(ticks[1] - ticks[0])
    assert float(make(part).log_prob(z).detach().exp().sum()) * step**2 == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("part", ALL)
def test_samples_have_the_densitys_mean_and_second_moments(part: type[LatentPrior]) -> None:
    """Against the integral over a grid, in standard errors of 20,000 draws."""
    prior = make(part)
    ticks = torch.linspace(-12, 12, 481)
    z = torch.cartesian_prod(ticks, ticks)
    mass = prior.log_prob(z).detach().exp() * float(ticks[1] - ticks[0]) ** 2
    drawn = prior.sample(20_000, torch.Generator().manual_seed(1))
    for power in (1, 2):
        mean, error = drawn.pow(power).mean(0), drawn.pow(power).std(0) / 20_000**0.5
        assert float(((mean - mass @ z.pow(power)) / error).abs().max()) < 4


@pytest.mark.parametrize("part", ALL)
def test_a_prior_that_has_overflowed_draws_what_is_not_finite(part: type[LatentPrior]) -> None:
    """Nothing is raised: the run's own guard says what happened."""
    prior = make(part)
    with torch.no_grad():
        for each in prior.parameters():
            each.fill_(math.nan)
    drawn = prior.sample(5, torch.Generator().manual_seed(1))
    assert not (list(prior.parameters()) and drawn.isfinite().any())


@pytest.mark.parametrize("part", ALL)
def test_any_leading_axes(part: type[LatentPrior]) -> None:
    prior, z = make(part), torch.randn(2, 3, 5, 2, generator=torch.Generator().manual_seed(2))
    assert prior.log_prob(z).shape == (2, 3, 5)
    torch.testing.assert_close(prior.log_prob(z)[1, 2], prior.log_prob(z[1, 2]))


def test_a_vamp_prior_is_the_encoders_mixture_over_its_pseudo_data() -> None:
    prior = make(VampPrior)
    assert isinstance(prior, VampPrior)
    z = torch.randn(6, 2, generator=torch.Generator().manual_seed(3))
    nu = prior.shared[0].nu(Batch(prior.pseudo, torch.arange(10), 10))  # type: ignore[operator]
    normal = torch.distributions.Normal(nu[:, 0], nu[:, 1].exp())
    known = normal.log_prob(z[:, None]).sum(-1).exp().mean(1).log()
    torch.testing.assert_close(prior.log_prob(z), known)


def test_the_encoder_of_a_vamp_prior_is_trained_once() -> None:
    model, q = build(
        Settings(data="pinwheel", latent_prior="vamp", width=4), pinwheel(), torch.Generator().manual_seed(0)
    )
    names = named_parameters((model, q))
    assert len({id(p) for p in names.values()}) == len(names)
    assert [name for name in names if "pseudo" in name] == ["DeepGenerative.latent_prior.pseudo"]


@pytest.mark.parametrize("name", ["mixture", "vamp", "autoregressive"])
def test_learned_priors_refuse_a_closed_form_divergence(name: str) -> None:
    assert "analytic_kl" in ESTIMATORS
    with pytest.raises(SettingError, match=r"path \+ KL does not apply. The KL to a mixture has no closed form"):
        Run(Settings(latent_prior=name, estimator="analytic_kl"))
    with pytest.raises(ValueError, match="Free bits need the KL of each dimension of 'z' in closed form"):
        next(Run(Settings(latent_prior=name, data="pinwheel", width=4, free_bits=0.5)))


def test_a_learned_prior_raises_the_bound() -> None:
    """The five arms of the pinwheel are no round cloud: a mixture holds them better than N(0, I), by more than a tenth of a nat."""
    reached = {}
    for name in ("normal", "mixture"):
        run = Run(
            Settings(
                data="pinwheel", depth=1, width=16, latent_prior=name, step_size=0.02, stop_at=1200, prior_scale=10.0
            )
        )
        last = list(run)[-200:]
        reached[name] = sum(step.elbo for step in last) / len(last)
    assert reached["mixture"] > reached["normal"] + 0.1


@pytest.mark.parametrize("name", ["mixture", "vamp"])
def test_there_are_as_many_components_as_asked_for(name: str) -> None:
    settings = Settings(data="pinwheel", latent_prior=name, components=7, width=4)
    model, _ = build(settings, pinwheel(), torch.Generator().manual_seed(0))
    log_weight, nu = (each.detach() for each in model.latent_prior.components())  # type: ignore[operator]
    assert nu.shape == (7, 2, 2)
    assert log_weight.exp().sum().item() == pytest.approx(1, abs=1e-6)


def test_an_autoregressive_prior_sees_earlier_dimensions_only() -> None:
    prior = make(AutoregressivePrior, size=5)
    z = torch.randn(1, 5, generator=torch.Generator().manual_seed(4))
    seen = torch.autograd.functional.jacobian(lambda z: prior.conditionals(z)[1].sum(-1)[0], z)[:, 0]  # type: ignore[attr-defined]
    assert (seen.triu() == 0).all()
    assert (seen[torch.ones(5, 5).tril(-1).bool()] != 0).all()


def test_an_autoregressive_prior_learns_a_ring_that_a_mixture_does_not() -> None:
    """A circle with noise of .1: its log density is exact by Bessel's I₀; ten round Gaussians miss it by a quarter of a nat."""
    generator = torch.Generator().manual_seed(0)
    angle = 2 * math.pi * torch.rand(4000, generator=generator)
    z = torch.stack([angle.cos(), angle.sin()], -1) + 0.1 * torch.randn(4000, 2, generator=generator)
    radius = z.norm(dim=-1)
    exact = torch.special.i0e(radius / 0.01).log() - (radius - 1).square() / 0.02 - math.log(2 * math.pi * 0.01)
    missed = {}
    for part in (MixturePrior, AutoregressivePrior):
        prior = make(part)
        optimizer = torch.optim.Adam(prior.parameters(), 0.01)
        for step in range(400):
            optimizer.zero_grad()
            rows = torch.arange(500) + 500 * (step % 7)
            (-prior.log_prob(z[rows]).mean()).backward()
            optimizer.step()
        missed[part] = float((exact - prior.log_prob(z).detach())[3500:].mean())
    assert missed[AutoregressivePrior] < 0.1
    assert missed[MixturePrior] > 2 * missed[AutoregressivePrior]
