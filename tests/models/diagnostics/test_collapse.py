"""Collapse diagnostics against probabilistic PCA's closed form; exact and variational collapse are distinguished."""

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from elbo_room.models.core import Batch
from elbo_room.models.data import Dataset, from_array
from elbo_room.models.deep_generative.model import DeepGenerative, build
from elbo_room.models.deep_generative.settings import Settings
from elbo_room.models.diagnostics import (
    active_units,
    diagnose,
    flatness,
    kl_per_dimension,
    mutual_information,
    posterior_on_grid,
)
from elbo_room.models.diagnostics import exact as exact_posterior
from elbo_room.models.diagnostics.amortisation import amortisation_gap
from elbo_room.models.diagnostics.exact import distance_of_q
from elbo_room.models.exact.probabilistic_pca import ProbabilisticPCA, fit
from elbo_room.models.inference.size import Trace
from elbo_room.models.variational import Posterior
from tests.models.deep_generative.test_model import known_spectrum, linear, set_to


def at_the_optimum(variance: float, size: int = 2) -> tuple[DeepGenerative, Posterior, Dataset, ProbabilisticPCA]:
    data = known_spectrum()
    known = fit(data.x, size, variance=variance)
    model, q, _ = linear(data, size, variance)
    model, q = model.double(), q.double()
    set_to(model, q, known)
    return model, q, replace(data, x=data.x.double()), known


def give_up(q: Posterior) -> None:
    """Q becomes the prior whatever x."""
    with torch.no_grad():
        q.by_site["z"].encoder.out.weight.zero_()  # type: ignore[union-attr, operator]
        q.by_site["z"].encoder.out.bias.zero_()  # type: ignore[union-attr, operator]


def test_grid_posterior_is_the_closed_form() -> None:
    """Means, standard deviations, KL and evidence of N(M⁻¹βᵀ(x − m), σ²M⁻¹) from the grid alone."""
    model, q, data, known = at_the_optimum(0.9)
    rows = data.batch(torch.arange(40))
    grid = posterior_on_grid(model, rows)
    mean, covariance = known.posterior(rows.x)
    found, spread = grid.moments()
    torch.testing.assert_close(found, mean, atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(spread, covariance.diagonal().sqrt().expand(40, 2), atol=1e-3, rtol=1e-3)
    variance = covariance.diagonal()
    kl = 0.5 * (mean.square() + variance - 1 - variance.log())
    torch.testing.assert_close(grid.divergence(), kl, atol=2e-3, rtol=2e-3)
    torch.testing.assert_close(grid.evidence, known.log_likelihood(rows.x), atol=2e-3, rtol=1e-3)
    assert float(distance_of_q(model, q, rows).abs().max()) < 1e-3


def test_distance_of_q_is_the_closed_form() -> None:
    model, q, data, known = at_the_optimum(0.9)
    give_up(q)
    rows = data.batch(torch.arange(40))
    mean, covariance = known.posterior(rows.x)
    normal = torch.distributions.Normal
    wanted = torch.distributions.kl_divergence(normal(0.0, 1.0), normal(mean, covariance.diagonal().sqrt())).sum(-1)
    torch.testing.assert_close(distance_of_q(model, q, rows), wanted, atol=5e-3, rtol=5e-3)


def test_a_column_below_the_threshold_is_exact_collapse_and_a_lazy_q_is_variational() -> None:
    """l = 6, 3 and σ² = 4: the second column is 0. A q at the prior gave the first one up."""
    model, q, data, _ = at_the_optimum(4.0)
    first, second = diagnose(model, q, data.batch(torch.arange(60)))
    assert (first.kind, second.kind) == ("active", "exact")
    assert first.exact == pytest.approx(first.by_q, rel=0.02)
    assert second.sentence == "The likelihood is flat in z2: the exact posterior equals the prior."
    give_up(q)
    first, second = diagnose(model, q, data.batch(torch.arange(60)))
    assert (first.kind, second.kind) == ("variational", "exact")
    assert first.by_q == 0
    assert first.sentence == f"q ignores z1 although the exact posterior has {first.exact:.2f} nats."


def test_flatness_along_lines_tells_the_same_for_four_dimensions() -> None:
    """With orthogonal columns the line's posterior is the margin itself."""
    model, q, data, known = at_the_optimum(1.0, 4)
    found = flatness(model, q, data.whole()).mean(0)
    torch.testing.assert_close(found, known.divergence(), atol=0.01, rtol=0.01)
    assert [each.kind for each in diagnose(model, q, data.whole())] == ["active", "active", "active", "exact"]


def test_mutual_information_of_a_linear_gaussian_model() -> None:
    """Z of known covariance S and posteriors of variance v: I = ½ Σ log(S_k/v_k), here ½ Σ log(l_k/σ²) for Gaussian data."""
    generator = torch.Generator().manual_seed(0)
    mean = torch.randn(4000, 2, generator=generator) * torch.tensor([0.8, 0.3])
    variance = torch.tensor([0.36, 0.91])

    class Known(torch.nn.Module):
        def nu(self, batch: Batch) -> Tensor:
            return torch.stack([mean, (0.5 * variance.log()).expand_as(mean)], 1)[batch.rows]

    model, _, _, _ = at_the_optimum(0.9)
    batch = Batch(mean, torch.arange(4000), 4000)
    value, error = mutual_information(model, Posterior({"z": Known()}), batch, generator, draws=1)
    exact = 0.5 * sum(math.log((a * a + v) / v) for a, v in ((0.8, 0.36), (0.3, 0.91)))
    assert abs(value - exact) < 4 * max(error, 0.01)
    assert error < 0.02


def test_mutual_information_is_nothing_when_q_is_the_prior() -> None:
    model, q, data, _ = at_the_optimum(0.9)
    give_up(q)
    value, error = mutual_information(model, q, data.whole(), torch.Generator().manual_seed(1))
    assert value == pytest.approx(0, abs=1e-5)
    assert error == pytest.approx(0, abs=1e-5)
    assert active_units(model, q, data.whole()).tolist() == [False, False]


def test_active_units_are_those_whose_means_move() -> None:
    model, q, data, _ = at_the_optimum(4.0)
    assert active_units(model, q, data.whole()).tolist() == [True, False]


def test_amortisation_gap_is_what_a_wrong_encoder_loses() -> None:
    """A q at the prior loses KL(q ‖ p(z | x)), which a few free steps win back; an exact encoder loses nothing."""
    model, q, data, _ = at_the_optimum(0.9)
    rows = data.batch(torch.arange(30))
    none = amortisation_gap(model, q, rows, torch.Generator().manual_seed(2), steps=20)
    assert abs(none.gap) < 0.01
    give_up(q)
    lost = float(distance_of_q(model, q, rows).mean())
    found = amortisation_gap(model, q, rows, torch.Generator().manual_seed(3), steps=150, step_size=0.1)
    assert found.gap == pytest.approx(lost, abs=0.05 + 4 * found.error)
    assert all(p.requires_grad for p in q.parameters())
    assert kl_per_dimension(model, q, rows).tolist() == [0, 0]


def test_a_grid_of_three_dimensions_is_refused() -> None:
    model, _, data, _ = at_the_optimum(0.9, 3)
    with pytest.raises(ValueError, match=r"at most 2 of one site. Choose a latent size of 1 or 2, or use `flatness`"):
        posterior_on_grid(model, data.whole())


def test_a_grid_is_compared_with_wide_data_in_parts_and_a_large_one_is_not_laid_out(monkeypatch) -> None:
    """6,561 places, 10 rows and 2,000 features are half a gigabyte at once; the parts are the whole; beyond a size there are lines."""
    data = from_array(torch.randn(60, 2000, generator=torch.Generator().manual_seed(5)))
    settings = Settings(latent_size=2, width=4, depth=1, data="own")
    model, q = build(settings, data, torch.Generator().manual_seed(0))
    batch, every = data.batch(torch.arange(10)), data.whole()
    with Trace() as trace:
        whole = posterior_on_grid(model, batch, nodes=81).log_mass
    assert max(trace.steps) < 8 * 4 * exact_posterior.TOGETHER
    few = posterior_on_grid(model, batch, nodes=9).log_mass
    monkeypatch.setattr(exact_posterior, "TOGETHER", 10 * 2000)
    torch.testing.assert_close(posterior_on_grid(model, batch, nodes=9).log_mass, few, rtol=1e-5, atol=1e-3)
    assert whole.shape == (10, 81, 81)
    monkeypatch.setattr(
        exact_posterior, "posterior_on_grid", None
    )  # 60 · 2,000 · 81² numbers are too many: it is not called
    monkeypatch.setattr(exact_posterior, "TOGETHER", 10**7)
    assert [each.exact for each in diagnose(model, q, every)] == flatness(model, q, every).mean(0).tolist()


def test_a_mixture_of_many_components_is_laid_out_in_small_parts() -> None:
    """The places are compared with 300 components besides the data, which have 2 features."""
    data = from_array(torch.randn(60, 2, generator=torch.Generator().manual_seed(5)))
    settings = Settings(latent_size=2, width=4, depth=1, data="own", latent_prior="mixture", components=300)
    model, _ = build(settings, data, torch.Generator().manual_seed(0))
    with Trace() as trace:
        posterior_on_grid(model, data.batch(torch.arange(10)), nodes=81)
    assert max(trace.steps) < 200e6
