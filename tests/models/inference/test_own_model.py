"""A user's own model goes through the same run, and it ends at the closed form."""

import math

import pytest
import torch

from elbo_room.models.data import from_array
from elbo_room.models.training.run import Run
from elbo_room.models.training.settings import InferenceSettings
from elbo_room.models.variational import Global, Posterior
from tests.models.problems import Rows, conjugate, plates


def test_a_conjugate_model_ends_at_its_exact_posterior() -> None:
    """Precision 1/1.5² + 1/.8², mean x/(.8² precision): path only has no noise there, so the end is exact to 1e-3."""
    problem = conjugate()
    data = from_array(problem.batch.x)
    settings = InferenceSettings(estimator="path_only", draws=8, step_size=0.05, stop_at=300)
    run = Run(problem.model, Posterior({"z": Rows(torch.zeros(3, 2, 1))}), data, settings)
    list(run)
    run.change(step_size=0.002, stop_at=500)
    last = list(run)[-1]
    precision = 1 / 1.5**2 + 1 / 0.8**2
    nu = run.q.nu(problem.model.sites["z"], data.whole()).detach()
    torch.testing.assert_close(nu[:, 0], data.x / (0.8**2 * precision), rtol=0, atol=1e-3)
    torch.testing.assert_close(nu[:, 1].exp(), torch.full((3, 1), precision**-0.5), rtol=0, atol=1e-3)
    evidence = torch.distributions.Normal(0.0, math.hypot(1.5, 0.8)).log_prob(data.x).mean()
    assert last.elbo == pytest.approx(float(evidence), abs=1e-3)


@pytest.mark.parametrize("estimator", ["path_only", "leave_one_out"])
def test_local_and_global_sites_in_minibatches(estimator: str) -> None:
    """x_i ~ N(w + z_i, .7²): q(w) ends at the exact posterior mean 4N x̄/(4N + .7² + 1), which mean field keeps."""
    problem = plates(tuple(range(10)))
    data = from_array(problem.batch.x)
    w = problem.model.sites["w"]
    q = Posterior({"w": Global(w), "z": Rows(torch.zeros(10, 2, 1))})
    settings = InferenceSettings(
        estimator=estimator, rao_blackwell="blanket", draws=16, batch_size=5, step_size=0.03, stop_at=400
    )
    run = Run(problem.model, q, data, settings)
    list(run)
    run.change(step_size=0.002, stop_at=700)
    list(run)
    known = 4 * 10 * float(data.x.mean()) / (4 * 10 + 0.7**2 + 1)
    assert float(q.nu(w, data.whole())[0].detach()) == pytest.approx(known, abs=0.03)


@pytest.mark.parametrize("estimator", ["path_only", "leave_one_out", "analytic_entropy"])
def test_a_frozen_factor_of_q_is_unchanged_bit_for_bit(estimator: str) -> None:
    """q of w is held: it stays without a gradient, and what it holds does not move; the others learn."""
    problem = plates(tuple(range(10)))
    w = problem.model.sites["w"]
    held = Global(w, torch.tensor([[0.8], [-0.3]])).requires_grad_(False)
    q = Posterior({"w": held, "z": Rows(torch.zeros(10, 2, 1))})
    run = Run(
        problem.model,
        q,
        from_array(problem.batch.x),
        {"estimator": estimator, "draws": 4, "batch_size": 5, "stop_at": 30},
    )
    before = {name: value.detach().clone() for name, value in run.parameters.items()}
    list(run)
    table = run.q.by_site["w"].table
    assert not table.requires_grad
    assert table.grad is None
    assert torch.equal(table, torch.tensor([[0.8], [-0.3]]))
    moved = {name for name, value in run.parameters.items() if not torch.equal(value, before[name])}
    assert moved == {"Posterior.by_site.z.table"}
