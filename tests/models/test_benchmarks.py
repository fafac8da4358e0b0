"""The benchmarks' own truths: every estimator has its row, the clock is fair, and a missing Pyro is said in one sentence."""

import pytest
import torch

from models.estimators import ESTIMATORS
from models.inference.run import Run
from tests.benchmarks import _interleaved, estimators, sigmoid_belief, single_cell
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


def test_a_missing_pyro_is_said_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sigmoid_belief, "find_spec", lambda name: None)
    with pytest.raises(SystemExit, match="Pyro, which is not installed"):
        sigmoid_belief.main()


def test_a_missing_scvi_is_said_in_one_sentence_after_the_tables_that_need_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(single_cell, "find_spec", lambda name: None)
    monkeypatch.setattr(single_cell, "quality", lambda: None)
    monkeypatch.delenv("ELBO_ROOM_SCVI", raising=False)
    with pytest.raises(SystemExit, match="scvi-tools, which this Python does not have"):
        single_cell.main([])


def test_the_folds_hold_every_cell_out_once() -> None:
    data = single_cell.DATA["pbmc"].load()
    held = torch.cat([rest for _, rest in single_cell.folds(data)])
    assert held.sort().values.tolist() == list(range(700))
    assert all(not set(train.tolist()) & set(rest.tolist()) for train, rest in single_cell.folds(data))
