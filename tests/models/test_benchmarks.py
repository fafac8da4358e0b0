"""The benchmarks' own truths: a row for every estimator, a fair clock, replicates that are models, a sentence where Pyro is missing."""

import numpy as np
import pytest
import torch

import elbo_room as er
from elbo_room.models.conditional.model import Conditional
from elbo_room.models.conditional.settings import Settings
from elbo_room.models.core import Batch
from elbo_room.models.estimators import ESTIMATORS, Reparameterization
from elbo_room.models.families import Normal
from elbo_room.models.inference.estimate import estimate
from elbo_room.models.networks import Architecture
from elbo_room.models.priors import PRIORS
from elbo_room.models.responses import RESPONSES
from elbo_room.models.training.run import Run
from elbo_room.models.variational import Global, Posterior
from tests.benchmarks import _by_hand, _interleaved, _replicates, estimators, sigmoid_belief, single_cell, uci
from tests.benchmarks._belief_network import binary_digits, make_run


def test_every_estimator_has_a_row_in_one_of_the_tables() -> None:
    continuous, discrete = estimators.fits(Run(), 4), estimators.fits(make_run(binary_digits()), 4)
    weights = estimators.fits(Run(estimators.WEIGHTS), 4)
    assert continuous | discrete | weights == set(ESTIMATORS)
    assert {"local_reparameterization", "flipout"} <= weights - continuous
    assert {"reparameterization", "leave_one_out"} <= continuous
    assert {"local_expectation", "disarm"} <= discrete - continuous


def test_turns_of_all_works_are_equally_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call of a millisecond and one of twenty: as many as fill a turn, four at least; the medians are the calls' own times."""
    clock, calls, each = [0.0], {"short": 0, "long": 0}, {"short": 1e-3, "long": 20e-3}

    def work(name: str) -> None:
        calls[name] += 1
        clock[0] += each[name]

    monkeypatch.setattr(_interleaved.time, "process_time", lambda: clock[0])
    found = _interleaved.medians({name: lambda name=name: work(name) for name in calls}, rounds=5, warm=1)
    assert calls == {"short": 4 + 5 * 50, "long": 4 + 5 * 4}
    assert found == pytest.approx({"short": 1.0, "long": 20.0})


def test_a_missing_pyro_is_reported_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sigmoid_belief, "find_spec", lambda name: None)
    with pytest.raises(SystemExit, match="Pyro, which is not installed"):
        sigmoid_belief.main()


def test_a_missing_scvi_is_reported_in_one_sentence_after_the_other_tables(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(single_cell, "find_spec", lambda name: None)
    monkeypatch.setattr(single_cell, "quality", lambda: None)
    monkeypatch.setattr(single_cell, "plates", lambda: None)
    monkeypatch.delenv("ELBO_ROOM_SCVI", raising=False)
    with pytest.raises(SystemExit, match="scvi-tools, which this Python does not have"):
        single_cell.main([])


def test_the_folds_hold_every_cell_out_once() -> None:
    data = single_cell.DATA["pbmc"].load()
    held = torch.cat([rest for _, rest in single_cell.folds(data)])
    assert held.sort().values.tolist() == list(range(700))
    assert all(not set(train.tolist()) & set(rest.tolist()) for train, rest in single_cell.folds(data))


def test_a_run_is_a_replicate_and_its_cells_are_not() -> None:
    """Two runs, 1 and 3 nats apart in every one of 100 cells: 2 ± 1, not 2 ± .07; and seeds of one fold are compared with each other."""
    here = [torch.full((100,), 1.0), torch.full((100,), 3.0)]
    assert single_cell._gap(here, [[0.0] * 100, [0.0] * 100]) == pytest.approx((2.0, 1.0, 2**0.5))
    folds = [[float(fold), float(fold)] for fold in range(5)]
    assert single_cell._spread(folds + folds) == 0.0
    assert single_cell._spread(folds + [[each + 2.0 for each in fold] for fold in folds]) == pytest.approx(2**0.5)


@pytest.mark.parametrize("prior", ["normal", "ard", "hyper"])
def test_replicates_in_one_run_are_so_many_models(prior: str) -> None:
    """ELBO and gradient of three networks at once are those of each alone, with the same noise, to rounding."""
    count, rows, kind = 3, 5, Architecture(width=4, activation="relu")
    model, q = _replicates.build(
        kind, 2, RESPONSES["normal"](), PRIORS[prior](0.7), count, Settings(spread=0.4, seed=3)
    )
    draw = torch.Generator().manual_seed(1)
    x, y = torch.randn(rows, count, 2, generator=draw), torch.randn(rows, count, generator=draw)
    noise = {name: torch.randn(1, 2, 1, site.shape[0], generator=draw) for name, site in model.sites.items()}
    batch = Batch(x.flatten(1), torch.arange(rows), 9, y)
    path = {name: Reparameterization() for name in model.sites}
    whole = estimate(model, q, path, batch, 2, draw, noise=noise)
    elbo = 0.0
    for s in range(count):
        cut = {name: each.unflatten(-1, (count, -1))[..., s, :] for name, each in noise.items()}
        alone = Conditional(model.space, RESPONSES["normal"](), PRIORS[prior](0.7), Normal(), "learned", 0.4)
        first = {name: q.by_site[name].table.detach().unflatten(-1, (count, -1))[:, s] for name in model.sites}
        own = Posterior({name: Global(alone.sites[name], first[name]) for name in model.sites})
        found = estimate(alone, own, path, Batch(x[:, s], torch.arange(rows), 9, y[:, s]), 2, draw, noise=cut)
        elbo += float(found.elbo)
        for name in model.sites:
            slope = q.by_site[name].table.grad.unflatten(-1, (count, -1))[:, s]
            torch.testing.assert_close(slope, own.by_site[name].table.grad, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(model.log_spread.grad[s, 0], alone.log_spread.grad, rtol=1e-4, atol=1e-5)
    assert float(whole.elbo) == pytest.approx(elbo, rel=1e-5)


def test_the_splits_are_the_published_ones_and_validation_sees_no_test_row() -> None:
    """RandomState(1), one permutation a split, the first round(.9 n) rows train; standardised by these alone."""
    parts = uci.published(308)
    state = np.random.RandomState(1)
    assert [state.permutation(308)[:277].tolist() for _ in range(20)] == [train.tolist() for train, _ in parts]
    data, held = uci.splits_of("yacht"), uci.splits_of("yacht", validate=True)
    assert (data.x.shape, data.x_test.shape) == ((277, 20, 6), (31, 20, 6))
    assert (held.x.shape, held.x_test.shape) == ((222, 20, 6), (55, 20, 6))
    assert float(data.y.mean(0).abs().max()) < 1e-5
    raw = [y * scale for y, scale in ((data.y_test[:, 0], data.scale[0]), (held.y_test[:, 0], held.scale[0]))]
    gaps = [each.diff() for each in raw]  # differences know no mean
    assert not np.isin(gaps[1].numpy().round(3), gaps[0].numpy().round(3)).all()


def test_the_network_written_by_hand_has_the_density_of_ours() -> None:
    """log p(y, w | x) at the same weights: the hand-written loss is −1/N of the sum of our factors."""
    generator = torch.Generator().manual_seed(2)
    x, y = torch.randn(9, 2, generator=generator), torch.randn(9, generator=generator)
    run = Run(Settings(width=5, depth=2, activation="tanh", posterior="point", batch_size=9), er.Dataset(x, y))
    (w, spread), loss = _by_hand.point(x, y, [2, 5, 5, 1])
    with torch.no_grad():
        w.copy_(torch.randn(len(w), generator=generator))
        ours, start = [], 0
        for inputs, outputs in ((2, 5), (5, 5), (5, 1)):
            theta = w[start : start + inputs * outputs].view(inputs, outputs)
            start += inputs * outputs
            ours += [theta.T.flatten(), w[start : start + outputs]]
            start += outputs
        spread.copy_((0.001 + run.model.log_spread.exp()).log())
        factors = run.model.factors(run.data.whole(), {"w": torch.cat(ours)[None, None]})
        assert float(loss()) == pytest.approx(-float(sum(each.value.sum() for each in factors)) / 9, rel=1e-5)
