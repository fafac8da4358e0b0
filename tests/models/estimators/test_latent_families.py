"""Path and score gradients of q's beyond the Normal: Gamma–Poisson, Beta–binomial, Dirichlet–multinomial, joint Normals."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from elbo_room.models.core import Factor, Site
from elbo_room.models.estimators import (
    AnalyticEntropy,
    AnalyticKL,
    Dreg,
    Estimator,
    Iwae,
    LeaveOneOut,
    PathOnly,
    Reparameterization,
    Score,
    Vimco,
)
from elbo_room.models.families import Beta, Dirichlet, Family, FullRank, Gamma, LogNormal, LowRank
from elbo_room.models.variational import Global, Posterior
from tests.models.problems import NU, Problem, Rows, Terms, batch_of, logistic, numbers
from tests.models.truth import applies, assert_unbiased, every, gradients

PARTS = [Score(), LeaveOneOut(), Reparameterization(), PathOnly(), AnalyticEntropy(), AnalyticKL()]


def tensor(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def on_a_line(family: Family, prior: Tensor, fit, x: Tensor, low: float, high: float) -> Problem:
    """One coordinate a datum, its prior in q's own family: the ELBO by quadrature on a fine grid."""
    batch = batch_of(x.unsqueeze(-1))

    def terms(batch, latents) -> list[Factor]:
        y = latents["z"]
        own = Factor("log p(z)", family.log_prob(y, prior).sum(-1), frozenset({"z"}), prior)
        return [own, Factor("log p(x|z)", fit(batch.x, y).sum(-1), frozenset({"z"}))]

    def objective(nus: NU) -> Tensor:
        at = torch.linspace(low, high, 20_001, dtype=torch.float64)[:, None, None]
        log_q = family.log_prob(at, nus["z"])  # (Q, M, 1)
        inside = family.log_prob(at, prior) + fit(batch.x, at) - log_q
        return (log_q.exp() * inside).sum() * (high - low) / 20_000

    model = Terms({"z": Site("z", "local", (1,), family)}, terms)
    return Problem(model, Posterior({"z": Rows(numbers(len(x), 2, 1, seed=61, scale=0.5))}), batch, objective)


def gamma_poisson(family: Family | None = None) -> Problem:
    def fit(x: Tensor, y: Tensor) -> Tensor:
        return x * y - y.exp() - torch.lgamma(x + 1)

    return on_a_line(family or Gamma(), tensor(0.3, -0.2).unsqueeze(-1), fit, tensor(0, 2, 5), -60, 12)


def log_normal_poisson() -> Problem:
    return gamma_poisson(LogNormal())


def beta_binomial() -> Problem:
    def fit(x: Tensor, y: Tensor) -> Tensor:
        return x * logsigmoid(y) + (6 - x) * logsigmoid(-y)

    return on_a_line(Beta(), tensor(0.4, 0.1).unsqueeze(-1), fit, tensor(0, 2, 6), -80, 80)


def dirichlet_multinomial() -> Problem:
    """Log p(x | y) = Σ x_k y_k is linear in y: closed form."""
    counts, prior, family = tensor(0, 3, 1, 2, 2, 0).reshape(2, 3), tensor(0.2, -0.4, 0.1).unsqueeze(0), Dirichlet()
    batch = batch_of(counts)

    def terms(batch, latents) -> list[Factor]:
        y = latents["z"]
        own = Factor("log p(z)", family.log_prob(y, prior).sum(-1), frozenset({"z"}), prior)
        return [own, Factor("log p(x|z)", (batch.x * y).sum(-1), frozenset({"z"}))]

    def objective(nus: NU) -> Tensor:
        return (batch.x * family.mean(nus["z"])).sum() - family.divergence(nus["z"], prior).sum()

    model = Terms({"z": Site("z", "local", (3,), family)}, terms)
    return Problem(model, Posterior({"z": Rows(numbers(2, 1, 3, seed=62, scale=0.4))}), batch, objective)


def joint_logistic(family: Family) -> Problem:
    """Logistic regression under a joint Normal: quadrature along w·x, whose variance is xᵀΣx."""
    inner = logistic()
    batch, nodes = inner.batch, [torch.tensor(part) for part in np.polynomial.hermite_e.hermegauss(80)]

    def objective(nus: NU) -> Tensor:
        nu = nus["w"]
        covariance = family.covariance(nu)
        spread = torch.einsum("mi,ij,mj->m", batch.x, covariance, batch.x).sqrt()
        along = (batch.x @ nu[0]).unsqueeze(-1) + spread.unsqueeze(-1) * nodes[0]
        fit = (torch.nn.functional.logsigmoid(along) * nodes[1]).sum() / math.sqrt(2 * math.pi)
        prior = -0.5 * (nu[0].square().sum() + covariance.trace()) - math.log(2 * math.pi)
        return prior + family.entropy(nu).sum() + fit * batch.total / batch.size

    site = Site("w", "global", (2,), family)
    q = Posterior({"w": Global(site, numbers(family.n_params, 2, seed=63, scale=0.5))})
    return Problem(Terms({"w": site}, inner.model.terms), q, batch, objective)


MADE = {each.__name__: each() for each in (gamma_poisson, log_normal_poisson, beta_binomial, dirichlet_multinomial)} | {
    f"{family.name}_logistic": joint_logistic(family) for family in (FullRank(2), LowRank(1))
}


@pytest.mark.parametrize("kind", ["iid", "antithetic", "sobol"])
@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
@pytest.mark.parametrize("name", MADE)
def test_mean_is_the_exact_gradient(name: str, part: Estimator, kind: str) -> None:
    problem = MADE[name]
    if applies(problem, part, 2, kind):
        assert_unbiased(problem, every(part, problem.model), 2, seed=4, kind=kind)


def test_every_estimator_has_a_problem_here() -> None:
    """The joint Normals have no prior of their own family here; nothing else is left out."""
    for name, problem in MADE.items():
        refused = {part.name for part in PARTS if not applies(problem, part, 2)}
        assert refused <= ({"analytic_kl"} if "logistic" in name else set())


@pytest.mark.parametrize("make", [gamma_poisson, beta_binomial])
def test_path_is_quieter_than_score_and_sobol_than_both(make) -> None:
    problem = make()
    spread = {
        (part.name, kind): float(
            gradients(problem, every(part, problem.model), 4, "plate", kind=kind)["z"].var(0).sum()
        )
        for part, kind in ((Score(), "iid"), (Reparameterization(), "iid"), (Reparameterization(), "sobol"))
    }
    assert spread["reparameterization", "sobol"] < 0.5 * spread["reparameterization", "iid"]
    assert spread["reparameterization", "iid"] < 0.5 * spread["score", "iid"]


@pytest.mark.parametrize("part", [Iwae(), Dreg(), Vimco()], ids=lambda part: part.name)
def test_weighted_bound_of_a_gamma_q(part: Estimator) -> None:
    """L_2 by a grid of pairs."""
    problem, family = gamma_poisson(), Gamma()
    nu = problem.q.nu(problem.model.sites["z"], problem.batch).detach().requires_grad_()
    at = torch.linspace(-45, 6, 1_500, dtype=torch.float64)[:, None, None].expand(-1, 3, 1)
    own, fit = problem.model.factors(problem.batch, {"z": at.unsqueeze(0)})
    log_q = family.log_prob(at, nu).sum(-1)  # (Q, M)
    log_w = (own.value + fit.value)[0] - log_q
    pairs = torch.logaddexp(log_w[:, None], log_w[None]) - math.log(2)
    mass = log_q.exp() * (51 / 1_499)
    (slope,) = torch.autograd.grad((mass[:, None] * mass[None] * pairs).sum(), nu)
    samples = gradients(problem, every(part, problem.model), 2, "plate", seed=7)["z"]
    error = samples.std(0) / len(samples) ** 0.5
    assert float(((samples.mean(0) - slope) / error).abs().max()) < 4
