"""Where q is a point mass, ĝ varies with the rows alone: Var ĝ = (1 − M/N) S²/M exactly; drawn minibatches agree within their error."""

import dataclasses
import itertools
import math

import pytest
import torch

from elbo_room.models.catalogue import settings_from
from elbo_room.models.data import Dataset
from elbo_room.models.estimators import Reparameterization
from elbo_room.models.inference.estimate import estimate
from elbo_room.models.probing.minibatch import MINIBATCH, deterministic, minibatch_gradients, minibatch_report
from elbo_room.models.probing.probe import frozen
from elbo_room.models.training.run import Run
from elbo_room.widgets import theme

N, M = 8, 3


@pytest.fixture(scope="module")
def run() -> Run:
    settings = settings_from(
        {"model": "conditional", "posterior": "point", "width": 3, "depth": 1, "batch_size": M, "stop_at": 5}
    )
    whole = Run(settings).data
    few = {
        field.name: getattr(whole, field.name)[:N]
        for field in dataclasses.fields(Dataset)
        if isinstance(getattr(whole, field.name), torch.Tensor) and len(getattr(whole, field.name)) == whole.size
    }
    made = Run(settings, dataclasses.replace(whole, **few))
    assert made.data.size == N
    for _ in made:
        pass
    return made


def gradient(run: Run, rows: torch.Tensor) -> torch.Tensor:
    parts = dict.fromkeys(run.model.sites, Reparameterization())
    with frozen(run.model, run.q):
        found = estimate(run.model, run.q, parts, run.data.batch(rows), 1, torch.Generator())
        return found.draw_gradients(run.model.sites["w"])[0, 0, 0].double()  # (n_params, K)


def expected(run: Run, rows: int) -> torch.Tensor:
    each = torch.stack([gradient(run, torch.tensor([row])) for row in range(N)])
    return (1 - rows / N) * each.var(0) / rows


def test_the_formula_holds_over_all_minibatches_exactly(run) -> None:
    every = torch.stack([gradient(run, torch.tensor(rows)) for rows in itertools.combinations(range(N), M)])
    assert len(every) == math.comb(N, M)
    torch.testing.assert_close(every.mean(0), gradient(run, torch.arange(N)), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(every.var(0, correction=0), expected(run, M), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("rows", [1, M, N - 1])
def test_drawn_minibatches_have_that_variance_within_four_standard_errors(run, rows) -> None:
    *between, report = minibatch_report(
        run.model, run.q, run.data, rows, 400, torch.Generator().manual_seed(rows), site="w"
    )
    assert between == [None] * 400
    assert abs(report.variance - float(expected(run, rows).sum())) < 4 * report.error
    assert (report.mean[0].double() - gradient(run, torch.arange(N))).abs().max() < 4 * report.mean_error.max()


@pytest.mark.parametrize(("seconds", "count"), [(0.0, 8), (math.inf, 24)])
def test_no_more_minibatches_are_drawn_than_fit_in_the_time_but_eight_always(run, seconds, count) -> None:
    generator = torch.Generator().manual_seed(0)
    *between, report = minibatch_report(
        run.model, run.q, run.data, M, 24, generator, site="w", least=8, seconds=seconds
    )
    assert (report.replicates, len(between)) == (count, count)
    first = torch.Generator().manual_seed(0)
    *_, same = minibatch_report(run.model, run.q, run.data, M, count, first, site="w")
    assert same.variance == report.variance, "the first of the same minibatches"


def test_all_the_data_leave_no_variance(run) -> None:
    *_, report = minibatch_report(run.model, run.q, run.data, N, 8, torch.Generator().manual_seed(0), site="w")
    assert report.variance < 1e-8 * float(gradient(run, torch.arange(N)).square().sum())


def test_a_q_that_is_drawn_and_an_impossible_minibatch_are_refused(run) -> None:
    drawn = Run(settings_from({"model": "conditional", "posterior": "mean_field", "width": 3, "depth": 1}))
    assert MINIBATCH == theme.MINIBATCH, "the screen knows the reports by this name, without torch"
    assert deterministic(run.model)
    assert not deterministic(drawn.model)
    with pytest.raises(ValueError, match="'w' are drawn"):
        next(minibatch_gradients(drawn.model, drawn.q, drawn.data, 3, torch.Generator()))
    with pytest.raises(ValueError, match="9 rows of 8"):
        next(minibatch_gradients(run.model, run.q, run.data, N + 1, torch.Generator()))
