"""Mutants of the estimators for discrete sites, of weak derivatives and of learned baselines: each one is caught."""

import sys
from dataclasses import dataclass, replace

import pytest
import torch
from torch import Tensor

from elbo_room.models.estimators import (
    Arm,
    Context,
    DisArm,
    Draw,
    LocalExpectation,
    MeasureValued,
    Nvil,
    Rebar,
    Relax,
    ScoreXi,
    VarGrad,
)
from elbo_room.models.estimators import measure_valued as measured
from elbo_room.models.estimators.rebar import coupling
from elbo_room.models.families import Family
from tests.models.problems import conjugate, logistic, sigmoid_belief
from tests.models.truth import LIMIT, bias_in_errors, every


@dataclass(frozen=True)
class DisArmSign(DisArm):
    """(−1)^b where (−1)^{b'} belongs."""

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        return -super().surrogate(draw, context)


@dataclass(frozen=True)
class DisArmWithoutWeight(DisArm):
    """Without σ(|a|)."""

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        other, cost = self.antithetic(draw, context)
        return draw.carry(0.5 * (context.cost - cost)[..., None, None] * (draw.value - other).unsqueeze(-2))


@dataclass(frozen=True)
class ArmAgainstItself(Arm):
    """The noise of its own that the second of the pair gets is not antithetic: 1[ε < 1 − p]."""

    def antithetic(self, draw: Draw, context: Context) -> tuple[Tensor, Tensor]:
        other = 1 - draw.family.transform(draw.family.mirror(draw.own_noise()), draw.nu.detach())
        return other, context.at(other)


@dataclass(frozen=True)
class RebarLiveScoreTerm(Rebar):
    """c(z̃) in the score term keeps its gradient: − η ∇c(z̃) log q joins in."""

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        z, apart = coupling(draw)
        z.requires_grad_()
        c = context.at((z / self.temperature).sigmoid(), live=True)
        (slope,) = torch.autograd.grad(c.sum(), z)
        log_q = draw.log_q().detach()[..., None, None]
        stray = -self.strength * log_q * (slope * (1 - apart)).unsqueeze(-2)
        return super().surrogate(draw, context) + draw.carry(stray)


@dataclass(frozen=True)
class LocalExpectationWithoutEntropy(LocalExpectation):
    """F = log p alone."""

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        def bare(values: Tensor) -> Tensor:
            times = values.shape[1] // draw.nu.shape[1]
            return context.at(values) + Draw(draw.family, draw.nu.repeat_interleave(times, 1), values).log_q()

        return super().surrogate(draw, replace(context, at=bare))


@dataclass(frozen=True)
class VarGradPopulation(VarGrad):
    """The population variance, ddof 0."""

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        return super().surrogate(draw, context) * (draw.nu.shape[1] - 1) / draw.nu.shape[1]


@dataclass(frozen=True)
class NvilSeesItsDraw(Nvil):
    """The moving average already holds the present f."""

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        return super().surrogate(draw, replace(context, cost=0.9 * context.cost))


@dataclass(frozen=True)
class XiSeesItsDraw(ScoreXi):
    """ξ's moving average already holds the present draw."""

    def xi(self, draw: Draw, context: Context) -> Tensor:
        return 0.9 * super().xi(draw, context) + 0.1 * self.coefficient(context.cost, draw.score_norm())

    def coefficient(self, cost: Tensor, norm: Tensor) -> Tensor:
        return cost


BINARY = [
    DisArmSign(),
    DisArmWithoutWeight(),
    ArmAgainstItself(),
    RebarLiveScoreTerm(),
    LocalExpectationWithoutEntropy(),
    VarGradPopulation(),
    NvilSeesItsDraw(),
    XiSeesItsDraw(xi_from="running"),
]


@pytest.mark.parametrize("mutant", BINARY, ids=lambda mutant: type(mutant).__name__)
def test_a_wrong_estimator_of_binary_units_is_caught(mutant) -> None:
    problem = sigmoid_belief()
    assert bias_in_errors(problem, every(mutant, problem.model), 4, "blanket") > LIMIT


@pytest.mark.parametrize("mutant", [VarGradPopulation(), NvilSeesItsDraw(), XiSeesItsDraw(xi_from="running")], ids=str)
@pytest.mark.parametrize("make", [conjugate, logistic])
def test_a_wrong_estimator_of_normals_is_caught(mutant, make) -> None:
    problem = make()
    assert bias_in_errors(problem, every(mutant, problem.model), 4) > LIMIT


@pytest.mark.parametrize("apart", [0.0, 1.0], ids=["no path at all", "z̃ taken for a constant"])
@pytest.mark.parametrize("part", [Rebar(), Relax()], ids=lambda part: part.name)
def test_a_wrong_path_of_the_relaxed_draw_is_caught(part, apart: float, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(draw: Draw) -> tuple[Tensor, Tensor]:
        z, right = coupling(draw)
        return z, torch.full_like(right, apart)

    monkeypatch.setattr(sys.modules[type(part).__module__], "coupling", wrong)
    problem = sigmoid_belief()
    assert bias_in_errors(problem, every(part, problem.model), 4, "blanket") > LIMIT


def changed(monkeypatch: pytest.MonkeyPatch, family: type[Family], **how) -> None:
    """The family's first weak derivative with one of its parts replaced."""
    right = family.weak_derivatives

    def wrong(self, value, nu, generator):
        first, *rest = right(self, value, nu, generator)
        return [replace(first, **{name: change(first, nu) for name, change in how.items()}), *rest]

    monkeypatch.setattr(family, "weak_derivatives", wrong)


@pytest.mark.parametrize(
    "how",
    [
        {"constant": lambda pair, nu: torch.ones_like(pair.constant)},  # without 1/(s√2π)
        {"plus": lambda pair, nu: pair.minus, "minus": lambda pair, nu: pair.plus},  # the sign
        {"constant": lambda pair, nu: pair.constant * nu[..., 1, :].exp()},  # for s = 1 only
    ],
)
def test_a_wrong_weak_derivative_is_caught(how, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = conjugate()
    changed(monkeypatch, type(problem.model.sites["z"].family), **how)
    assert bias_in_errors(problem, every(MeasureValued(), problem.model), 4) > LIMIT


def test_all_coordinates_at_once_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """z⁺ in every coordinate together is no weak derivative of any one of them."""
    right = measured.replaced

    def together(draw: Draw, context: Context, candidates: Tensor) -> Tensor:
        found = context.at(candidates.flatten(1, 2)).unflatten(1, (-1, candidates.shape[2]))
        return found.unsqueeze(-1).expand_as(right(draw, context, candidates))

    monkeypatch.setattr(measured, "replaced", together)
    problem = sigmoid_belief()
    assert bias_in_errors(problem, every(MeasureValued(), problem.model), 4) > LIMIT
