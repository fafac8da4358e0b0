"""Probabilistic PCA's closed form: the published table, its own identities, and the collapse thresholds."""

import math

import pytest
import torch
from torch import Tensor

from elbo_room.models.exact.probabilistic_pca import active, best_elbo, fit, spectrum, subspace_angle

TABLE = {  # scikit-learn's tables, standardised: K, log-likelihood per datum, σ²
    "iris": [(1, -4.6809, 0.36050), (2, -3.6863, 0.08374)],
    "wine": [(2, -16.1553, 0.52702), (5, -15.2127, 0.32236)],
    "diabetes": [(2, -12.7695, 0.56043), (5, -12.1937, 0.33197)],
    "digits": [(2, -82.2403, 0.81063), (5, -77.9167, 0.63834)],
}


def standardised(name: str) -> Tensor:
    from sklearn import datasets

    rows = torch.tensor(getattr(datasets, f"load_{name}")().data, dtype=torch.float64)
    rows = rows[:, rows.std(0) > 0]  # the 61 live pixels of the digits
    return (rows - rows.mean(0)) / rows.std(0, correction=0)


@pytest.mark.parametrize(("name", "row"), [(name, row) for name, rows in TABLE.items() for row in range(len(rows))])
def test_published_table(name: str, row: int) -> None:
    size, log_likelihood, variance = TABLE[name][row]
    x = standardised(name)
    model = fit(x, size)
    assert float(model.log_likelihood(x).mean()) == pytest.approx(log_likelihood, abs=6e-5)
    assert model.variance == pytest.approx(variance, abs=5.1e-6)
    values = model.eigenvalues
    known = (
        len(values) * math.log(2 * math.pi)
        + float(values[:size].log().sum())
        + (len(values) - size) * math.log(model.variance)
        + len(values)
    )
    assert float(model.log_likelihood(x).mean()) == pytest.approx(-0.5 * known, abs=1e-9)


@pytest.mark.parametrize(
    ("variance", "count", "divergence", "elbo"), [(0.05, 18, 10.64730, 11.540745), (0.2, 7, 2.28593, -17.351698)]
)
def test_published_collapse_of_the_digits(variance: float, count: int, divergence: float, elbo: float) -> None:
    """Digits divided by 16, K = 20, σ² fixed: how many survive, their KL, and the ELBO, which equals the
    log-likelihood.
    """
    from elbo_room.models.data import digits

    x = digits().x
    model = fit(x, 20, variance)
    assert int(model.active().sum()) == count
    assert float(model.divergence().sum()) == pytest.approx(divergence, abs=5.1e-6)
    assert best_elbo(model.eigenvalues, 20, variance) == pytest.approx(elbo, abs=5.1e-7)
    assert float(model.log_likelihood(x).mean()) == pytest.approx(elbo, abs=5.1e-7)


def test_the_posterior_is_exact_and_diagonal() -> None:
    """Bayes' rule at any z: log p(x) = log p(x, z) − log p(z | x); and the columns' orthogonality makes it a
    product.
    """
    x = standardised("wine")
    model = fit(x, 3)
    mean, covariance = model.posterior(x)
    assert float((covariance - covariance.diagonal().diag()).abs().max()) < 1e-12
    z = torch.randn(len(x), 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    normal = torch.distributions.Normal
    log_joint = normal(0.0, 1.0).log_prob(z).sum(-1)
    log_joint = log_joint + normal(model.mean + z @ model.loadings.T, model.variance**0.5).log_prob(x).sum(-1)
    log_posterior = normal(mean, covariance.diagonal().sqrt()).log_prob(z).sum(-1)
    torch.testing.assert_close(model.log_likelihood(x), log_joint - log_posterior, rtol=1e-9, atol=1e-9)


def test_average_divergence_is_that_of_the_posteriors() -> None:
    x = standardised("iris")
    model = fit(x, 2)
    mean, covariance = model.posterior(x)
    variance = covariance.diagonal()
    torch.testing.assert_close(model.divergence(), 0.5 * (mean.square().mean(0) + variance - 1 - variance.log()))


def test_no_other_parameters_are_likelier() -> None:
    x = standardised("iris")
    model = fit(x, 2)
    best, generator = float(model.log_likelihood(x).mean()), torch.Generator().manual_seed(1)
    for _ in range(20):
        nudge = 0.05 * torch.randn(model.loadings.shape, generator=generator, dtype=torch.float64)
        other = type(model)(model.mean, model.loadings + nudge, model.variance * 1.02, model.eigenvalues)
        assert float(other.log_likelihood(x).mean()) < best


def test_a_weight_on_the_divergence_raises_the_threshold() -> None:
    assert active(torch.tensor([3.0, 1.5, 0.6]), 0.5).tolist() == [True, True, True]
    assert active(torch.tensor([3.0, 1.5, 0.6]), 0.5, beta=4.0).tolist() == [True, False, False]


def test_spectrum_divides_by_the_count() -> None:
    x = torch.tensor([[1.0, 0.0], [-1.0, 0.0]])
    assert spectrum(x)[1].tolist() == [1.0, 0.0]


def test_subspace_angle_ignores_the_basis() -> None:
    plane = torch.eye(3)[:, :2]
    assert subspace_angle(plane, plane @ torch.tensor([[1.0, 2.0], [0.0, 1.0]])) == pytest.approx(0, abs=1e-4)
    assert subspace_angle(torch.tensor([[1.0], [0.0]]), torch.tensor([[1.0], [1.0]])) == pytest.approx(45, abs=1e-4)


@pytest.mark.parametrize(
    ("size", "variance", "sentence"),
    [
        (4, None, "The latent size was 4; with 4 features it must be from 1 to 3"),
        (0, 1.0, "was 0; .* from 1 to 4"),
        (2, -1.0, "was -1; it must be positive"),
    ],
)
def test_refusals(size: int, variance: float | None, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        fit(standardised("iris"), size, variance)


def test_the_average_likelihood_needs_no_data() -> None:
    """From mean and covariance alone, of a model that is off in every part."""
    x = standardised("wine")
    known = fit(x, 3)
    nudge = torch.randn(13, 3, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    other = type(known)(known.mean + 0.3, known.loadings + nudge, 0.7, known.eigenvalues)
    rows = x - x.mean(0)
    found = other.average_log_likelihood(x.mean(0), rows.T @ rows / len(rows))
    assert found == pytest.approx(float(other.log_likelihood(x).mean()), abs=1e-9)
