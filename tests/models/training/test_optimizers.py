"""Optimisers: exact steps, torch's own to the last bit, resumed bit for bit; Robbins–Monro converges where a constant ρ does not."""

from pathlib import Path
from typing import ClassVar

import pytest
import torch

import elbo_room as er
from elbo_room.models.core import Factor, Site
from elbo_room.models.families import Bernoulli, Categorical, Gamma, Normal, Poisson
from elbo_room.models.training.checkpoint import load_run, save_run
from elbo_room.models.training.optimizers import (
    OPTIMIZERS,
    Ascent,
    FreeNu,
    Momentum,
    NaturalGradient,
    Optimizer,
    RMSprop,
)
from elbo_room.models.training.run import Run, free_nu
from elbo_room.models.variational import Global, Posterior
from tests.models.inference.test_one_path import same
from tests.models.problems import F64, conjugate, numbers
from tests.models.training.test_run import small

KNOWN = {
    "ascent": lambda parameters, rho: torch.optim.SGD(parameters, rho),
    "momentum": lambda parameters, rho: torch.optim.SGD(parameters, rho, momentum=0.9),
    "rmsprop": lambda parameters, rho: torch.optim.RMSprop(parameters, rho, alpha=0.99, eps=1e-8),
}


@pytest.mark.parametrize("part", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_it_declares_what_the_form_shows(part: type[Optimizer]) -> None:
    assert part.help.endswith(".")
    assert any(character.isdigit() for character in part.source)
    assert len(part.help) <= 160


@pytest.mark.parametrize("name", KNOWN)
def test_steps_are_torchs(name: str) -> None:
    generator = torch.Generator().manual_seed(0)
    ours = {key: torch.randn(size, generator=generator).requires_grad_() for key, size in (("a", (3, 2)), ("b", (4,)))}
    theirs = {key: value.detach().clone().requires_grad_() for key, value in ours.items()}
    own, known = OPTIMIZERS[name](ours, 0.1), KNOWN[name](theirs.values(), 0.1)
    for _ in range(5):
        for key, value in ours.items():
            value.grad = torch.randn(value.shape, generator=generator)
            theirs[key].grad = value.grad.clone()
        own.step()
        known.step()
        assert all(torch.equal(ours[key], theirs[key]) for key in ours)


def test_first_steps_by_hand() -> None:
    """g = (3, −4), ρ = .1: plain −ρ g; momentum 1.9 ρ g after two; RMSprop's first is ρ/√(1 − α) = 10 ρ, sign by sign."""
    moved = {}
    for part, times in ((Ascent, 1), (Momentum, 2), (RMSprop, 1)):
        parameter = torch.zeros(2, dtype=F64, requires_grad=True)
        optimizer = part({"a": parameter}, 0.1)
        for _ in range(times):
            parameter.grad = torch.tensor([3.0, -4.0], dtype=F64)
            optimizer.step()
        moved[part.name] = parameter.detach()
    torch.testing.assert_close(moved["ascent"], torch.tensor([-0.3, 0.4], dtype=F64))
    torch.testing.assert_close(moved["momentum"], torch.tensor([-0.87, 1.16], dtype=F64))
    torch.testing.assert_close(moved["rmsprop"], torch.tensor([-1.0, 1.0], dtype=F64))


@pytest.mark.parametrize("part", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_a_step_without_gradients_moves_nothing(part: type[Optimizer]) -> None:
    parameter = torch.ones(2, requires_grad=True)
    part({"a": parameter}, 0.1).step()
    assert torch.equal(parameter.detach(), torch.ones(2))


def test_one_natural_step_solves_a_conjugate_model() -> None:
    """z_i ~ N(0, 1.5²), x_i ~ N(z_i, .8²): with the exact gradient and ρ = 1, ν is the exact posterior after one step from wide and far."""
    problem = conjugate()
    table = problem.q.by_site["z"].table
    with torch.no_grad():
        table[:, 0] += 3
        table[:, 1] += 0.7
    nu = table.detach().clone().requires_grad_()
    (slope,) = torch.autograd.grad(problem.objective({"z": nu}), nu)
    after = Normal().natural_step(nu.detach(), slope, 1.0)
    variance = 1 / (1 / 1.5**2 + 1 / 0.8**2)
    torch.testing.assert_close((2 * after[:, 1]).exp(), torch.full((3, 1), variance, dtype=F64))
    torch.testing.assert_close(after[:, 0], problem.batch.x * variance / 0.8**2)


def test_the_natural_step_gets_the_whole_gradient() -> None:
    """A global ν: N times the gradient per data point; a local one: M times the mean over the batch."""
    for local, factor in ((False, 10.0), (True, 4.0)):
        parameter = torch.zeros(1, 2, dtype=F64, requires_grad=True)
        optimizer = NaturalGradient({"q": parameter}, 0.5, {"q": FreeNu(Bernoulli(), local)})
        optimizer.rows, optimizer.total = 4, 10
        parameter.grad = torch.tensor([[0.1, -0.2]], dtype=F64)
        optimizer.step()
        torch.testing.assert_close(parameter.detach(), -0.5 * factor * 4 * torch.tensor([[0.1, -0.2]], dtype=F64))


@pytest.mark.parametrize("family", [Bernoulli(), Categorical(3), Poisson(), Normal()], ids=lambda family: family.name)
def test_natural_steps_are_the_inverse_fisher_matrix_times_the_gradient(family) -> None:
    """For small ρ: F Δν = ρ g, with F the covariance of the score, by summing over states or by quadrature."""
    nu = numbers(family.n_params, 1, seed=5, scale=0.4)
    if family.name == "normal":
        fisher = torch.diag(torch.tensor([float((-2 * nu[1]).exp()), 2.0], dtype=F64))
    else:
        states = torch.arange(family.n_states or 60, dtype=F64)[:, None]
        wide = nu.expand(len(states), *nu.shape)
        score, mass = family.score(states, wide)[..., 0], family.log_prob(states, wide).exp()
        fisher = (score * mass).T @ score
    g = fisher @ numbers(family.n_params, seed=6)  # in F's range
    step = (family.natural_step(nu, g[:, None], 1e-6) - nu)[:, 0] / 1e-6
    torch.testing.assert_close(fisher @ step, g, rtol=1e-4, atol=1e-6)


def test_a_noisy_natural_step_keeps_the_variance_positive() -> None:
    nu, g = torch.zeros(2, 1, dtype=F64), torch.tensor([[0.0], [50.0]], dtype=F64)
    torch.testing.assert_close((2 * Normal().natural_step(nu, g, 1.0)[1]).exp(), torch.tensor([2.0], dtype=F64))


def test_only_a_free_nu_takes_natural_steps() -> None:
    table, encoder = (Run(small(variational=kind, optimizer="natural")) for kind in ("table", "amortized"))
    assert [own.family.name for own in free_nu(table.model, table.q).values()] == ["normal"]
    assert free_nu(encoder.model, encoder.q) == {}
    assert not Gamma().states("natural_step")
    for run in (table, encoder):
        run.change(step_size=0.001)
        assert len([step for step, _ in zip(run, range(3), strict=False)]) == 3


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_resuming_continues_bit_for_bit(name: str, tmp_path: Path) -> None:
    run = Run(small(optimizer=name, variational="table", step_size=0.001))
    for _ in range(3):
        next(run)
    save_run(run, tmp_path)
    again = load_run(tmp_path)
    assert again.optimizer.name == name
    assert same(run.tensors(), again.tensors())
    assert [next(run) for _ in range(3)] == [next(again) for _ in range(3)]
    assert same(run.tensors(), again.tensors())


def test_the_optimiser_changes_in_mid_run_and_starts_without_memory() -> None:
    run = Run(small(step_size=0.001))
    next(run)
    run.change(optimizer="momentum")
    assert run.optimizer.state == {}
    before = {name: parameter.detach().clone() for name, parameter in run.parameters.items()}
    next(run)
    for name, parameter in run.parameters.items():
        if parameter.grad is not None:
            torch.testing.assert_close(parameter.detach(), before[name] - 0.001 * parameter.grad)


class Mean:
    """w ~ N(0, 1), x_i ~ N(w, 1)."""

    sites: ClassVar[dict[str, Site]] = {"w": Site("w", "global", (1,), Normal())}

    def factors(self, batch, latents):
        w = latents["w"]
        return [
            Factor("log p(w)", -w.square().sum(-1) / 2, frozenset({"w"})),
            Factor("log p(x|w)", -(batch.x[:, 0] - w).square() / 2, frozenset({"w"})),
        ]


def last_means(cooling: int) -> torch.Tensor:
    """q's mean after each of the last 200 of 700 plain steps with the score gradient."""
    q = Posterior({"w": Global(Mean.sites["w"], torch.tensor([[0.0], [-0.7]]))})
    settings = {
        "estimator": "leave_one_out",
        "optimizer": "ascent",
        "step_size": 0.3,
        "cooling": cooling,
        "stop_at": 700,
    }
    run = er.Run(Mean(), q, [[1.0], [2.0], [3.0]], settings)
    return torch.stack([q.by_site["w"].table[0, 0].detach().clone() for _ in run][-200:])


def test_a_robbins_monro_schedule_converges_where_a_constant_step_does_not() -> None:
    """The exact posterior's mean is 6/4; ρ_t = ρ min(1, t₀/t) ends there, a constant ρ in a cloud around it."""
    cooled, constant = last_means(50), last_means(0)
    assert abs(float(cooled[-1]) - 1.5) < 0.03
    assert float(cooled.std()) < 0.2 * float(constant.std())
