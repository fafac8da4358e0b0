"""EM for linear Gaussian models and mixtures of Gaussians: it never falls, and it ends where the closed form is."""

import math

import pytest
import torch

import elbo_room as er
from elbo_room.models.exact.expectation_maximisation import GaussianMixtureEM, LinearGaussianEM
from elbo_room.models.exact.probabilistic_pca import best_elbo, fit, spectrum, subspace_angle


def wine() -> torch.Tensor:
    """The standardised table of the known answers: log-likelihood −16.1553 at K = 2, σ² = .52702."""
    return er.run_from({"data": "wine"}).data.x


def started(x: torch.Tensor, size: int, noise: torch.Tensor, **more) -> LinearGaussianEM:
    """EM from small random loadings."""
    return LinearGaussianEM(
        x, 0.3 * torch.randn(x.shape[1], size, generator=torch.Generator().manual_seed(0)), noise, **more
    )


def course(em, count: int) -> torch.Tensor:
    """log p(x) at the start and after every iteration: (count + 1,)."""
    return torch.tensor([em.log_likelihood(), *(em.step().log_likelihood() for _ in range(count))], dtype=torch.float64)


@pytest.mark.parametrize(
    ("noise", "more"),
    [
        (torch.tensor(1.0), {}),
        (torch.ones(13), {}),
        (torch.tensor(0.8), {"fixed": True}),
        (torch.tensor(1.0), {"floor": 0.8}),
    ],
    ids=["pPCA", "factor analysis", "fixed", "floor"],
)
def test_log_p_never_falls(noise: torch.Tensor, more: dict) -> None:
    gains = course(started(wine(), 2, noise, **more), 200).diff()
    assert float(gains.min()) > -1e-12
    assert float(gains[0]) > 0.01


def test_its_fixed_point_is_tipping_and_bishops() -> None:
    """Probabilistic PCA of wine, K = 2: −16.1553 nats, σ² = .52702, and the principal subspace."""
    x = wine()
    em, closed = started(x, 2, torch.tensor(1.0)), fit(x, 2)
    assert float(course(em, 2000)[-1]) == pytest.approx(-16.1553, abs=1e-4)
    assert float(em.noise[0]) == pytest.approx(0.52702, abs=1e-4)
    assert subspace_angle(em.loadings, closed.loadings) < 0.1
    torch.testing.assert_close(em.loadings @ em.loadings.T, closed.loadings @ closed.loadings.T, rtol=1e-4, atol=1e-4)
    exact = closed.posterior(x)[0] @ closed.loadings.T
    torch.testing.assert_close(em.posterior(x)[0] @ em.loadings.T, exact, rtol=1e-3, atol=1e-3)


def test_with_a_fixed_sigma_a_dimension_dies_and_the_bound_is_the_best_elbo() -> None:
    """σ² = 2 is above the third eigenvalue of wine: the loadings have rank 2, and log p(x) is the closed form's."""
    x = wine()
    _, values, _ = spectrum(x)
    em = started(x, 3, torch.tensor(2.0), fixed=True)
    assert float(course(em, 3000)[-1]) == pytest.approx(best_elbo(values, 3, 2.0), abs=1e-5)
    assert int((torch.linalg.svdvals(em.loadings) > 1e-2).sum()) == int((values[:3] > 2.0).sum()) < 3


def test_factor_analysis_recovers_the_covariance_that_made_the_data() -> None:
    """50,000 draws of N(0, WWᵀ + Ψ): C within 5 %, log p(x) above the truth's, and that of N(x; 0, C) computed without Woodbury."""
    generator = torch.Generator().manual_seed(1)
    loadings, noise = (
        torch.randn(6, 2, generator=generator).double(),
        torch.tensor([0.1, 0.5, 1.0, 0.2, 2.0, 0.3]).double(),
    )
    z, e = (torch.randn(50_000, size, generator=generator).double() for size in (2, 6))
    x = z @ loadings.T + e * noise.sqrt()
    em = started(x, 2, torch.ones(6))
    reached = float(course(em, 800)[-1])
    covariance = loadings @ loadings.T + torch.diag(noise)
    found = em.loadings @ em.loadings.T + torch.diag(em.noise)
    torch.testing.assert_close(found, covariance, rtol=0.05, atol=0.1)
    truth = torch.distributions.MultivariateNormal(torch.zeros(6).double(), covariance)
    assert reached > float(truth.log_prob(x).mean())
    own = torch.distributions.MultivariateNormal(em.mean, found)
    assert reached == pytest.approx(float(own.log_prob(x).mean()), abs=1e-9)


def test_a_mixture_of_gaussians_never_falls_and_finds_its_groups() -> None:
    """Three far clouds: weights, means and variances are the groups' own, and log p(x) is that of torch's mixture."""
    generator = torch.Generator().manual_seed(2)
    centres = torch.tensor([[-6.0, 0.0], [0.0, 6.0], [6.0, 0.0]])
    group = torch.arange(900) % 3
    x = (centres[group] + torch.randn(900, 2, generator=generator)).double()
    em = GaussianMixtureEM(x, torch.tensor([[-1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]))
    gains = course(em, 100)
    assert float(gains.diff().min()) > -1e-12
    for c in range(3):
        torch.testing.assert_close(em.means[c], x[group == c].mean(0), rtol=0, atol=0.02)
        torch.testing.assert_close(em.variances[c], x[group == c].var(0, correction=0), rtol=0.03, atol=0.0)
    mixture = torch.distributions.MixtureSameFamily(
        torch.distributions.Categorical(em.weights),
        torch.distributions.Independent(torch.distributions.Normal(em.means, em.variances.sqrt()), 1),
    )
    assert float(gains[-1]) == pytest.approx(float(mixture.log_prob(x).mean()), abs=1e-9)
    assert em.responsibilities().argmax(1).bincount().tolist() == [300, 300, 300]
    assert math.isclose(float(em.weights.sum()), 1.0)
