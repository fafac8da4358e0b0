"""The estimators of recent years: identities, known moments, exact means on one-hot units, and mutants that fail."""

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from elbo_room.models.core import Batch, Factor, Site
from elbo_room.models.estimators import (
    Carms,
    CategoricalRebar,
    CategoricalRelax,
    Context,
    DoubleControlVariates,
    Draw,
    GumbelRao,
    GumbelSoftmax,
    LeaveOneOut,
    Loorf,
    Ovis,
    QuadraticMiller,
    QuadraticMillerFull,
    ReinMax,
    Reparameterization,
    Rodeo,
    Score,
    StraightThrough,
    Vimco,
)
from elbo_room.models.estimators import carms as antithetic
from elbo_room.models.estimators.categorical_rebar import given_its_draw
from elbo_room.models.families import Bernoulli, Categorical, Normal, OneHot
from elbo_room.models.inference.estimate import estimate
from elbo_room.models.inference.noise import draw_noise
from elbo_room.models.variational import Global, Posterior
from tests.models.discrete_problems import categories
from tests.models.estimators.moments import per_draw
from tests.models.problems import (
    F64,
    NU,
    Problem,
    Rows,
    Terms,
    batch_of,
    conjugate,
    log_normal,
    numbers,
    sigmoid_belief,
    target,
)
from tests.models.truth import LIMIT, bias_in_errors, distance, every, gradients

EXACT = {"rtol": 1e-10, "atol": 1e-12}
FEW = 4_000


def one_hots() -> Problem:
    """Two units of three states as one-hot vectors, x | y ~ N(w·y + (v·y)², .8²): defined between the states; exact by its 9 states."""
    batch, family = batch_of(numbers(3, 1, seed=61)), OneHot(3)
    line, curve, first = numbers(6, seed=62, scale=1.2), numbers(6, seed=63, scale=0.8), numbers(1, 6, seed=64)

    def terms(batch: Batch, latents: Mapping[str, Tensor]) -> list[Factor]:
        y = latents["y"]
        mean = (y @ line + (y @ curve).square()).unsqueeze(-1)
        return [
            Factor("log p(y)", family.log_prob(y, first).sum(-1), frozenset({"y"})),
            Factor("log p(x|y)", log_normal(batch.x, mean, 0.8).sum(-1), frozenset({"y"})),
        ]

    def objective(nus: NU) -> Tensor:
        states = torch.eye(3, dtype=F64)
        y = torch.stack([torch.cat(pair) for pair in itertools.product(states, repeat=2)])[:, None].expand(-1, 3, 6)
        log_q = family.log_prob(y, nus["y"]).sum(-1)  # (P, M)
        log_p = sum(factor.value[0] for factor in terms(batch, {"y": y.unsqueeze(0)}))
        return (log_q.exp() * (log_p - log_q)).sum()

    q = Posterior({"y": Rows(numbers(3, 1, 6, seed=65))})
    return Problem(Terms({"y": Site("y", "local", (6,), family)}, terms), q, batch, objective)


def mean_and_spread(problem: Problem, part, draws: int, level: str = "plate") -> tuple[Tensor, float]:
    found = gradients(problem, every(part, problem.model), draws, level, 3, FEW)
    return torch.cat([each.flatten(1) for each in found.values()], 1), sum(
        float(g.var(0).sum()) for g in found.values()
    )


@pytest.mark.parametrize("part", [Score(), LeaveOneOut(), CategoricalRebar(), CategoricalRelax()], ids=lambda p: p.name)
@pytest.mark.parametrize("draws", [2, 4])
def test_one_hot_units_have_the_exact_mean(part, draws: int) -> None:
    problem = one_hots()
    found = gradients(problem, every(part, problem.model), draws, "plate", 3, FEW)
    assert float(distance(found["y"], problem.exact["y"]).abs().max()) < LIMIT


@pytest.mark.parametrize("part", [GumbelSoftmax(), StraightThrough(), GumbelRao(), ReinMax()], ids=lambda p: p.name)
def test_the_biased_ones_are_biased_for_one_hot_units_too(part) -> None:
    problem = one_hots()
    found = gradients(problem, {"y": part}, 4, "plate", 3, FEW)["y"]
    assert float(distance(found, problem.exact["y"]).abs().max()) > 2 * LIMIT


def test_categorical_rebar_and_relax_have_less_variance_than_score() -> None:
    problem = one_hots()
    score, rebar = (mean_and_spread(problem, part, 2)[1] for part in (Score(), CategoricalRebar()))
    assert rebar < 0.7 * score


@pytest.mark.parametrize("family", [Bernoulli(), OneHot(4)], ids=lambda family: family.name)
def test_noisy_logits_given_their_draw_lead_to_it_and_have_the_latents_law(family) -> None:
    nu = numbers(1, 4, seed=66).expand(1, 20_000, 1, 1, 4)
    ends = torch.Generator().manual_seed(1), torch.Generator().manual_seed(2)
    noise, uniform = (torch.rand(1, 20_000, 1, 4, generator=each, dtype=F64) for each in ends)
    draw, latent = family.transform(noise, nu), family.latent(noise, nu)
    again = family.conditional(draw, uniform, nu)
    hard = family.squash(again, 1e-4).round()
    assert torch.equal(hard, draw)
    if family.name == "one_hot":  # its law is that of logits whose Σ exp is 1
        latent = latent - nu[..., 0, :].logsumexp(-1, keepdim=True)
    for power in (1, 2):
        a, b = (each[0, :, 0] ** power for each in (latent, again))
        error = ((a.var(0) + b.var(0)) / len(a)).sqrt()
        assert float(((a.mean(0) - b.mean(0)) / error).abs().max()) < LIMIT


def test_gumbel_rao_is_straight_throughs_conditional_mean() -> None:
    """The same mean, and less variance (Paulus, Maddison & Krause 2021)."""
    problem = sigmoid_belief()
    (plain, wide), (averaged, narrow) = (
        mean_and_spread(problem, part, 1, "blanket") for part in (StraightThrough(0.3), GumbelRao(0.3))
    )
    error = ((plain.var(0) + averaged.var(0)) / FEW).sqrt()
    assert float(((plain.mean(0) - averaged.mean(0)) / error).abs().max()) < LIMIT
    assert narrow < 0.8 * wide


@pytest.mark.parametrize(("power", "exact"), [(2, True), (4, False)])
def test_reinmax_is_exact_for_a_quadratic_and_not_beyond(power: int, exact: bool) -> None:
    """One binary unit, p = .3, f(b) = (b − .45)^power: E G over a fine grid of ε against p(1 − p)(f₁ − f₀)."""
    problem = target(Bernoulli(), torch.tensor([[0.3]], dtype=F64).logit(), lambda b: (b - 0.45) ** power)
    grid = (torch.arange(1_000, dtype=F64) + 0.5) / 1_000
    known = 0.21 * (0.55**power - 0.45**power)
    found, first = (
        float(per_draw(problem, part, {"z": grid[None, :, None, None]})[0].mean())
        for part in (ReinMax(), StraightThrough(1.0))
    )
    assert (found == pytest.approx(known, rel=1e-9)) is exact
    assert abs(first - known) > 1e-3


def test_loorf_is_leave_one_out() -> None:
    problem = categories()
    noise = draw_noise(problem.model, problem.batch, 3, 4, torch.Generator().manual_seed(2), F64)
    first, second = (
        estimate(
            problem.model, problem.q, part, problem.batch, 4, torch.Generator(), replicates=3, noise=noise
        ).draw_gradients(problem.model.sites["z"])
        for part in (Loorf(), LeaveOneOut())
    )
    torch.testing.assert_close(first.mean(1), second.mean(1), **EXACT)


def test_double_control_variates_and_rodeo_start_as_leave_one_out() -> None:
    """Nothing is learned before the first estimate."""
    problem = sigmoid_belief()
    found = []
    for part in (LeaveOneOut(), DoubleControlVariates(), Rodeo()):
        noise = draw_noise(problem.model, problem.batch, 2, 4, torch.Generator().manual_seed(2), F64)
        one = estimate(
            problem.model,
            problem.q,
            part,
            problem.batch,
            4,
            torch.Generator().manual_seed(1),
            replicates=2,
            noise=noise,
        )
        found.append(one.draw_gradients(problem.model.sites["low"]))
    torch.testing.assert_close(found[0], found[1], **EXACT)
    torch.testing.assert_close(found[0].mean(1), found[2].mean(1), **EXACT)


def almost_linear() -> Problem:
    """Six binary units, f(b) = w·b + ½ (v·b)²."""
    batch, family, w, v = (
        batch_of(torch.zeros(1, 1, dtype=F64)),
        Bernoulli(),
        numbers(6, seed=71),
        numbers(6, seed=72, scale=0.3),
    )

    def value(b: Tensor) -> Tensor:
        return b @ w + 0.5 * (b @ v).square()

    def terms(batch: Batch, latents: Mapping[str, Tensor]) -> list[Factor]:
        return [Factor("f", value(latents["b"]), frozenset({"b"}))]

    def objective(nus: NU) -> Tensor:
        b = torch.tensor(list(itertools.product((0.0, 1.0), repeat=6)), dtype=F64)[:, None]
        log_q = family.log_prob(b, nus["b"]).sum(-1)
        return (log_q.exp() * (value(b) - log_q)).sum()

    q = Posterior({"b": Rows(numbers(1, 1, 6, seed=73))})
    return Problem(Terms({"b": Site("b", "local", (6,), family)}, terms), q, batch, objective)


def test_slopes_of_the_other_draws_take_most_of_the_noise_of_an_almost_linear_f() -> None:
    """Variance at B = 4, relative to leave-one-out."""
    problem = almost_linear()
    plain, double, stein = (
        mean_and_spread(problem, part, 4)[1] for part in (LeaveOneOut(), DoubleControlVariates(), Rodeo())
    )
    assert double < 0.2 * plain
    assert stein < 0.8 * plain


@pytest.mark.parametrize("states", [2, 3, 5])
@pytest.mark.parametrize("draws", [2, 3, 8])
def test_carms_knows_the_joint_law_of_its_draws(states: int, draws: int) -> None:
    """Its margins are q's; it is what pairs of draws have; no two different states exclude each other; equal ones are rare."""
    family, nu = Categorical(states), numbers(1, 1, 1, states, 1, seed=81)
    noise = torch.rand(40_000, draws, 1, 1, generator=torch.Generator().manual_seed(3), dtype=F64)
    value = Carms().value(family, noise, nu.expand(40_000, draws, 1, states, 1))
    mass = antithetic.masses(family, nu)[0, 0, 0, :, 0]
    known = antithetic.joint(mass[:, None], draws)[..., 0]  # (S, S)
    torch.testing.assert_close(known.sum(0), mass, rtol=1e-9, atol=1e-12)
    off = known[~torch.eye(states, dtype=torch.bool)]
    assert float(off.min()) > 0
    assert float(known.diagonal().sum()) < float(mass.square().sum())
    pairs = (value[:, 0, 0, 0] * states + value[:, -1, 0, 0]).long().bincount(minlength=states**2) / 40_000
    error = (known.flatten() * (1 - known.flatten()) / 40_000).sqrt().clamp_min(1e-9)
    assert float(((pairs - known.flatten()) / error).abs().max()) < LIMIT + 1


def test_carms_has_less_variance_than_leave_one_out() -> None:
    problem = categories()
    plain, coupled = (mean_and_spread(problem, part, 2)[1] for part in (LeaveOneOut(), Carms()))
    assert coupled < 0.9 * plain


def test_ovis_has_more_signal_to_noise_than_vimco_and_gains_with_draws() -> None:
    """‖E ĝ‖/√Var of the conjugate model: VIMCO's falls from B = 4 to 32, OVIS's rises."""
    problem, found = conjugate(), {}
    for part in (Vimco(), Ovis(auxiliary=32)):
        for draws in (4, 32):
            samples = gradients(problem, every(part, problem.model), draws, "plate", 3, 2_000)["z"]
            found[part.name, draws] = float((samples.mean(0) ** 2).sum().sqrt() / samples.var(0).sum().sqrt())
    assert found["ovis", 4] > found["vimco", 4]
    assert found["ovis", 32] > 2 * found["vimco", 32]
    assert found["ovis", 32] > found["ovis", 4]


def test_a_full_hessian_leaves_no_noise_of_a_correlated_quadratic() -> None:
    """log p = −½ wᵀ A w: the full expansion is exact, the diagonal one is not."""
    root = numbers(5, 5, seed=91)
    precision = root @ root.T + torch.eye(5, dtype=F64)
    site = Site("w", "global", (5,), Normal())

    def terms(batch: Batch, latents: Mapping[str, Tensor]) -> list[Factor]:
        w = latents["w"]
        return [Factor("log p", -0.5 * (w * (w @ precision)).sum(-1), frozenset({"w"}))]

    def objective(nus: NU) -> Tensor:
        mean, variance = nus["w"][0], (2 * nus["w"][1]).exp()
        fit = -0.5 * (mean @ precision @ mean + (precision.diagonal() * variance).sum())
        return fit + (nus["w"][1] + 0.5 * math.log(2 * math.pi * math.e)).sum()

    q = Posterior({"w": Global(site, numbers(2, 5, seed=92, scale=0.3))})
    problem = Problem(Terms({"w": site}, terms), q, batch_of(torch.zeros(1, 1, dtype=F64)), objective)
    found = gradients(problem, {"w": QuadraticMillerFull()}, 2, "plate", 1, 50)["w"]
    torch.testing.assert_close(found, problem.exact["w"].expand_as(found), rtol=1e-9, atol=1e-9)
    assert float(gradients(problem, {"w": QuadraticMiller()}, 2, "plate", 1, 50)["w"].var(0).sum()) > 1


def hierarchical_poisson() -> tuple[Terms, Posterior, Batch]:
    """3 groups in 32 precincts, D = 38: y_ep ~ Poisson(N_ep e^{μ + α_e + β_p}), α ~ N(0, σ_α²), β ~ N(0, σ_β²), log σ ~ N(0, 1)."""
    truth = torch.cat([torch.tensor([-1.0]), numbers(3, seed=93, scale=0.5), numbers(32, seed=94, scale=0.5)]).to(F64)
    exposure = 30 + 200 * torch.rand(3, 32, generator=torch.Generator().manual_seed(95), dtype=F64)

    def rate(w: Tensor) -> Tensor:
        return w[..., :1, None] + w[..., 1:4, None] + w[..., None, 4:36] + exposure.log()

    y = torch.poisson(rate(truth).exp(), generator=torch.Generator().manual_seed(96))
    site = Site("w", "global", (38,), Normal())

    def terms(batch: Batch, latents: Mapping[str, Tensor]) -> list[Factor]:
        w = latents["w"]  # (R, B, 38): μ, α, β, log σ_α, log σ_β
        log_rate, scales = rate(w), w[..., 36:]
        prior = log_normal(w[..., 0], 0.0, 10.0) + log_normal(scales, 0.0, 1.0).sum(-1)
        for effects, log_scale in ((w[..., 1:4], scales[..., :1]), (w[..., 4:36], scales[..., 1:])):
            prior = prior - (0.5 * (effects * (-log_scale).exp()).square() + log_scale).sum(-1)
        return [Factor("log joint", prior + (y * log_rate - log_rate.exp()).sum((-2, -1)), frozenset({"w"}))]

    mean = torch.cat([truth, torch.tensor([-0.5, -0.7], dtype=F64)])
    log_scale = torch.full((38,), -3.2, dtype=F64)
    q = Posterior({"w": Global(site, torch.stack([mean, log_scale]))})
    return Terms({"w": site}, terms), q, batch_of(torch.zeros(1, 1, dtype=F64))


def test_a_full_hessian_removes_what_the_diagonal_cannot() -> None:
    """A hierarchical Poisson model with D = 38: variance ratios of hundreds, where the diagonal reaches a few (Miller et al. 2017)."""
    model, q, batch = hierarchical_poisson()
    spread = {}
    for part in (Reparameterization(), QuadraticMiller(), QuadraticMillerFull()):
        found = estimate(model, q, part, batch, 2, torch.Generator().manual_seed(1), replicates=200)
        spread[part.name] = float(found.draw_gradients(model.sites["w"]).mean(1)[..., 0, :].var(0).sum())
    base = spread["reparameterization"]
    assert base / spread["quadratic_miller_full"] > 100
    assert base / spread["quadratic_miller"] < 10


@dataclass(frozen=True)
class CarmsUnweighted(Carms):
    """Antithetic draws without the ratio of the laws."""

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        return Loorf().surrogate(draw, context)


@dataclass(frozen=True)
class RebarWithoutTheConditional(CategoricalRebar):
    """∇c(z) without ∇c(z̃)."""

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        z = given_its_draw(draw, context.generator).detach().requires_grad_()
        c = context.at(draw.family.squash(z, self.temperature), live=True)
        (slope,) = torch.autograd.grad(c.sum(), z)
        return (context.cost - c.detach()) * draw.log_q(frozen_value=True) + (slope * draw.nu.squeeze(-2)).sum(-1)


@dataclass(frozen=True)
class OvisOfItself(Ovis):
    """The asymptotic baseline, which uses the draw's own weight."""

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        share = context.log_weights.softmax(1)
        signal = -torch.log1p(-share.clamp_max(1 - 1e-7))
        return context.cost.shape[1] * signal * draw.log_q(frozen_value=True)


@pytest.mark.parametrize(
    ("make", "mutant"),
    [(categories, CarmsUnweighted()), (one_hots, RebarWithoutTheConditional()), (conjugate, OvisOfItself())],
    ids=["carms", "rebar", "ovis"],
)
def test_mutants_fail(make, mutant) -> None:
    problem = make()
    assert bias_in_errors(problem, every(mutant, problem.model), 2) > LIMIT


def test_relaxations_of_one_hot_units_do_not_need_binary_ones() -> None:
    assert CategoricalRelax().supports(OneHot(3), 1) is None
    assert "one-hot and Bernoulli" in str(CategoricalRelax().supports(Categorical(3), 1))
    assert "Bernoulli latents only" in str(Rodeo().supports(OneHot(3), 2))
    with pytest.raises(ValueError, match="no multiple of its 3 states"):
        OneHot(3).units(torch.zeros(4))
    with pytest.raises(ValueError, match="at least 2 states"):
        OneHot(1)
