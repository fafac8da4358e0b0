"""The table of known answers by black box VI: rows that take a second; the full table is `tests/benchmarks/probabilistic_pca.py`."""

import pytest

from tests.benchmarks.probabilistic_pca import fitted, standardised
from tests.models.exact.test_probabilistic_pca import TABLE


@pytest.mark.parametrize(("name", "row"), [("iris", 0), ("iris", 1), ("wine", 0)])
def test_likelihood_and_noise_are_the_tables(name: str, row: int) -> None:
    """Exact log-likelihood of the model found and its ELBO within .05 nats of the maximum and never above; σ² within 2 %."""
    size, log_likelihood, variance = TABLE[name][row]
    one = fitted(standardised(name), size, 1500)
    assert log_likelihood - 0.05 < one.log_likelihood < log_likelihood + 1e-4
    assert one.elbo == pytest.approx(log_likelihood, abs=0.05)
    assert one.found.variance == pytest.approx(variance, rel=0.02)
    assert one.angle < 3


def test_a_fixed_noise_leaves_as_many_dimensions_as_predicted() -> None:
    """Irises, l = 2.918, .914, .147: two of three live at σ² = .5, each with ½ log(l/σ²) to 1 %."""
    one = fitted(standardised("iris"), 3, 1500, variance=0.5)
    assert one.active == int(one.known.active().sum()) == 2
    found = one.divergence.sort(descending=True).values[:2]
    assert found.tolist() == pytest.approx(one.known.divergence()[:2].tolist(), rel=0.01)
