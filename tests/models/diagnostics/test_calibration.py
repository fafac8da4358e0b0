"""Simulation-based calibration: uniform for exact and full-rank q, off by what theory says for mean-field q; bands cover as stated."""

import math

import pytest
import torch
from torch import Tensor

import elbo_room as er
from elbo_room.models.core import Factor, Site
from elbo_room.models.diagnostics.calibration import Calibration, binomial_tails, calibration, ranks_of
from elbo_room.models.exact.probabilistic_pca import ProbabilisticPCA
from elbo_room.models.families import FullRank, Normal
from elbo_room.models.variational import Posterior
from tests.models.problems import F64, Rows, Terms, log_normal, numbers

N, L, K, NOISE = 200, 99, 3, 0.7


def draws_of(mean: Tensor, root: Tensor, seed: int) -> Tensor:
    """L draws of N(m, RRᵀ) for every data set: (N, L, K)."""
    noise = torch.randn(len(mean), L, mean.shape[1], generator=torch.Generator().manual_seed(seed), dtype=F64)
    return mean.unsqueeze(1) + noise @ root.mT


def regressions() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """200 data sets y = Xw + ε with w ~ N(0, I) and correlated features: truth (N, K), y (N, 12), X and the posterior's precision."""
    x = numbers(12, K, seed=1)
    x[:, 1] = x[:, 0] + 0.5 * x[:, 1]
    w = numbers(N, K, seed=2)
    y = w @ x.T + NOISE * numbers(N, 12, seed=3)
    return w, y, x, torch.eye(K, dtype=F64) + x.T @ x / NOISE**2


def trained(family) -> tuple[Tensor, Tensor]:
    """q of all data sets at once, each a data point with its own ν, trained by black box VI: truth and draws."""
    w, y, x, _ = regressions()

    def terms(batch, latents):
        z = latents["w"]  # (R, B, N, K)
        return [
            Factor("log p(w)", log_normal(z, 0.0, 1.0).sum(-1), frozenset({"w"})),
            Factor("log p(y|w)", log_normal(batch.x, z @ x.T, NOISE).sum(-1), frozenset({"w"})),
        ]

    site = Site("w", "local", (K,), family)
    first = torch.zeros(N, family.n_params, K, dtype=F64)
    first[:, 1] = -1.0
    q = Posterior({"w": Rows(first)})
    settings = {
        "estimator": "path_only",
        "draws": 2,
        "batch_size": N,
        "step_size": 0.05,
        "cooling": 150,
        "stop_at": 400,
    }
    run = er.Run(Terms({"w": site}, terms), q, er.Dataset(y), settings)
    list(run)
    nu = q.by_site["w"].table.detach().unsqueeze(1).expand(-1, L, -1, -1)
    noise = torch.randn(N, L, K, generator=torch.Generator().manual_seed(4), dtype=F64)
    return w, family.transform(noise, nu)


def test_a_full_rank_q_of_linear_regression_is_calibrated() -> None:
    found = calibration(*trained(FullRank(size=K)))
    assert found.calibrated
    assert all(found.inside)
    assert found.sentences == []
    assert max(abs(each - 1) for each in found.spread) < 0.12


def test_a_mean_field_q_is_too_narrow_by_what_theory_says() -> None:
    """Its variance is 1/Λ_kk where the posterior's is (Λ⁻¹)_kk: P(rank/L ≤ t) = Φ(Φ⁻¹(t) √(1/(Λ_kk (Λ⁻¹)_kk)))."""
    found = calibration(*trained(Normal()))
    assert not found.calibrated
    assert any("too narrow" in each for each in found.sentences)
    *_, precision = regressions()
    ratio = (
        1 / (precision.diagonal() * torch.linalg.inv(precision).diagonal())
    ).sqrt()  # q's sd over the posterior's, (K,)
    known = torch.special.ndtr(torch.special.ndtri(found.points)[:, None] * ratio)
    spread = (known * (1 - known) / N).sqrt()
    assert float(ratio.min()) < 0.6
    assert float(((found.ecdf - known).abs() / spread.clamp_min(0.01)).max()) < 4


def test_exact_probabilistic_pca_is_calibrated() -> None:
    exact = ProbabilisticPCA(torch.zeros(4, dtype=F64), numbers(4, 2, seed=5), 0.5, torch.ones(4, dtype=F64))
    z = numbers(N, 2, seed=6)
    x = z @ exact.loadings.T + math.sqrt(0.5) * numbers(N, 4, seed=7)
    mean, covariance = exact.posterior(x)
    found = calibration(z, draws_of(mean, torch.linalg.cholesky(covariance), 8))
    assert found.calibrated
    assert repr(found).startswith("Simulation-based calibration: calibrated, 200 data sets, 99 draws each")
    assert "<caption>Simulation-based calibration" in found._repr_html_()


@pytest.mark.parametrize(
    ("scale", "shift", "word"),
    [(0.5, 0.0, "too narrow"), (2.0, 0.0, "too wide"), (1.0, 0.5, "too high"), (1.0, -0.5, "too low")],
)
def test_what_is_wrong_is_named(scale: float, shift: float, word: str) -> None:
    z = numbers(N, 1, seed=9)
    x = z + numbers(N, 1, seed=10)
    root = torch.full((1, 1), scale * math.sqrt(0.5), dtype=F64)
    found = calibration(z, draws_of(x / 2 + shift, root, 11))
    assert not found.calibrated
    assert found.sentences == [each for each in found.sentences if word in each] != []
    assert found.inside == [False]


def test_bands_cover_uniform_ranks_as_often_as_stated() -> None:
    """Simultaneously at all points: 95 % of 1,000 samples, within the discreteness of counts."""
    ranks = torch.randint(L + 1, (60, 1000), generator=torch.Generator().manual_seed(12))
    inside = Calibration(ranks, L).inside
    assert sum(inside) / 1000 == pytest.approx(0.95, abs=0.025)


def test_p_values_of_uniform_ranks_are_uniform() -> None:
    ranks = torch.randint(L + 1, (60, 1000), generator=torch.Generator().manual_seed(13))
    values = torch.tensor(Calibration(ranks, L).p_values)
    assert float((values < 0.1).double().mean()) == pytest.approx(0.1, abs=0.035)
    assert float((values < 0.5).double().mean()) == pytest.approx(0.5, abs=0.06)


def test_ranks_and_tails_by_hand() -> None:
    truth, draws = torch.tensor([[0.5], [9.0]]), torch.tensor([[[0.0], [1.0], [0.2]], [[1.0], [2.0], [3.0]]])
    assert ranks_of(truth, draws).tolist() == [[2], [3]]
    below, above = binomial_tails(2, torch.tensor([0.5]))
    torch.testing.assert_close(below, torch.tensor([[0.25, 0.75, 1.0]], dtype=F64))
    torch.testing.assert_close(above, torch.tensor([[1.0, 0.75, 0.25]], dtype=F64))


def test_simulate_and_infer_are_called_for_each_data_set() -> None:
    def simulate(generator):
        z = torch.randn(2, generator=generator)
        return z, z + torch.randn(2, generator=generator)

    def infer(x, generator):
        return x / 2 + math.sqrt(0.5) * torch.randn(19, 2, generator=generator)

    found = er.calibrate(simulate, infer, data_sets=60)
    assert found.ranks.shape == (60, 2)
    assert found.calibrated
    with pytest.raises(ValueError, match=r"must be \(K,\) and \(L, K\), with the same L each time"):
        er.calibrate(simulate, lambda x, generator: x, data_sets=30)
    with pytest.raises(ValueError, match="at least 20"):
        er.calibrate(simulate, infer, data_sets=5)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match=r"The draws came as a tensor of shape \(30, 2\)"):
        calibration(torch.zeros(30, 2), torch.zeros(30, 2))
    with pytest.raises(ValueError, match="Give each data set its own draws"):
        calibration(torch.zeros(30, 2), torch.zeros(29, 9, 2))
    with pytest.raises(ValueError, match="The level was 2"):
        calibration(torch.zeros(30, 2), torch.zeros(30, 9, 2), 2)
