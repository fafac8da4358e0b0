"""Weights, offsets and exposures of rows, and a response that is standardised for training: against closed forms."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import elbo_room as er
from elbo_room.models.catalogue import settings_from
from elbo_room.models.conditional.model import build
from elbo_room.models.conditional.settings import Settings
from elbo_room.models.core import Batch
from elbo_room.models.data import Dataset
from elbo_room.models.data.dataset import DataError
from elbo_room.models.diagnostics.laplace import laplace
from elbo_room.models.diagnostics.predictive import predict, scores
from elbo_room.models.families import PointMass
from elbo_room.models.settings import SettingError
from elbo_room.models.training.run import Run
from tests.models.conditional.test_model import linear, maximum
from tests.models.problems import numbers

F64 = torch.float64
PLAIN = {"model": "conditional", "posterior": "point", "draws": 1, "batch_size": 2000, "depth": 1, "width": 4}


def test_the_map_of_a_linear_gaussian_network_is_weighted_least_squares() -> None:
    """w = (XᵀWX/σ² + I/λ²)⁻¹ XᵀWy/σ², with σ = 0.5 and λ = 0.8."""
    x, y, weight = numbers(40, 3, seed=1), numbers(40, seed=2), numbers(40, seed=3).square()
    batch = Batch(x, torch.arange(40), 40, y, whole=True, weight=weight)
    found = maximum(linear(3, "normal", 0.8, PointMass(), spread=0.5), batch)
    precision = x.T @ (weight[:, None] * x) / 0.25 + torch.eye(3, dtype=F64) / 0.64
    torch.testing.assert_close(found, torch.linalg.solve(precision, x.T @ (weight * y) / 0.25), atol=1e-6, rtol=0)


def test_a_row_of_weight_2_is_that_row_twice_and_one_of_weight_0_is_none() -> None:
    x, y = numbers(3, 2, seed=1), numbers(3, seed=2)
    model = linear(2, "normal", 1.0, PointMass(), spread=0.7)
    w = numbers(2, seed=4)[None, None]
    weighed = Batch(x, torch.arange(3), 3, y, weight=torch.tensor([1.0, 2.0, 0.0], dtype=F64))
    rows = torch.tensor([0, 1, 1])
    repeated = Batch(x[rows], torch.arange(3), 3, y[rows])
    fits = [model.factors(batch, {"w": w})[0].value.sum() for batch in (weighed, repeated)]
    torch.testing.assert_close(*fits)


def test_poisson_rates_per_exposure_are_counts_over_exposures() -> None:
    """With a group's indicator as x: exp(α) = Σy/Σe of the first group, exp(α + β) = Σy/Σe of the second (λ = 10⁴)."""
    generator = torch.Generator().manual_seed(0)
    group = (torch.arange(60) % 2).double()
    exposure = 0.2 + 5 * torch.rand(60, generator=generator, dtype=F64)
    y = torch.poisson(exposure * torch.where(group > 0, 3.0, 0.8), generator=generator)
    batch = Batch(group[:, None], torch.arange(60), 60, y, whole=True, offset=exposure.log())
    slope, intercept = maximum(linear(1, "poisson", 1e4, PointMass(), intercept=True), batch)
    rates = torch.stack([y[group == each].sum() / exposure[group == each].sum() for each in (0, 1)])
    torch.testing.assert_close(torch.stack([intercept, intercept + slope]).exp(), rates, atol=1e-5, rtol=0)


def test_laplace_has_the_weights_and_the_offset() -> None:
    """The curvature of a linear Gaussian network is XᵀWX/σ²."""
    x, y = numbers(30, 2, seed=1).float(), numbers(30, seed=2).float()
    data = Dataset(x, y, weight=numbers(30, seed=3).square().float(), offset=numbers(30, seed=4).float())
    run = Run(settings_from({**PLAIN, "depth": 0, "spread_from": "fixed", "spread": 0.5, "intercept": False}), data)
    found = laplace(run.model, run.q, run.data)
    wanted = x.double().T @ (data.weight.double()[:, None] * x.double()) / 0.25
    torch.testing.assert_close(found.curvature, wanted, atol=1e-4, rtol=1e-5)


def table(scale: float = 1.0, shift: float = 0.0) -> Dataset:
    """A smooth curve of two inputs, y in other units."""
    x = numbers(80, 2, seed=1).float()
    y = (x[:, 0].sin() + 0.5 * x[:, 1] + 0.1 * numbers(80, seed=2).float()) * scale + shift
    return replace(er.load(x * 3 + 1, y=y), y_name="price")


def test_other_units_of_y_change_the_units_of_everything_and_nothing_else() -> None:
    """y → 1000 y + 5000: the ELBO falls by log 1000 per data point, predictions and errors are 1000 times as large."""
    runs = [Run(settings_from({**PLAIN, "held_out": 0.25, "stop_at": 150}), table(*to)) for to in ((), (1e3, 5e3))]
    elbos = [torch.tensor([step.elbo for step in run]) for run in runs]
    torch.testing.assert_close(elbos[0] - np.log(1e3), elbos[1], atol=2e-3, rtol=0)
    means, found = [], []
    for run in runs:
        weights = run.q.nu(run.model.sites["w"], run.data.whole()).detach()[0][None]
        means.append(predict(run.model, run.data.test.x, weights).m)
        found.append(scores(run.model, run.data.test, weights))
    torch.testing.assert_close(1e3 * means[0] + 5e3, means[1], rtol=1e-3, atol=2.0)
    assert found[1].error == pytest.approx(1e3 * found[0].error, rel=5e-3)
    assert found[1].log_density == pytest.approx(found[0].log_density - np.log(1e3), abs=5e-3)
    assert found[0].error < 0.5, "it has learned something"


def test_features_and_y_are_standardised_by_the_rows_that_train() -> None:
    """Of 80 rows 20 are held out: x of the other 60 has mean 0 and standard deviation 1, and ȳ and s_y are theirs."""
    run = Run(settings_from({**PLAIN, "held_out": 0.25}), table(10.0, 7.0))
    assert (run.data.size, run.data.test.size) == (60, 20)
    torch.testing.assert_close(run.data.x.mean(0), torch.zeros(2), atol=1e-5, rtol=0)
    torch.testing.assert_close(run.data.x.std(0, correction=0), torch.ones(2), atol=1e-5, rtol=0)
    assert run.model.location == pytest.approx(float(run.data.y.double().mean()))
    assert run.model.unit == pytest.approx(float(run.data.y.double().std(correction=0)))


def test_counts_and_positive_responses_keep_their_units() -> None:
    data = replace(table(), y=torch.arange(80.0))
    for response in ("poisson", "negative_binomial"):
        model, _ = build(Settings(response=response, width=4, depth=1), data, torch.Generator().manual_seed(0))
        assert (model.location, model.unit) == (0.0, 1.0)


def test_an_offset_of_a_standardised_y_is_in_ys_units() -> None:
    """y = 3 + offset exactly: after standardisation nothing is left to learn, and a network of zeros predicts y."""
    offset = 100 * torch.rand(30, generator=torch.Generator().manual_seed(0))
    data = replace(er.load(numbers(30, 2).float(), y=offset + 3, offset=offset), standardise=False)
    model, _ = build(Settings(width=2, depth=1), data, torch.Generator())
    chain = predict(model, data.x, torch.zeros(1, model.space.size), data.shift)
    torch.testing.assert_close(chain.m[0], data.y, atol=1e-4, rtol=1e-6)


def test_what_no_likelihood_can_use_is_refused() -> None:
    x, y = [[0.0], [1.0], [2.0]], [0.0, 1.0, 2.0]
    with pytest.raises(DataError, match=r"A weight is -1; weights must be 0 or more"):
        er.load(x, y=y, weight=[1.0, -1.0, 1.0])
    with pytest.raises(DataError, match=r"The exposure of row 2 is 0; exposures must be above 0.*use a column of logs"):
        er.load(x, y=y, exposure=[1.0, 0.0, 1.0])
    with pytest.raises(DataError, match="There are 2 offsets for 3 rows"):
        er.load(x, y=y, offset=[1.0, 0.0])
    exposed = er.load(x, y=y, exposure=[1.0, 2.0, 1.0])
    with pytest.raises(SettingError, match="An exposure multiplies the mean, which needs the log link"):
        Run(settings_from(PLAIN), exposed)
    with pytest.raises(
        SettingError, match="An offset shifts one linear predictor; a categorical response has one for each"
    ):
        er.run_from({**PLAIN, "response": "categorical"}, er.load(x, y=y, offset=[1.0, 2.0, 1.0]))
    with pytest.raises(DataError, match="has a column used as weight, which only a conditional model uses"):
        Run(settings_from({}), er.load(x, weight=[1.0, 2.0, 1.0]))
    with pytest.raises(ValueError, match="In the drawer 'Your data' use a column as response"):
        Run(settings_from(PLAIN), er.load(x))
