"""Discrete sites: counts, categories, and one binary unit whose every moment is known."""

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from elbo_room.models.estimators import (
    Arm,
    Context,
    DisArm,
    Draw,
    GumbelSoftmax,
    LeaveOneOut,
    LocalExpectation,
    MeasureValued,
    Rebar,
    Relax,
    Score,
    ScoreXiEach,
    StraightThrough,
    VarGrad,
)
from elbo_room.models.estimators.rebar import coupling
from elbo_room.models.families import Bernoulli, Categorical
from elbo_room.models.inference.estimate import estimate
from elbo_room.models.inference.noise import draw_noise
from tests.models.discrete_problems import DISCRETE
from tests.models.estimators.moments import Baseline, per_draw
from tests.models.problems import PROBLEMS, numbers, sigmoid_belief, target
from tests.models.truth import LIMIT, assert_unbiased, bias_in_errors, every, gradients, unbiased_estimators

F64 = torch.float64
EXACT = {"rtol": 1e-10, "atol": 1e-12}
P, F1, F0 = 0.3, (1 - 0.45) ** 2, 0.45**2  # f(b) = (b − .45)²


def unit(p: float = P):
    """One Bernoulli unit with f(b) = (b − .45)² and nothing else."""
    return target(Bernoulli(), torch.tensor([[p]], dtype=F64).logit(), lambda b: (b - 0.45) ** 2)


def over_noise(estimator, count: int = 10_000) -> Tensor:
    """G at the middles of `count` equal cells of ε: their plain mean is the integral, (count,)."""
    grid = (torch.arange(count, dtype=F64) + 0.5) / count
    return per_draw(unit(), estimator, {"z": grid[None, :, None, None]})[0, :, 0]


@pytest.mark.parametrize("draws", [2, 4])
@pytest.mark.parametrize(("name", "kind"), [(name, kind) for name in DISCRETE for kind in unbiased_estimators()])
def test_counts_and_categories_are_unbiased_too(name: str, kind: str, draws: int) -> None:
    problem, estimator = DISCRETE[name](), unbiased_estimators()[kind]
    family = problem.model.sites["z"].family
    if estimator.supports(family, draws) is None and estimator.bound == "elbo":
        assert_unbiased(problem, every(estimator, problem.model), draws)


@pytest.mark.parametrize("baseline", [0.0, 0.1, -1.0])
def test_a_binary_units_score_has_its_known_moments(baseline: float) -> None:
    """Mean p(1−p)(f1−f0), variance p(1−p)[(f1−c)(1−p) + (f0−c)p]²; without a baseline .0155938."""
    found = over_noise(Baseline(baseline))
    assert float(found.mean()) == pytest.approx(P * (1 - P) * (F1 - F0), rel=1e-10)
    known = P * (1 - P) * ((F1 - baseline) * (1 - P) + (F0 - baseline) * P) ** 2
    assert float(found.var(correction=0)) == pytest.approx(known, rel=1e-10)
    if not baseline:
        assert known == pytest.approx(0.0155938, abs=5e-8)


def test_a_binary_unit_has_a_baseline_without_variance() -> None:
    """c* = f1(1−p) + f0 p, which is not E f."""
    assert float(over_noise(Baseline(F1 * (1 - P) + F0 * P)).var()) < 1e-30
    assert float(over_noise(Baseline(F1 * P + F0 * (1 - P))).var()) > 1e-4


@pytest.mark.parametrize("estimator", [Arm(), DisArm()], ids=lambda part: part.name)
def test_pairs_have_the_exact_mean(estimator) -> None:
    assert float(over_noise(estimator).mean()) == pytest.approx(P * (1 - P) * (F1 - F0), rel=1e-9)


def test_disarm_is_arm_with_its_noise_averaged_out() -> None:
    """Among all ε of one pair (b, b'), ARM's mean is DisARM's one value: so its variance cannot be larger."""
    arm, disarm = over_noise(Arm()), over_noise(DisArm())
    grid = (torch.arange(10_000, dtype=F64) + 0.5) / 10_000
    pair = 2 * (grid < P) + (1 - grid < P)
    for each in pair.unique():
        cell = disarm[pair == each]
        assert float(cell.std()) < 1e-12
        assert float(arm[pair == each].mean()) == pytest.approx(float(cell[0]), abs=1e-9)
    assert float(disarm.var()) < float(arm.var())


@pytest.mark.parametrize("draws", [1, 4])
def test_disarm_has_no_more_variance_than_arm(draws: int) -> None:
    problem = sigmoid_belief()
    arm, disarm = (gradients(problem, every(part, problem.model), draws, "blanket") for part in (Arm(), DisArm()))
    assert sum(float(each.var(0).sum()) for each in disarm.values()) < 0.95 * sum(
        float(each.var(0).sum()) for each in arm.values()
    )


@pytest.mark.parametrize("family", [Bernoulli(), Categorical(4)], ids=lambda family: family.name)
def test_local_expectation_of_one_unit_is_exact(family) -> None:
    """Σ_c ∇q_c f_c, whatever was drawn."""
    nu, table = numbers(family.n_params, 1, seed=51), numbers(4, seed=52)
    model, q, batch = target(family, nu, lambda z: table[z.long()])
    noise = family.noise((1, 200, 1, 1), torch.Generator().manual_seed(1), F64)
    found = per_draw((model, q, batch), LocalExpectation(), {"z": noise})[0]  # (200, n_params)
    live = nu.clone().requires_grad_()
    states = torch.arange(family.n_states, dtype=F64)[:, None]
    expected = (family.log_prob(states, live).exp().squeeze(-1) * table[: family.n_states]).sum()
    (exact,) = torch.autograd.grad(expected, live)
    torch.testing.assert_close(found, exact.squeeze(-1).expand(200, -1), **EXACT)


@pytest.mark.parametrize("level", ["none", "plate", "blanket"])
def test_measure_valued_is_local_expectation_for_binary_units(level: str) -> None:
    problem = sigmoid_belief()
    found = [
        gradients(problem, every(part, problem.model), 3, level, replicates=50)
        for part in (MeasureValued(), LocalExpectation())
    ]
    for name in problem.model.sites:
        torch.testing.assert_close(found[0][name], found[1][name], **EXACT)


@pytest.mark.parametrize("name", [*PROBLEMS, *DISCRETE])
@pytest.mark.parametrize("draws", [2, 5])
def test_vargrad_is_leave_one_out_draw_by_draw(name: str, draws: int) -> None:
    problem = (PROBLEMS | DISCRETE)[name]()
    noise = draw_noise(problem.model, problem.batch, 3, draws, torch.Generator().manual_seed(2), F64)
    first, second = (
        estimate(
            problem.model, problem.q, every(part, problem.model), problem.batch, draws, torch.Generator(),
            replicates=3, noise=noise,
        )
        for part in (VarGrad(), LeaveOneOut())
    )  # fmt: skip
    for site in problem.model.sites.values():
        torch.testing.assert_close(first.draw_gradients(site), second.draw_gradients(site), **EXACT)


def test_the_coupled_draw_follows_its_formula() -> None:
    """z̃ = a + logit u′ with u′ = 1 − p(1 − v) if b = 1, v(1 − p) if not; at v of that very draw z̃ = z, ∂z̃/∂a as stated."""
    family, noise = Bernoulli(), torch.rand(1, 500, 1, 2, generator=torch.Generator().manual_seed(3), dtype=F64)
    nu = numbers(1, 1, 1, 1, 2, seed=53).expand(1, 500, 1, 1, 2).clone().requires_grad_()
    b = family.transform(noise, nu)
    z, apart = coupling(Draw(family, nu, b, noise))
    assert torch.equal(b, (z > 0).to(F64))
    logit = nu[..., 0, :]
    p, u = logit.sigmoid(), 1 - noise
    v = torch.where(b > 0, 1 - (1 - u) / p, u / (1 - p)).detach()
    again = torch.where(b > 0, 1 - p * (1 - v), v * (1 - p))
    tilde = logit + again.logit()
    torch.testing.assert_close(tilde.detach(), z, rtol=1e-8, atol=1e-8)
    (slope,) = torch.autograd.grad(tilde.sum(), nu)
    torch.testing.assert_close(1 - slope[..., 0, :], apart, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize(("temperature", "strength"), [(0.1, 1.0), (0.5, 0.3), (1.0, 1.5), (2.0, 1.0)])
@pytest.mark.parametrize("draws", [2, 4])
def test_rebar_is_unbiased_at_any_setting(temperature: float, strength: float, draws: int) -> None:
    problem = sigmoid_belief()
    assert_unbiased(problem, every(Rebar(temperature, strength), problem.model), draws, "blanket", seed=1)


def test_rebar_of_strength_zero_is_score() -> None:
    problem = sigmoid_belief()
    found = [
        gradients(problem, every(part, problem.model), 2, "plate", replicates=20)
        for part in (Rebar(strength=0), Score())
    ]
    for name in problem.model.sites:
        torch.testing.assert_close(found[0][name], found[1][name], **EXACT)


@pytest.mark.parametrize("gate", [0.0, 0.5, 0.9])
def test_a_gate_changes_no_mean(gate: float) -> None:
    for make in (sigmoid_belief, PROBLEMS["conjugate"]):
        problem = make()
        assert_unbiased(problem, every(ScoreXiEach(gate=gate), problem.model), 4, seed=2)


def test_a_gate_is_a_share() -> None:
    with pytest.raises(ValueError, match=r"The gate on ρ² was 1.5; it must be at least 0 and below 1"):
        ScoreXiEach(gate=1.5)


@pytest.mark.parametrize(
    ("estimator", "low", "high"),
    [
        (GumbelSoftmax(0.5), 0.085, 0.11),
        (GumbelSoftmax(1.0), 0.23, 0.26),
        (StraightThrough(0.5), 0.10, 0.125),
        (StraightThrough(1.0), 0.24, 0.27),
    ],
)
@pytest.mark.parametrize("draws", [2, 4])
def test_relaxations_are_biased_as_recorded(estimator, low: float, high: float, draws: int) -> None:
    """Relative bias of the whole gradient; the standard error of these numbers is about 0.005. More draws do not help."""
    problem = sigmoid_belief()
    assert bias_in_errors(problem, every(estimator, problem.model), draws, "blanket") > 5 * LIMIT
    found = gradients(problem, every(estimator, problem.model), draws, "blanket")
    exact = torch.cat([problem.exact[name].flatten() for name in found])
    mean = torch.cat([found[name].mean(0).flatten() for name in found])
    assert low < float((mean - exact).norm() / exact.norm()) < high


def test_relax_learns_to_lower_the_variance() -> None:
    """After its 100 steps less than score's, at the same evaluations of f."""
    problem = sigmoid_belief()
    score, relax = (gradients(problem, every(part, problem.model), 4, "blanket") for part in (Score(), Relax()))
    assert sum(float(each.var(0).sum()) for each in relax.values()) < 0.6 * sum(
        float(each.var(0).sum()) for each in score.values()
    )


@dataclass(frozen=True)
class AnalyticEntropyScore(Score):
    """G_b = (log p) s + ∇H(q) instead of (log p − log q) s."""

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        log_q, logit = draw.log_q(frozen_value=True), draw.nu[..., 0, :]
        p = logit.sigmoid()
        entropy = (torch.nn.functional.softplus(logit) - p * logit).sum(-1)
        return (context.cost + log_q.detach()) * log_q + entropy


def test_the_analytic_entropy_raises_the_variance_of_binary_scores() -> None:
    """−log q was acting as a control variate: "analytic where possible" is not a rule."""
    problem = sigmoid_belief()
    assert_unbiased(problem, every(AnalyticEntropyScore(), problem.model), 4, "blanket")
    drawn, analytic = (
        gradients(problem, every(part, problem.model), 1, "blanket") for part in (Score(), AnalyticEntropyScore())
    )
    ratio = sum(float(each.var(0).sum()) for each in analytic.values()) / sum(
        float(each.var(0).sum()) for each in drawn.values()
    )
    assert 2.1 < ratio < 2.7
