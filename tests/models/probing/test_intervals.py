"""The interval of a variance covers the truth 95 times in 100, or is open upwards if R replicates cannot determine the upper end.

Gradients are simulated directly, so that 4,000 probes take a second. A coverage of 95 % counted over n probes has a standard error of
√(.95 × .05/n) = .0034 at n = 4,000, so the bounds .92 and .98 lie nine of them away from it.
"""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from elbo_room.models.probing.interval import LEAST_REPLICATES, interval, student, unseen, variance_of
from elbo_room.models.probing.report import moments, squared_distance
from elbo_room.models.probing.variance import Variance, apart

PROBES, REPLICATES = 4000, 32
DELTA, S = 0.8, 0.8


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def gaussian(size: int) -> tuple[Callable[[Tensor], Tensor], float]:
    return lambda epsilon: epsilon, float(size)


def score(epsilon: Tensor) -> Tensor:
    """f s of f = (z − k)², in μ and log s."""
    f = (DELTA + S * epsilon).square()
    return torch.cat([f * epsilon / S, f * (epsilon.square() - 1)], -1)


def path(epsilon: Tensor) -> Tensor:
    slope = 2 * (DELTA + S * epsilon)
    return torch.cat([slope, slope * S * epsilon], -1)


def known(name: str) -> float:
    """Tr Var of one draw's ĝ in (μ, log s), from the closed forms: that of log s is s² times that of s."""
    d, v = DELTA**2, S**2
    return {
        "score": d**2 / v + 14 * d + 15 * v + v * (2 * d**2 / v + 60 * d + 74 * v),
        "path": 4 * v + v * (4 * d + 8 * v),
    }[name]


def probes(make: Callable[[Tensor], Tensor], draws: int, size: int = 1, count: int = PROBES) -> tuple[Tensor, Tensor]:
    """Squared distances of replicates (R, probes) and of single draws (R·B, probes) of `count` probes of one gradient."""
    single = make(torch.randn(REPLICATES, draws, count, size, generator=generator(), dtype=torch.float64))
    whole, flat = single.mean(1), single.flatten(0, 1)
    return squared_distance(whole).sum(-1), (flat - whole.mean(0)).square().sum(-1)


def two_errors(distance: Tensor, single: Tensor) -> tuple[Tensor, Tensor]:
    """What the lab drew before: V ± 2 standard errors."""
    mean, error = distance.mean(0), distance.std(0) / len(distance) ** 0.5
    return mean - 2 * error, mean + 2 * error


def coverage(bounds: tuple[Tensor, Tensor], truth: float) -> float:
    low, high = bounds
    return float(((low <= truth) & (truth <= high)).double().mean())


@pytest.mark.parametrize("size", [1, 2, 8, 64])
@pytest.mark.parametrize("draws", [1, 4])
def test_gaussian_gradients_are_covered(draws: int, size: int) -> None:
    """(R − 1) V/Var is χ² with (R − 1) × size degrees of freedom."""
    found = interval(*probes(lambda epsilon: epsilon, draws, size))
    assert 0.94 < coverage(found, size / draws) < 0.98


@pytest.mark.parametrize("draws", [1, 4])
@pytest.mark.parametrize(("name", "make"), [("score", score), ("path", path)])
def test_heavy_tails_are_covered_or_open(name: str, make: Callable[[Tensor], Tensor], draws: int) -> None:
    """The issue's toy: ±2 standard errors cover .49 and .61 for the score gradient, .78 and .84 for the path."""
    sample = probes(make, draws)
    truth = known(name) / draws
    assert coverage(two_errors(*sample), truth) < 0.9, "the mutant is caught"
    low, high = interval(*sample)
    assert 0.92 < coverage((low, high), truth) < 0.98
    if name == "score":
        assert float(high.isinf().double().mean()) > 0.9
        closed = torch.where(high.isinf(), sample[0].mean(0) * 4, high)
        assert coverage((low, closed), truth) < 0.92, (
            "no multiple that a plot could show would do instead of an open end"
        )


def test_well_behaved_gradients_are_never_open() -> None:
    """64 Gaussian parameters, or 16 data × 2 path gradients of a quadratic, at B = 4: what the digits' scenes look like."""
    for make, size in ((lambda epsilon: epsilon, 64), (path, 16)):
        _, high = interval(*probes(make, 4, size, 1000))
        assert bool(high.isfinite().all())


@pytest.mark.parametrize("replicates", [LEAST_REPLICATES, 16, 64, 128])
def test_other_numbers_of_replicates_are_covered(replicates: int) -> None:
    single = torch.randn(replicates, 4, PROBES, 2, generator=generator(1), dtype=torch.float64)
    whole = single.mean(1)
    found = interval(squared_distance(whole).sum(-1), single.flatten(0, 1).square().sum(-1))
    assert 0.925 < coverage(found, 2 / 4) < 0.985


def test_too_few_replicates_know_nothing() -> None:
    low, high = interval(torch.rand(LEAST_REPLICATES - 1, 3, generator=generator()))
    assert low.tolist() == [0] * 3
    assert bool(high.isinf().all())


def test_the_value_is_inside_and_the_interval_scales_as_the_variance() -> None:
    gradients = torch.randn(32, 4, 5, 2, 3, generator=generator(2)) ** 3
    report, larger = moments(gradients), moments(1024 * gradients)
    assert report.low < report.variance < report.high
    assert larger.summary == report.summary.times(1024.0**2), "exact for a power of two"
    for one, other in zip(report.of_parameters([(0, 0), (1, 2)]), larger.of_parameters([(0, 0), (1, 2)]), strict=True):
        assert 0 < one.low < one.value < one.high
        assert other == one.times(1024.0**2)


def test_a_parameter_has_the_interval_of_its_own_replicates() -> None:
    """Averaged over the data first; a parameter whose draws have heavier tails may be open where the sum is not."""
    gradients = torch.randn(32, 4, 6, 2, 3, generator=generator(3), dtype=torch.float64)
    found = moments(gradients)
    mean = gradients.mean(2)  # (R, B, n_params, K)
    for (which, k), each in zip([(1, 2), (0, 0)], found.of_parameters([(1, 2), (0, 0)]), strict=True):
        one = mean[:, :, which, k]
        known = variance_of(squared_distance(one.mean(1)), (one - one.mean()).square().flatten())
        assert each == pytest.approx(known, rel=1e-9)


def test_draws_that_are_too_many_to_keep_leave_the_tail_to_the_replicates(monkeypatch: pytest.MonkeyPatch) -> None:
    gradients = torch.randn(32, 4, 1, 1, 3, generator=generator(4), dtype=torch.float64)
    monkeypatch.setattr("elbo_room.models.probing.report.MOST_KEPT", 10)
    found = moments(gradients)
    assert found.single is None
    (low,), (high,) = interval(squared_distance(gradients.mean(1)[:, 0, 0, :1]))
    one = found.of_parameters([(0, 0)])[0]
    assert (one.low, one.high) == (pytest.approx(float(low)), pytest.approx(float(high)))
    torch.testing.assert_close(found.single_distance, (gradients - gradients.mean((0, 1))).square().sum((2, 3, 4)))


def test_no_variance_is_a_point_at_zero_and_rounding_stays_tiny() -> None:
    zero = moments(torch.full((32, 4, 3, 2, 1), 0.1))
    assert zero.low <= zero.variance <= zero.high < 1e-12
    assert moments(torch.zeros(32, 4, 3, 2, 1)).summary == Variance(0.0, 0.0, 0.0, 0.0)


@pytest.mark.parametrize("scale", [1e-12, 1e15])
def test_float32_gradients_of_any_size_have_the_interval_of_float64(scale: float) -> None:
    gradients = scale * torch.randn(32, 4, 2, 2, 3, generator=generator(5), dtype=torch.float64)
    wanted, found = moments(gradients).summary, moments(gradients.float()).summary
    assert found == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize(("freedom", "both", "one"), [(7, 2.3646, 1.8946), (31, 2.0395, 1.6955), (255, 1.9693, 1.6509)])
def test_quantiles_are_those_of_the_tables(freedom: int, both: float, one: float) -> None:
    assert student(1.959964, freedom) == pytest.approx(both, abs=1e-3)
    assert student(1.644854, freedom) == pytest.approx(one, abs=1e-3)


@pytest.mark.parametrize("theta", [0.5, 1.0, 2.0, 4.0])
def test_the_unseen_share_is_that_of_a_weibull_tail(theta: float) -> None:
    """Of d = E^θ, E exponential, E[d; d > (log n)^θ]/E d = Q(1 + θ, log n); the estimate from one sample, its spread over samples known."""
    count = 512
    sample = -torch.rand(count, 400, generator=generator(6), dtype=torch.float64).log()
    found = unseen(sample**theta)
    known = float(torch.special.gammaincc(torch.tensor(1 + theta), torch.tensor(math.log(count))))
    error = float(found.std()) / 400**0.5
    assert abs(float(found.mean()) - known) < 0.1 * known + 4 * error


def test_two_intervals_are_apart_when_the_interval_of_the_ratio_leaves_out_one() -> None:
    """Symmetric in the logarithm with errors .1 each: 2 √(.1² + .1²) = .283 in log units."""
    band = lambda value: (value, value * math.exp(-0.2), value * math.exp(0.2))  # noqa: E731
    assert not apart(band(1.0), band(math.exp(0.28)))
    assert apart(band(1.0), band(math.exp(0.29)))
    assert apart(band(math.exp(0.29)), band(1.0))
    assert not apart((1.0, 0.9, math.inf), (100.0, 99.0, 101.0)), "nothing bounds the smaller one above"
    assert apart((1.0, 0.9, 1.1), (100.0, 50.0, math.inf))
    assert not apart((0.0, 0.0, 0.0), (0.0, 0.0, 0.0))
