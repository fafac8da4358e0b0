"""Pareto k̂ against distributions whose index is known."""

import math

import pytest
import torch

from elbo_room.models.diagnostics.evidence.log_weights import log_mean, log_weights
from elbo_room.models.diagnostics.evidence.pareto import fit, pareto_k, smoothed, trusted_below
from tests.models.diagnostics.test_collapse import at_the_optimum


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("k", [0.2, 0.7])
def test_the_pareto_fit_finds_the_index(k: float) -> None:
    """x = σ ((1 − u)^{−k} − 1)/k at the n quantiles: k within .03; σ within 5 %."""
    u = (torch.arange(2000, dtype=torch.float64) + 0.5) / 2000
    x = 1.7 * torch.expm1(-k * torch.log1p(-u)) / k
    found, sigma = fit(x[:, None])
    assert float(found) == pytest.approx(k, abs=0.03)
    assert float(sigma) == pytest.approx(1.7, rel=0.05)


def test_pareto_k_of_a_narrow_proposal_is_known() -> None:
    """Proposal N(0, s²) for N(0, 1), s < 1: P(w > t) falls as t^(−1/(1 − s²)), so k = 1 − s²; a wide one has bounded ratios."""
    s = torch.tensor([0.5, 0.8, 2.0], dtype=torch.float64)
    z = s * torch.randn(40_000, 3, generator=generator(9), dtype=torch.float64)
    log_w = -0.5 * z.square() + 0.5 * (z / s).square() + s.log()
    found = pareto_k(log_w)
    tail = 3 * math.sqrt(40_000)  # the ratios that the fit is made of
    for index, k in ((0, 0.75), (1, 0.36)):
        assert abs(float(found[index]) - k) < 4 * (1 + k) / math.sqrt(tail), "four asymptotic errors of the maximum"
    assert float(found[2]) < 0.1
    assert trusted_below(100) == 0.5
    assert trusted_below(100_000) == 0.7


def test_smoothing_tames_the_tail_at_the_price_of_a_small_bias() -> None:
    """400 estimates of 1 from 500 weights each: the squared error falls, and the bias is less than one estimate's standard deviation."""
    z = 0.6 * torch.randn(500, 400, generator=generator(10), dtype=torch.float64)
    log_w = -0.5 * z.square() + 0.5 * (z / 0.6).square() + math.log(0.6)
    raw, tamed = log_mean(log_w), log_mean(smoothed(log_w)[0])
    assert float(tamed.var()) < float(raw.var())
    assert float((tamed.exp() - 1).square().mean()) < float((raw.exp() - 1).square().mean())
    assert abs(float(tamed.exp().mean()) - 1) < float(tamed.exp().std())
    assert (smoothed(log_w)[0].max(0).values <= log_w.max(0).values + 1e-9).all()


def test_equal_weights_have_no_tail() -> None:
    model, q, data, _ = at_the_optimum(0.9, 2)
    assert float(pareto_k(log_weights(model, q, data.whole(), 200, generator())).max()) == -math.inf
    assert pareto_k(torch.zeros(100, 2)).tolist() == [-math.inf] * 2
