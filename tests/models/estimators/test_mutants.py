"""Each mutant is one known mistake; the check that the real estimators pass must kill every one of them."""

from dataclasses import dataclass, replace

import pytest
import torch
from torch import Tensor

from elbo_room.models.estimators import (
    AnalyticKL,
    Context,
    Draw,
    Dreg,
    Iwae,
    LeaveOneOut,
    PathOnly,
    QuadraticMiller,
    QuadraticSurrogate,
    Reparameterization,
    Score,
    Vimco,
)
from elbo_room.models.estimators.quadratic_miller import centered
from tests.models.problems import conjugate, logistic, plates, sigmoid_belief
from tests.models.truth import LIMIT, assert_unbiased, bias_in_errors, every


@dataclass(frozen=True)
class OwnDrawInBaseline(LeaveOneOut):
    """f_b − mean of all B, ddof 0: the gradient × (B − 1)/B (AdvancedVI)."""

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        cost = context.cost
        return (cost - cost.mean(1, keepdim=True)) * draw.log_q(frozen_value=True)


@dataclass(frozen=True)
class OwnDrawInMovingAverage(Score):
    """A running mean that already holds the current f (Storchastic)."""

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        cost = context.cost
        return (cost - (0.9 * -3.0 + 0.1 * cost)) * draw.log_q(frozen_value=True)


@dataclass(frozen=True)
class NoHalf(LeaveOneOut):
    """∇ var(log w) without the ½: twice the gradient (vargrad)."""

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        return 2 * super().surrogate(draw, context)


@dataclass(frozen=True)
class CostNotDetached(Score):
    """f keeps its −log q(z; ν) alive, so −s log q joins the gradient."""

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        cost = context.cost
        log_q = draw.log_q(frozen_value=True)
        return (cost + log_q.detach() - log_q) * log_q


@dataclass(frozen=True)
class ScoreSign(Score):
    """+ where − belongs."""

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        return -super().surrogate(draw, context)


@dataclass(frozen=True)
class ScoreWithoutEntropy(Score):
    """f = log p alone."""

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        cost = context.cost
        log_q = draw.log_q(frozen_value=True)
        return (cost + log_q.detach()) * log_q


@dataclass(frozen=True)
class PathSign(Reparameterization):
    """+ log q."""

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        return draw.log_q()


@dataclass(frozen=True)
class PathWithoutEntropy(Reparameterization):
    """log p alone."""

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        return 0 * draw.log_q()


@dataclass(frozen=True)
class PathStopsZ(PathOnly):
    """⌊z⌋ in log q where ⌊ν⌋ belongs: the zero-mean half is kept, the other dropped."""

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        return -draw.log_q(frozen_value=True)


@pytest.mark.parametrize(
    "mutant",
    [
        OwnDrawInBaseline,
        OwnDrawInMovingAverage,
        NoHalf,
        CostNotDetached,
        ScoreSign,
        ScoreWithoutEntropy,
        PathSign,
        PathWithoutEntropy,
        PathStopsZ,
    ],
)
@pytest.mark.parametrize("make", [conjugate, logistic, plates])
def test_a_wrong_estimator_is_caught(mutant, make) -> None:
    problem = make()
    assert bias_in_errors(problem, every(mutant(), problem.model), 4) > LIMIT


@pytest.mark.parametrize("estimator", [LeaveOneOut(), Reparameterization()], ids=lambda part: part.name)
@pytest.mark.parametrize("make", [logistic, plates])
@pytest.mark.parametrize("factor", ["M/M", "N²/M²"])
def test_a_wrong_minibatch_scale_is_caught(make, estimator, factor: str) -> None:
    problem = make()
    wrong = problem.batch.size if factor == "M/M" else problem.batch.total**2 // problem.batch.size
    problem.batch = replace(problem.batch, total=wrong)
    assert bias_in_errors(problem, every(estimator, problem.model), 4) > LIMIT


def test_a_wrong_set_of_sites_on_a_factor_is_caught() -> None:
    """log p(low | top) that does not own up to `top`: only the Markov blanket level reads it, and only there it is
    wrong.
    """
    problem = sigmoid_belief(wrong_on=True)
    assert bias_in_errors(problem, every(LeaveOneOut(), problem.model), 4, "blanket") > LIMIT
    assert_unbiased(problem, every(LeaveOneOut(), problem.model), 4, "plate")


def test_an_engine_that_forgets_the_noise_path_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """z detached for a path estimator: log p no longer tells ν anything."""
    value = Reparameterization.value
    monkeypatch.setattr(
        Reparameterization, "value", lambda self, family, noise, nu: value(self, family, noise, nu.detach())
    )
    problem = conjugate()
    assert bias_in_errors(problem, every(Reparameterization(), problem.model), 4) > LIMIT


@pytest.mark.parametrize("level", ["plate", "blanket"])
def test_an_engine_that_does_not_scale_a_global_sites_cost_is_caught(
    level: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from elbo_room.models.inference import surrogate_context as engine

    cost = engine.cost_of

    def unscaled(site, level, model, batch, factors, log_q):
        return cost(site, level, model, replace(batch, total=batch.size), factors, log_q)

    monkeypatch.setattr(engine, "cost_of", unscaled)
    problem = logistic()
    assert bias_in_errors(problem, every(Score(), problem.model), 4, level) > LIMIT


@dataclass(frozen=True)
class PathOnlyUnderWeights(Iwae):
    """Path only on the weighted bound, which is also DReG without its second w̃: the dropped score has no mean zero there."""

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        return -context.weights * draw.log_q(frozen_nu=True)


@dataclass(frozen=True)
class DregWithLiveQ(Dreg):
    """w̃², and ν still live in log q."""

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        super().surrogate(draw, context)  # for its hook
        return -context.weights * draw.log_q()


@dataclass(frozen=True)
class VimcoWithoutOwnTerm(Vimco):
    """(L̂ − L̂_{−b}) s_b: the derivative of log w itself is forgotten."""

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        return super().surrogate(draw, context) + context.weights * draw.log_q(frozen_value=True)


@dataclass(frozen=True)
class VimcoWithOwnDraw(Vimco):
    """The baseline is log mean of all w, draw b's own among them: nothing is left but −w̃ s."""

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        return -context.weights * draw.log_q(frozen_value=True)


@pytest.mark.parametrize("mutant", [PathOnlyUnderWeights, DregWithLiveQ, VimcoWithoutOwnTerm, VimcoWithOwnDraw])
@pytest.mark.parametrize("draws", [2, 4])
def test_a_wrong_gradient_of_the_weighted_bound_is_caught(mutant, draws: int) -> None:
    problem = conjugate()
    assert bias_in_errors(problem, every(mutant(), problem.model), draws) > LIMIT


def test_path_only_under_weights_is_hundreds_of_errors_off() -> None:
    """236 in the notes' own measurement."""
    problem = conjugate()
    assert bias_in_errors(problem, every(PathOnlyUnderWeights(), problem.model), 4) > 100


@dataclass(frozen=True)
class TaylorWithoutItsMean(QuadraticMiller):
    """path − g̃: what is subtracted has a mean, and nobody gives it back."""

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        raw = draw.nu.detach()[..., 1, :]
        slope, curvature = self.expansion(draw, context)
        mean = torch.stack([slope.expand_as(raw), curvature * torch.exp(2 * raw)], -2)
        return super().surrogate(draw, context) - draw.linear(mean)


@dataclass(frozen=True)
class QuadraticOfTheSameDraws(QuadraticSurrogate):
    """β and h by least squares over the very draws that they correct, ξ = 1."""

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        mean, raw = draw.nu.detach().unbind(-2)
        noise = draw.value.detach() - mean
        with torch.enable_grad():
            at = draw.value.detach().requires_grad_()
            (slope,) = torch.autograd.grad(context.at(at, live=True).sum(), at)
        curvature = (slope * noise).sum(1, keepdim=True) / noise.square().sum(1, keepdim=True)
        extra = centered(slope.mean(1, keepdim=True), curvature, noise, torch.exp(2 * raw))
        return draw.family.entropy(draw.nu).sum(-1) - draw.linear(extra)


@dataclass(frozen=True)
class PriorTwice(AnalyticKL):
    """−KL, and log p(z) still in the factors."""

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        return -draw.family.divergence(draw.nu, context.prior.prior).sum(-1)


@pytest.mark.parametrize("mutant", [TaylorWithoutItsMean, QuadraticOfTheSameDraws, PriorTwice])
@pytest.mark.parametrize("make", [conjugate, logistic, plates])
def test_a_wrong_path_estimator_is_caught(mutant, make) -> None:
    problem = make()
    assert bias_in_errors(problem, every(mutant(), problem.model), 3) > LIMIT
