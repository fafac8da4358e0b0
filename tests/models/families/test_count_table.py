"""The table of counts' constants: the digits of the gamma functions, the slope in r, counts beyond it, and a tape that contains it."""

import pytest
import torch

from elbo_room.models.deep_generative.settings import Settings
from elbo_room.models.families import NegativeBinomial
from elbo_room.models.families.count_table import CountTable
from elbo_room.models.families.negative_binomial import log_coefficient
from elbo_room.models.replay.replay_cache import WAIT
from elbo_room.models.training.run import Run
from tests.models.families.test_counts import exactly

X = torch.tensor([[0.0, 1.0, 300.0, 7.0], [5.0, 0.0, 2000.0, 0.0]])


@pytest.mark.parametrize(("kind", "near"), [(torch.float64, 1e-12), (torch.float32, 2e-6)], ids=["float64", "float32"])
def test_looked_up_constants_keep_their_digits(kind: torch.dtype, near: float) -> None:
    """r from .001 to 1e8, one a feature: against 50 digits."""
    x, size = X.to(kind), torch.tensor([1e-3, 0.7, 30.0, 1e8], dtype=kind)
    found = NegativeBinomial().fitted(x).log_prob_of(x, (torch.zeros(2, 4, dtype=kind), size.log()))
    for row, values in zip(x.tolist(), found.tolist(), strict=True):
        for count, r, value in zip(row, size.tolist(), values, strict=True):
            known = exactly(count, 1.0, r)
            assert abs(value - known) < near * (1 + count + abs(known)), (count, r)


def test_the_slope_in_r_is_that_of_the_gamma_functions() -> None:
    log_size = torch.tensor([-2.0, 0.5, 3.0, 8.0], dtype=torch.float64, requires_grad=True)
    weight = torch.tensor([[0.3], [1.7]], dtype=torch.float64)
    x = X.double()
    looked = (weight * log_coefficient(x, log_size, CountTable(x))).sum()
    direct = (weight * log_coefficient(x, log_size.expand(2, 4))).sum()
    torch.testing.assert_close(looked, direct)
    torch.testing.assert_close(torch.autograd.grad(looked, log_size)[0], torch.autograd.grad(direct, log_size)[0])


def test_one_dispersion_for_all_features_collects_the_slopes_of_all() -> None:
    shared = torch.tensor([0.4], dtype=torch.float64, requires_grad=True)
    each = shared.detach().expand(4).clone().requires_grad_()
    slopes = [torch.autograd.grad(log_coefficient(X.double(), size).sum(), size)[0] for size in (shared, each)]
    torch.testing.assert_close(slopes[0], slopes[1].sum().reshape(1))


def test_counts_larger_than_those_of_training_get_their_own_constants() -> None:
    """A held-out cell may hold more of a gene than any before: its slot would be the next gene's."""
    fitted, new = NegativeBinomial().fitted(X), X + 3
    parameters = torch.zeros(2, 4), torch.linspace(-1, 2, 4)
    torch.testing.assert_close(
        fitted.log_prob_of(new, parameters), NegativeBinomial().log_prob_of(new, parameters), rtol=0, atol=0
    )
    assert fitted.table is not None
    assert not fitted.table.covers(new)


def test_the_sum_is_that_of_the_coordinates_and_too_large_counts_need_no_table() -> None:
    parameters = torch.randn(3, 2, 2, 4, generator=torch.Generator().manual_seed(0)), torch.linspace(-1, 2, 4)
    family = NegativeBinomial().fitted(X)
    torch.testing.assert_close(family.log_prob_sum(X, parameters), family.log_prob_of(X, parameters).sum(-1))
    large = torch.tensor([[3.0, 2e6], [0.0, 5.0]])
    assert CountTable.of(large) is None
    known = exactly(2e6, 1.0, 2.0)
    value = NegativeBinomial().fitted(large).log_prob_of(large, (torch.zeros(2, 2), torch.tensor([2.0, 2.0]).log()))
    assert float(value[0, 1]) == pytest.approx(known, rel=1e-5)


@pytest.mark.parametrize("response", ["negative_binomial", "zero_inflated"])
def test_counts_go_on_a_tape_with_the_same_numbers(response: str) -> None:
    settings = Settings(data="pbmc", response=response, scale_head="feature", width=8, stop_at=WAIT + 6, draws=1)
    run, plain = Run(settings), Run(settings)
    plain.replay_cache.step = lambda batch, *_: plain._estimate(batch)  # type: ignore[method-assign]
    assert [step.elbo for step in run] == [step.elbo for step in plain]
    assert run.replay_cache.trusted, run.replay_cache.refused
