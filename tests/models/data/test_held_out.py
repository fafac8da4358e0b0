"""Rows that are held out: none of them is trained on, and the others are unchanged."""

import pytest
import torch

from elbo_room.models.data import from_array
from elbo_room.models.deep_generative.settings import Settings
from elbo_room.models.training.checkpoint import load_run, save_run
from elbo_room.models.training.run import Run


def test_training_and_held_out_rows_are_all_rows_and_share_none() -> None:
    data = from_array(torch.arange(10.0)[:, None], labels=list("abababacab"))
    parts = data.split(0.3)
    assert parts.test is not None
    assert (parts.size, parts.test.size) == (7, 3)
    both = torch.cat([parts.x, parts.test.x])[:, 0]
    assert both.sort().values.tolist() == data.x[:, 0].tolist()
    for part in (parts, parts.test):
        assert part.labels.tolist() == data.labels[part.x[:, 0].long()].tolist()
    assert torch.equal(data.split(0.3).x, parts.x)
    with pytest.raises(ValueError, match=r"one row, so none can be held out. Set the held-out share to 0"):
        from_array([[1.0, 2.0]]).split(0.5)


def test_a_run_holds_out_its_share_and_keeps_it_over_a_restart(tmp_path) -> None:
    run = Run(Settings(data="pinwheel", width=4, held_out=0.2, stop_at=3))
    list(run)
    assert (run.data.size, run.data.test.size) == (400, 100)
    assert Run(Settings(data="pinwheel", width=4, stop_at=1)).data.test is None
    save_run(run, tmp_path)
    assert torch.equal(load_run(tmp_path).data.test.x, run.data.test.x)
