"""β, warm-up, free bits and extra encoder steps: the weighted objective's gradient is exact, its optimum is the known one."""

import itertools
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from elbo_room.models.deep_generative.settings import Settings
from elbo_room.models.diagnostics import active, kl_per_dimension
from elbo_room.models.estimators import ESTIMATORS, AnalyticKL, Estimator, LeaveOneOut, NotApplicableError
from elbo_room.models.exact.probabilistic_pca import active as theory
from elbo_room.models.exact.probabilistic_pca import spectrum
from elbo_room.models.inference.estimate import estimate
from elbo_room.models.inference.objective import Objective
from elbo_room.models.inference.tempered import Tempered
from elbo_room.models.settings import SettingError
from elbo_room.models.training.checkpoint import load_run, save_run
from elbo_room.models.training.run import Run
from tests.models.deep_generative.test_model import known_spectrum, linear
from tests.models.problems import Problem, Terms, conjugate, entropy, expected_log_normal, standard
from tests.models.truth import applies, every

NODES, WEIGHTS = (torch.tensor(part) for part in np.polynomial.hermite_e.hermegauss(5))
WEIGHTS = WEIGHTS / math.sqrt(2 * math.pi)


def weighted(beta: float) -> Problem:
    """E log N(x; z, .8²) + β (E log N(z; 0, 1.5²) + H(q)) of one datum, in closed form."""
    plain = conjugate([0])
    terms = plain.model.terms  # type: ignore[attr-defined]
    model = Terms(plain.model.sites, lambda b, z: [replace(f, in_kl=f.prior is not None) for f in terms(b, z)])

    def objective(nus: dict[str, Tensor]) -> Tensor:
        m, v = nus["z"][:, 0], (2 * nus["z"][:, 1]).exp()
        kl = expected_log_normal(m, v, 0.0, 1.5).sum() + entropy(nus["z"][:, 1])
        return (expected_log_normal(m, v, plain.batch.x, 0.8).sum() + beta * kl) * plain.batch.total / plain.batch.size

    return Problem(model, plain.q, plain.batch, objective)


def over_nodes(problem: Problem, estimator: Estimator, draws: int, objective: Objective) -> Tensor:
    """E ĝ by Gauss-Hermite nodes in place of draws: (M, n_params, K)."""
    picks = torch.tensor(list(itertools.product(range(5), repeat=draws)))  # (R, B)
    found = estimate(
        problem.model, problem.q, every(estimator, problem.model), problem.batch, draws, torch.Generator(),
        replicates=len(picks), noise={"z": NODES[picks][:, :, None, None]}, objective=objective,
    )  # fmt: skip
    each = found.draw_gradients(problem.model.sites["z"]).mean(1)  # (R, M, n_params, K)
    return torch.einsum("r,rmpk->mpk", WEIGHTS[picks].prod(1), each)


def draws_only_noise(part: type[Estimator]) -> bool:
    """Whether it takes nothing from the generator beyond ε, once what it learns has its first weights."""
    problem, memory, generator, count = (
        weighted(3.0),
        dict[str, dict[str, Tensor]](),
        torch.Generator(),
        max(part.least_draws, 1),
    )
    for _ in range(2):
        before = generator.get_state()
        estimate(
            problem.model, problem.q, every(part(), problem.model), problem.batch, count, generator,
            noise={"z": NODES[torch.arange(count)][None, :, None, None]}, memory=memory,
        )  # fmt: skip
        problem.q.zero_grad()
    return torch.equal(before, generator.get_state())


UNBIASED = [
    part for part in ESTIMATORS.values() if part.unbiased and part.bound == "elbo" and applies(weighted(3.0), part(), 4)
]
EXACT = [part.name for part in UNBIASED if draws_only_noise(part)]


@pytest.mark.parametrize("beta", [0.25, 3.0])
@pytest.mark.parametrize("name", EXACT)
def test_the_weighted_gradient_is_exact(name: str, beta: float) -> None:
    """Every estimator whose draws are nodes: E ĝ of the β-objective to 1e-9."""
    problem, estimator = weighted(beta), ESTIMATORS[name]()
    measured = over_nodes(problem, estimator, max(estimator.least_draws, 1), Objective(beta))
    torch.testing.assert_close(measured, problem.exact["z"], rtol=1e-9, atol=1e-9)


def test_the_estimators_that_nodes_leave_out_are_within_their_noise() -> None:
    """Measure-valued draws have noise of their own: 4 standard errors of 20,000 replicates."""
    problem = weighted(3.0)
    for name in [part.name for part in UNBIASED if part.name not in EXACT]:
        found = estimate(
            problem.model, problem.q, every(ESTIMATORS[name](), problem.model), problem.batch, 4, torch.Generator().manual_seed(0),
            replicates=20_000, objective=Objective(3.0),
        ).draw_gradients(problem.model.sites["z"]).mean(1)  # fmt: skip
        error = found.std(0) / len(found) ** 0.5
        assert float(((found.mean(0) - problem.exact["z"]) / error).abs().max()) < 4, name


def test_terms_and_elbo_stay_unweighted() -> None:
    problem = weighted(3.0)
    found = [
        estimate(problem.model, problem.q, every(LeaveOneOut(), problem.model), problem.batch, 4, torch.Generator().manual_seed(1),
                 objective=Objective(beta)) for beta in (1.0, 3.0)
    ]  # fmt: skip
    assert float(found[0].elbo) == pytest.approx(float(found[1].elbo), abs=1e-12)
    assert {n: float(v) for n, v in found[0].terms.items()} == pytest.approx(
        {n: float(v) for n, v in found[1].terms.items()}
    )


@pytest.mark.parametrize("name", ["score", "leave_one_out", "reparameterization", "analytic_kl"])
def test_free_bits_take_the_divergences_gradient_back(name: str) -> None:
    """Below λ only the likelihood speaks; above λ nothing changes."""
    problem, estimator = weighted(2.0), ESTIMATORS[name]()
    nu = problem.q.nu(problem.model.sites["z"], problem.batch).detach().requires_grad_()
    divergence = problem.model.sites["z"].family.divergence(nu, standard(1.5))
    own = float(divergence.detach().mean(0))
    (slope,) = torch.autograd.grad(divergence.sum(), nu)
    draws = max(estimator.least_draws, 1)
    below = over_nodes(problem, estimator, draws, Objective(2.0, own + 0.1))
    torch.testing.assert_close(below, problem.exact["z"] + 2.0 * slope, rtol=1e-9, atol=1e-9)
    above = over_nodes(problem, estimator, draws, Objective(2.0, own - 0.1))
    torch.testing.assert_close(above, problem.exact["z"], rtol=1e-9, atol=1e-9)


def test_below_the_threshold_a_flat_likelihood_leaves_no_gradient_at_all() -> None:
    site = conjugate([0]).model.sites["z"]
    prior = standard(1.5)

    def terms(batch, latents):
        from elbo_room.models.core import Factor

        z = latents["z"]
        log_p = site.family.log_prob(z, prior).sum(-1)
        return [Factor("log p(z)", log_p, frozenset({"z"}), prior, in_kl=True)]

    problem = conjugate([0])
    found = estimate(
        Terms({"z": site}, terms), problem.q, {"z": AnalyticKL()}, problem.batch, 3, torch.Generator().manual_seed(2),
        objective=Objective(1.0, 50.0),
    )  # fmt: skip
    assert float(found.draw_gradients(site).abs().max()) < 1e-12


@pytest.mark.parametrize("beta", [1.0, 2.0, 4.0])
def test_a_dimension_lives_where_its_eigenvalue_exceeds_beta_times_the_variance(beta: float) -> None:
    """l = 6, 3, 1.5, .3 and σ² = 1: three live at β = 1, two at β = 2, one at β = 4 (Lucas et al. 2019)."""
    data = known_spectrum()
    model, q, settings = linear(data, 4, 1.0)
    run = Run(model, q, data, replace(settings, beta=beta, stop_at=1200))
    for _ in run:
        pass
    run.change(step_size=0.002, stop_at=1500)
    for _ in run:
        pass
    divergence = kl_per_dimension(run.model, run.q, data.whole())
    wanted = theory(spectrum(data.x)[1][:4], 1.0, beta)
    assert int(active(divergence).sum()) == int(wanted.sum()) == {1.0: 3, 2.0: 2, 4.0: 1}[beta]


def test_warm_up_is_a_function_of_the_step() -> None:
    settings = Settings(beta=2.0, warm_up=10)
    assert [settings.objective(n).beta for n in (0, 4, 9, 500)] == [0.2, 1.0, 2.0, 2.0]


def test_a_run_taken_up_in_its_warm_up_goes_on_bit_for_bit(tmp_path: Path) -> None:
    settings = Settings(
        data="pinwheel", width=4, depth=1, warm_up=20, beta=2.0, free_bits=0.1, encoder_steps=2, stop_at=16
    )
    whole = [step.elbo for step in Run(settings)]
    half = Run(replace(settings, stop_at=8))
    for _ in half:
        pass
    save_run(half, tmp_path)
    resumed = load_run(tmp_path)
    resumed.change(stop_at=16)
    assert [step.elbo for step in resumed] == whole[8:]


def test_the_encoder_alone_moves_in_its_own_steps() -> None:
    """One step with an encoder that runs ahead: Adam has moved q's parameters four times, the decoder's once."""
    run = Run(Settings(data="pinwheel", width=4, encoder_steps=3, stop_at=1))
    next(run)
    counts = {name: int(state["step"]) for name, state in run.optimizer.state.items()}
    assert {count for name, count in counts.items() if name.startswith("Posterior")} == {4}
    assert {count for name, count in counts.items() if name.startswith("DeepGenerative")} == {1}


@pytest.mark.parametrize("values", [{"beta": 2.0}, {"free_bits": 0.5}, {"warm_up": 10}])
def test_importance_weighted_bounds_refuse_a_weight(values: dict[str, float]) -> None:
    sentence = "maximises a bound without a separate KL.* Set β to 1 and the others to 0, or choose an ELBO estimator"
    with pytest.raises(SettingError, match=sentence):
        Run(Settings(estimator="iwae", **values))  # type: ignore[arg-type]
    run = Run(Settings(estimator="iwae", data="pinwheel", width=4))
    with pytest.raises(SettingError, match=sentence):
        run.change(beta=2.0)
    assert run.settings.beta == 1.0


def test_a_model_that_marks_no_prior_refuses_beta() -> None:
    problem = conjugate([0])
    with pytest.raises(NotApplicableError, match=r"β was 2, but no factor .* Mark the latent prior's, or set β to 1"):
        Tempered(problem.model, 2.0).factors(problem.batch, {"z": torch.zeros(1, 1, 1, 1)})
