"""Planes of the latent space and the figures of single data points: against numpy, torch.distributions, scikit-learn and closed forms."""

import math

import numpy as np
import pytest
import torch

from elbo_room.models.core import Batch, Factor, Site
from elbo_room.models.diagnostics import average_q, axes_plane, elbo_of_each, grouping, magnification, principal_plane
from elbo_room.models.families import Normal
from elbo_room.models.variational import Posterior
from tests.models.problems import F64, Rows, Terms, log_normal


def cloud(seed: int = 0, size: int = 5) -> torch.Tensor:
    """Posterior means (200, K) with different variances, correlated, off the origin."""
    generator = torch.Generator().manual_seed(seed)
    shape = torch.randn(size, size, generator=generator, dtype=F64) * torch.linspace(2, 0.2, size, dtype=F64)[:, None]
    return torch.randn(200, size, generator=generator, dtype=F64) @ shape + 3


def test_the_principal_plane_is_numpys() -> None:
    mean = cloud()
    _, length, directions = np.linalg.svd(mean.numpy() - mean.numpy().mean(0))
    shown, share = principal_plane(mean)
    np.testing.assert_allclose(np.abs((shown.along.numpy() * directions[:2]).sum(1)), 1, rtol=1e-9)
    assert share == pytest.approx((length[:2] ** 2).sum() / (length**2).sum())
    assert (shown.along.gather(1, shown.along.abs().argmax(1, keepdim=True)) > 0).all()


@pytest.mark.parametrize("angle", [0.0, 2.0, math.pi])
def test_its_orientation_is_that_of_the_picture_before(angle: float) -> None:
    """However the eigenvectors were turned or mirrored, the same data stand where they stood."""
    mean = cloud()
    shown, _ = principal_plane(mean)
    turn = torch.tensor([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]], dtype=F64)
    before = type(shown)(shown.at, turn @ shown.along * torch.tensor([[1.0], [-1.0]], dtype=F64))
    again, _ = principal_plane(mean, before)
    torch.testing.assert_close(again.coordinates(mean), before.coordinates(mean))


def test_a_place_of_the_plane_is_lifted_and_found_again() -> None:
    mean, u = cloud(), torch.tensor([[0.3, -2.0]], dtype=F64)
    for kind in (principal_plane(mean)[0], axes_plane((3, 1), 5)):
        shown = type(kind)(kind.at.double(), kind.along.double())
        torch.testing.assert_close(shown.coordinates(shown.lift(u)), u)
        own = shown.through(mean[7])
        torch.testing.assert_close(own.lift(own.coordinates(mean[7])), mean[7])
        torch.testing.assert_close(own.coordinates(mean), shown.coordinates(mean))


def test_the_ellipse_is_the_projected_covariance() -> None:
    shown, _ = principal_plane(cloud())
    scale = torch.rand(4, 5, generator=torch.Generator().manual_seed(1), dtype=F64) + 0.1
    first, second, correlation = shown.spread(scale)
    for row in range(4):
        exact = shown.along @ torch.diag(scale[row] ** 2) @ shown.along.T
        torch.testing.assert_close(torch.stack([first[row], second[row]]) ** 2, exact.diagonal())
        torch.testing.assert_close(correlation[row] * first[row] * second[row], exact[0, 1])


def test_a_linear_decoder_magnifies_everywhere_alike() -> None:
    """√det(W AᵀA Wᵀ) for E[x|z] = A z."""
    matrix = torch.randn(9, 5, generator=torch.Generator().manual_seed(2), dtype=F64)
    shown, _ = principal_plane(cloud())
    exact = torch.linalg.det(shown.along @ matrix.T @ matrix @ shown.along.T).sqrt()
    found = magnification(lambda z: z @ matrix.T, cloud()[:6], shown.along)
    torch.testing.assert_close(found, exact.expand(6))


def test_the_average_q_is_torchs_mixture() -> None:
    nu = torch.randn(30, 2, 3, generator=torch.Generator().manual_seed(3))
    d = torch.distributions
    each = d.Independent(d.Normal(nu[:, 0], nu[:, 1].exp()), 1)
    mixture = d.MixtureSameFamily(d.Categorical(torch.ones(30)), each)
    torch.testing.assert_close(average_q(nu[:, 0], nu), mixture.log_prob(nu[:, 0]), rtol=1e-4, atol=1e-4)


def test_the_elbo_of_each_data_point_under_the_exact_posterior_is_its_evidence() -> None:
    """Z ~ N(0, 1), x | z ~ N(z, 1), q = N(x/2, ½): every draw says log N(x; 0, 2), and −KL is what log p(x|z) lacks."""
    x = torch.tensor([[-1.0], [0.5], [4.0]], dtype=F64)
    nu = torch.stack([x / 2, torch.full_like(x, -0.5 * math.log(2))], 1)
    site = Site("z", "local", (1,), Normal())

    def terms(batch: Batch, values: dict) -> list[Factor]:
        z = values["z"]
        return [
            Factor("log p(z)", log_normal(z, 0.0, 1.0).sum(-1), frozenset({"z"}), in_kl=True),
            Factor("log p(x|z)", log_normal(batch.x, z, 1.0).sum(-1), frozenset({"z"})),
        ]

    batch = Batch(x, torch.arange(3), 3)
    bound, fit = elbo_of_each(
        Terms({"z": site}, terms), Posterior({"z": Rows(nu)}), batch, torch.Generator().manual_seed(4), draws=4000
    )
    torch.testing.assert_close(bound, log_normal(x[:, 0], 0.0, math.sqrt(2)))
    exact = log_normal(x[:, 0], x[:, 0] / 2, 1.0) - 0.25
    torch.testing.assert_close(fit, exact, atol=4 * 2 / math.sqrt(4000), rtol=0)


def test_scores_of_an_embedding_are_scikit_learns() -> None:
    from sklearn.cluster import KMeans
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score, silhouette_score

    labels = torch.arange(90) % 3
    apart = cloud(5, 2)[:90] * 0.05 + 5 * labels[:, None]
    found = grouping(apart, labels)
    assert (found.ari, found.nmi) == (1, 1)
    assert found.silhouette == pytest.approx(silhouette_score(apart.numpy(), labels.numpy()))
    near = cloud(5, 2)[:90] + labels[:, None]
    found, clusters = grouping(near, labels), KMeans(3, n_init=4, random_state=0).fit(near.numpy()).labels_
    assert found.ari == pytest.approx(adjusted_rand_score(labels, clusters))
    assert found.nmi == pytest.approx(normalized_mutual_info_score(labels, clusters))
    assert found.ari < 0.9
    with pytest.raises(
        ValueError, match="1 labels for 90 data points; an embedding is scored against at least 2 labels"
    ):
        grouping(near, labels * 0)
