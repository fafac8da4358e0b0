"""Quantiles of log Gamma draws and their slopes: against scipy's, against exact moments, and in tails where scipy loses precision."""

import math

import numpy as np
import pytest
import scipy.special
import torch
from torch import Tensor

from elbo_room.models.data import from_array
from elbo_room.models.deep_exponential_family.settings import Settings
from elbo_room.models.families.log_gamma import log_ratio_quantile
from elbo_room.models.families.log_gamma_exact import LARGE, series, solve
from elbo_room.models.families.log_gamma_table import PART
from elbo_room.models.families.stirling import log_minus_digamma, remainder
from elbo_room.models.replay import replay_cache
from elbo_room.models.training.run import Run
from tests.models.inference.test_one_path import same

SHAPES = [1e-9, 1e-6, 0.001, 0.01, 0.1, 0.7, 1.0, 3.0, 30.0, 1e3]
UNIFORMS = torch.cat([torch.logspace(-15, -2, 27), torch.linspace(0.02, 0.98, 49), 1 - torch.logspace(-2, -6.5, 19)])
HUGE = [1e5, 1e6, 1e7, 1e8, 1e9]
RIGHT = {torch.float32: (3e-6, 6e-5), torch.float64: (2e-8, 1e-6)}  # of t, of its slope; of |·| + the spread of log z


def drawn(shape: float, u: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor, float]:
    """T and ∂t/∂log α at each u, as float64, and the shape that its logarithm in this dtype has."""
    log_shape = torch.full(u.shape, math.log(shape), dtype=dtype).requires_grad_()
    t = log_ratio_quantile(u.to(dtype), log_shape)
    assert t.dtype == dtype
    (slope,) = torch.autograd.grad(t.sum(), log_shape)
    return t.detach().double(), slope.double(), math.exp(log_shape[0].item())


def known(shape: float, u: Tensor) -> Tensor:
    """Log z/α by scipy's inverses; below e⁻³⁰ by F(z) = z^α/Γ(α + 1)."""
    at = u.double().numpy()
    lower, upper = scipy.special.gammaincinv(shape, at), scipy.special.gammainccinv(shape, 1 - at)
    power = (np.log(at) + scipy.special.gammaln(shape + 1)) / shape
    y = np.where(power < -30, power, np.log(np.where(at < 0.5, lower, upper).clip(1e-300)))
    return torch.from_numpy(y - math.log(shape))


def far(found: Tensor, truth: Tensor, shape: float) -> float:
    """The largest distance, as a share of the truth and one standard deviation of log z, about (1 + α)^(−½)."""
    return float(((found - truth).abs() / (truth.abs() + (1 + shape) ** -0.5)).max())


@pytest.mark.parametrize("dtype", RIGHT, ids=str)
@pytest.mark.parametrize("shape", SHAPES)
def test_quantiles_and_slopes_are_scipys(shape: float, dtype: torch.dtype) -> None:
    """The slope by a central difference of scipy's quantiles; u as float32 has it, so that both see the same."""
    t, slope, shape = drawn(shape, UNIFORMS, dtype)
    value, bend = RIGHT[dtype]
    assert far(t, known(shape, UNIFORMS), shape) < value
    step = 1e-4
    up, down = (shape * math.exp(sign * step) for sign in (1, -1))
    moved = (known(up, UNIFORMS) - known(down, UNIFORMS)) / (2 * step)
    assert far(slope, moved, shape) < bend


@pytest.mark.parametrize("dtype", RIGHT, ids=str)
@pytest.mark.parametrize("shape", [0.001, 0.05, 1.0, 50.0, 1e4, *HUGE])
def test_moments_are_exact_at_every_shape(shape: float, dtype: torch.dtype) -> None:
    """E t = ψ(α) − log α, Var t = ψ′(α) and E ∂t/∂log α = α ψ′(α) − 1, by the midpoints of 100,000 equal parts of (0, 1)."""
    count = 100_000
    t, slope, shape = drawn(shape, (torch.arange(count, dtype=torch.float64) + 0.5) / count, dtype)
    spread = scipy.special.polygamma(1, shape) ** 0.5
    exact = float(-log_minus_digamma(torch.tensor(shape, dtype=torch.float64)))
    assert abs(t.mean() - exact) < 1e-4 * spread
    assert float(t.std()) == pytest.approx(spread, rel=1e-3)
    assert abs(slope.mean() - (shape * spread**2 - 1)) < 1e-4 * (shape * spread**2 - 1 + spread)


@pytest.mark.parametrize("dtype", RIGHT, ids=str)
@pytest.mark.parametrize("shape", HUGE)
def test_tails_of_large_shapes_are_normal(shape: float, dtype: torch.dtype) -> None:
    """√α t → x = Φ⁻¹(u), and √α ∂t/∂log α → −x/2, both up to x²/√α: torch's and scipy's incomplete gamma functions fail here."""
    u = torch.tensor([1e-12, 1e-6, 0.3, 0.9, 0.999999])
    t, slope, shape = drawn(shape, u, dtype)
    x, near = torch.special.ndtri(u.double()), (1 + torch.special.ndtri(u.double()) ** 2) / shape**0.5 + 2e-5
    assert bool(((shape**0.5 * t - x).abs() < near).all())
    assert bool(((shape**0.5 * slope + x / 2).abs() < near).all())


def test_series_of_a_large_shape_meets_the_root() -> None:
    """Where the one takes over from the other, as close as the root is solved."""
    u = torch.tensor([1e-12, 1e-6, 0.1, 0.6, 0.99, 0.999999], dtype=torch.float64)
    shape = torch.full_like(u, LARGE)
    assert float((series(u, shape) + math.log(LARGE) - solve(u, shape)).abs().max()) * LARGE**0.5 < 5e-8


def test_many_draws_are_those_of_each_alone() -> None:
    """Part by part, the last one shorter."""
    count = 2 * PART + 3
    u, log_shape = torch.rand(count, generator=torch.Generator().manual_seed(1)), torch.linspace(-7, 7, count)
    t = log_ratio_quantile(u, log_shape)
    at = [0, PART - 1, PART, 2 * PART, count - 1]
    torch.testing.assert_close(t[at], log_ratio_quantile(u[at], log_shape[at]))


def test_ends_of_the_unit_interval_and_of_the_shapes_stay_finite() -> None:
    """A float64 below 1 may become 1 in float32."""
    u = torch.tensor([2.0**-53, 0.5, 1.0])
    for log_shape in (-40.0, -20.0, 0.0, 20.0, 40.0):
        t, slope, _ = drawn(math.exp(log_shape), u, torch.float32)
        assert t.isfinite().all()
        assert slope.isfinite().all()
        assert bool((t.diff() >= 0).all())


def test_stirling_in_float32_is_right_at_every_shape() -> None:
    """α log α − α − log Γ(α) against scipy's log Γ, and its slopes, once and twice, against digamma and trigamma."""
    shape = torch.logspace(-30, 3, 2_000).requires_grad_()
    found = remainder(shape)
    (slope,) = torch.autograd.grad(found.sum(), shape, create_graph=True)
    (bend,) = torch.autograd.grad(slope[1000:].sum(), shape)
    a = shape.detach().double().numpy()
    exact = torch.from_numpy(a * np.log(a) - a - scipy.special.gammaln(a))
    torch.testing.assert_close(found.detach().double(), exact, rtol=3e-7, atol=2e-6)
    exact = torch.from_numpy(np.log(a) - scipy.special.digamma(a))
    torch.testing.assert_close(slope.detach().double(), exact, rtol=3e-6, atol=0)
    assert torch.equal(slope, log_minus_digamma(shape))
    exact = torch.from_numpy(1 / a - scipy.special.polygamma(1, a))[1000:]
    torch.testing.assert_close(bend[1000:].double(), exact, rtol=1e-4, atol=0)


def test_stirling_of_large_shapes_is_the_series() -> None:
    """½ log α/2π and 1/2α, in both dtypes."""
    for dtype in (torch.float32, torch.float64):
        shape = torch.logspace(5, 12, 50, dtype=dtype)
        torch.testing.assert_close(remainder(shape), 0.5 * (shape / (2 * math.pi)).log(), rtol=1e-6, atol=2e-6)
        torch.testing.assert_close(2 * shape * log_minus_digamma(shape), torch.ones_like(shape), rtol=1e-5, atol=1e-5)


def test_a_gamma_q_is_played_from_a_tape_bit_for_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    """The table has no shape that depends on values; Newton's steps had."""
    counts = torch.poisson(torch.full((20, 40), 0.1), generator=torch.Generator().manual_seed(0))
    settings = Settings(
        data="docstrings", response="poisson", depth=2, layer_1="gamma", layer_2="gamma", width_1=3, width_2=4,
        weights="gamma", positive_family="gamma", draws=2, batch_size=20, stop_at=40,
    )  # fmt: skip
    made = []
    for wait in (10**9, replay_cache.WAIT):
        monkeypatch.setattr(replay_cache, "WAIT", wait)
        run = Run(settings, from_array(counts))
        made.append((run, list(run)))
    (long, steps), (short, again) = made
    assert short.replay_cache.trusted, short.replay_cache.refused
    assert steps == again
    assert same(long.tensors(), short.tensors())
