"""Measure-valued gradients of f(x) = (x − k)² under N(μ, s²): closed-form variances, and the distributions of the pairs."""

import math

import pytest
import torch
from torch import Tensor

from elbo_room.models.estimators import MeasureValued
from elbo_room.models.families import Normal, Poisson
from elbo_room.models.families.family import WeakDerivative
from tests.models.estimators.moments import per_draw
from tests.models.estimators.test_variance_quadratic import POINTS, K, setting
from tests.models.problems import numbers, target

COUNT = 200_000


class Uncoupled(Normal):
    """z⁺ and z⁻ of μ with a Rayleigh number each."""

    def weak_derivatives(self, value: Tensor, nu: Tensor, generator: torch.Generator | None) -> list[WeakDerivative]:
        (first, *rest), (again, *_) = (super(Uncoupled, self).weak_derivatives(value, nu, generator) for _ in range(2))
        return [WeakDerivative(first.parameter, first.constant, first.plus, again.minus), *rest]


def agree(found: Tensor, mean: float, variance: float) -> None:
    """Mean within 4 standard errors, variance within 4 of its own by the sample's kurtosis."""
    spread = found - found.mean()
    kurtosis = float(spread.pow(4).mean() / spread.square().mean().square())
    assert float(found.mean()) == pytest.approx(mean, abs=4 * math.sqrt(variance / COUNT))
    assert float(found.var()) == pytest.approx(variance, rel=4 * math.sqrt((kurtosis - 1) / COUNT))


@pytest.mark.parametrize(("delta", "s"), POINTS)
def test_coupled_variances(delta: float, s: float) -> None:
    """(16/π − 4)δ² for μ; for s, with G = 2δ(M − N) + sW², 4δ² + 4s²: below reparameterisation's 4δ² + 8s²."""
    found = per_draw(setting(delta, s), MeasureValued(), replicates=COUNT)[:, 0]
    agree(found[:, 0], 2 * delta, (16 / math.pi - 4) * delta**2)
    agree(found[:, 1], 2 * s * s, s**2 * (4 * delta**2 + 4 * s**2))


@pytest.mark.parametrize(("delta", "s"), POINTS)
def test_independent_pairs_have_more_variance(delta: float, s: float) -> None:
    """(8/π − 2)δ² + 4s²/π for μ."""
    nu = torch.tensor([[K + delta], [math.log(s)]], dtype=torch.float64)
    bare = target(Uncoupled(), nu, lambda z: (z - K) ** 2)
    found = per_draw(bare, MeasureValued(), replicates=COUNT)[:, 0]
    agree(found[:, 0], 2 * delta, (8 / math.pi - 2) * delta**2 + 4 * s**2 / math.pi)


def test_the_pairs_of_a_normal_have_their_laws() -> None:
    """(z⁺ − μ)/s is Rayleigh, E W = √(π/2), E W² = 2; M is double-sided Maxwell, E M² = 3, E M⁴ = 15, and N = UM with U uniform."""
    nu = numbers(2, 1, seed=61, scale=0.5).expand(COUNT, 2, 1)
    generator = torch.Generator().manual_seed(1)
    n = Normal().noise((COUNT, 1), generator, torch.float64)
    value = Normal().transform(n, nu)
    first, second = Normal().weak_derivatives(value, nu, generator)
    w, m = ((pair.plus - nu[:, 0]) / nu[:, 1].exp() for pair in (first, second))
    u = n / m
    for found, mean, variance in (
        (w, math.sqrt(math.pi / 2), 2 - math.pi / 2),
        (w.square(), 2, 4),
        (m, 0, 3),
        (m.square(), 3, 6),
        (u, 0.5, 1 / 12),
        ((u - 0.5) * m.square(), 0, 15 / 12),
        ((w - math.sqrt(math.pi / 2)) * n, 0, 2 - math.pi / 2),
    ):
        agree(found[:, 0], mean, variance)
    assert float(u.min()) >= 0
    assert float(u.max()) <= 1


def test_it_needs_no_smooth_f() -> None:
    """f = 1[z > 0]: d/dμ E f = N(μ; 0, s²), where the path gradient is 0."""
    nu = torch.tensor([[0.4], [-0.3]], dtype=torch.float64)
    found = per_draw(target(Normal(), nu, lambda z: (z > 0).double()), MeasureValued(), replicates=COUNT)[:, 0, 0]
    s = math.exp(-0.3)
    known = math.exp(-0.5 * (0.4 / s) ** 2) / (s * math.sqrt(2 * math.pi))
    assert float(found.mean()) == pytest.approx(known, abs=4 * float(found.std()) / math.sqrt(COUNT))


def test_a_count_has_its_difference() -> None:
    """f = z²: d/dη E f = λ(2λ + 1), and the one-draw variance is λ² Var(2z + 1) = 4λ³."""
    nu = torch.tensor([[0.6]], dtype=torch.float64)
    found = per_draw(target(Poisson(), nu, lambda z: z**2), MeasureValued(), replicates=COUNT)[:, 0, 0]
    rate = math.exp(0.6)
    agree(found, rate * (2 * rate + 1), 4 * rate**3)


@pytest.mark.parametrize("rate", [0.01, 1.0, 30.0, 3e5])
def test_counts_follow_the_cumulative_probabilities(rate: float) -> None:
    """P(X ≤ x) > ε at the draw, and not one below it; ε at either end too."""
    noise = torch.cat([torch.rand(500, generator=torch.Generator().manual_seed(2)), torch.tensor([0.0, 1.0])])
    drawn = Poisson().transform(noise.unsqueeze(-1), torch.tensor([[math.log(rate)]])).squeeze(-1).double()
    exact = torch.tensor(math.log(rate)).double().exp()
    below = torch.where(drawn > 0, torch.special.gammaincc(drawn.clamp_min(1e-9), exact), 0.0)
    inner = noise.double().clamp_max(1 - 2**-24)
    assert (torch.special.gammaincc(drawn + 1, exact) > inner).all()
    assert (below <= inner + 1e-30).all()  # the bisection begins 12 standard deviations below
