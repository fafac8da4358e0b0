"""log p(y) against closed forms: bridge and importance sampling within their errors, Laplace exactly, the gap as theory has it."""

import math

import pytest
import torch

import elbo_room as er
from elbo_room.models.core import Factor, Site
from elbo_room.models.diagnostics.evidence.marginal import bridge, laplace_evidence, marginal_likelihood
from elbo_room.models.diagnostics.nuts import Target
from elbo_room.models.families import Normal
from elbo_room.models.variational import Global, Posterior
from tests.models.diagnostics.test_nuts import linear_regression
from tests.models.problems import F64, Terms, batch_of


def known_evidence(model, x: torch.Tensor, mean: torch.Tensor, variance: torch.Tensor) -> float:
    """log p(y) = log p(y, w) − log p(w | y) at any w, the posterior N(m, V) being known."""
    joint = float(Target(model, batch_of(x)).log_joint(mean[None])[0])
    return joint + 0.5 * len(mean) * math.log(2 * math.pi) + 0.5 * float(torch.logdet(variance))


def test_linear_regression_has_the_evidence_of_its_closed_form() -> None:
    """Mean-field q: KL(q ‖ p) = ½ (log |V|⁻¹ − Σ log Λ_kk⁻¹ …) = ½ (Σ log Λ_kk + log |V|), Λ = V⁻¹."""
    model, x, mean, variance = linear_regression()
    known, precision = known_evidence(model, x, mean, variance), torch.linalg.inv(variance)
    alone = 1 / precision.diagonal()
    q = Posterior({"w": Global(model.sites["w"], torch.stack([mean, alone.sqrt().log()]))})
    found = marginal_likelihood(
        model, q, batch_of(x), draws=200, warm_up=100, generator=torch.Generator().manual_seed(1)
    )
    assert found.bridge.value == pytest.approx(known, abs=3 * found.bridge.error + 1e-3)
    assert found.bridge.error < 0.05
    assert found.laplace == pytest.approx(known, abs=1e-4)
    gap = 0.5 * float(precision.diagonal().log().sum() + torch.logdet(variance))
    assert gap > 0.1
    assert found.elbo is not None
    assert found.gap == pytest.approx(gap, abs=4 * found.elbo.error + 3 * found.bridge.error)
    assert found.importance is not None
    assert found.importance.value == pytest.approx(known, abs=4 * found.importance.error + 0.02)
    assert found.k is not None
    assert found.k < 0.7
    assert found.warnings == []
    assert "bridge sampling" in repr(found)


def test_a_posterior_that_is_not_gaussian_has_its_integral() -> None:
    """z ~ N(0, 1), 12 successes among 13 by a sigmoid: the bridge against the integral on a grid, Laplace off by a little."""

    def terms(batch, latents):
        z = latents["z"]  # (R, B, 1)
        log_lik = 12 * torch.nn.functional.logsigmoid(2 * z) + torch.nn.functional.logsigmoid(-2 * z)
        prior = -0.5 * z.square() - 0.5 * math.log(2 * math.pi)
        return [
            Factor("log p(z)", prior.sum(-1), frozenset({"z"})),
            Factor("log p(y|z)", log_lik.sum(-1), frozenset({"z"})),
        ]

    model = Terms({"z": Site("z", "global", (1,), Normal())}, terms)
    batch = batch_of(torch.zeros(1, 1, dtype=F64))
    target = Target(model, batch)
    grid = torch.linspace(-12, 12, 20_001, dtype=F64)
    known = float(target.log_joint(grid[:, None]).logsumexp(0)) + math.log(float(grid[1] - grid[0]))
    samples = er.nuts(model, batch, draws=400, warm_up=100, generator=torch.Generator().manual_seed(5))
    found = bridge(target, samples, torch.Generator().manual_seed(6))
    assert found.value == pytest.approx(known, abs=3 * found.error)
    assert found.error < 0.05
    rough = laplace_evidence(target, torch.zeros(1, dtype=F64))
    assert rough is not None
    assert 0.005 < abs(rough - known) < 0.2


def test_a_richer_q_closes_the_gap_and_leaves_the_evidence_where_it_is() -> None:
    """Gaussian regression on a line: full-rank q is the posterior, so its gap is 0, and both have the same log p(y)."""
    run = er.run_from(
        er.ConditionalSettings(
            depth=0, spread_from="fixed", stop_at=1200, draws=8, step_size=0.02, data="gap", spread=0.3
        )
    )
    list(run)
    found = er.evidence_gaps(run, "posterior", ["full_rank"], draws=150, warm_up=100)
    first, second = (row.found for row in found.rows)
    assert first.bridge.value == pytest.approx(second.bridge.value, abs=1e-6)
    assert first.laplace == pytest.approx(first.bridge.value, abs=4 * first.bridge.error + 0.02)
    assert first.gap is not None
    assert second.gap is not None
    assert first.gap > -0.1
    assert second.gap == pytest.approx(0, abs=0.3)
    with pytest.raises(ValueError, match="The knob was 'lambda'; choose one of"):
        er.evidence_gaps(run, "lambda", [1.0])
