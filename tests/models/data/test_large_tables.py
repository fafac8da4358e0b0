"""A large sparse table is read, trained on and drawn without a dense copy."""

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import sparse

from elbo_room.models.data import load, table
from elbo_room.models.data.dataset import Dataset
from elbo_room.models.data.suggestion import suggested
from elbo_room.models.families.compressed_rows import CompressedRows
from elbo_room.models.training.run_from import run_from
from elbo_room.widgets.worker.own_data.own_table import OwnTable
from elbo_room.widgets.worker.pictures.colours import numbers
from elbo_room.widgets.worker.pictures.features import FeaturePictures

ROWS, GENES = 300, 120


@pytest.fixture(name="path")
def _path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of counts, 10 % of them above 0, that counts as large; a dense copy is refused."""
    monkeypatch.setattr(table, "MOST_DENSE", 1000)
    random = np.random.default_rng(0)
    x = random.poisson(2, (ROWS, GENES)) * (random.random((ROWS, GENES)) < 0.1)
    x[:, 0] = 1  # no row is empty
    sparse.save_npz(tmp_path / "counts.npz", sparse.csr_matrix(x.astype(np.float32)))
    return tmp_path / "counts.npz"


def _refused(_: CompressedRows) -> torch.Tensor:
    raise AssertionError("a dense copy was made")


def test_a_large_table_is_read_and_trained_without_a_dense_copy(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CompressedRows, "dense", _refused)
    own = OwnTable.read(str(path))
    settings = suggested(own.data).settings | {"width": 8, "stop_at": 3, "held_out": 0.2}
    run = run_from(settings, own.data)
    assert [step.number for step in run] == [1, 2, 3]
    assert run.data.test is not None
    assert isinstance(run.data.test.x, CompressedRows)
    assert len(run.data.x) + len(run.data.test.x) == ROWS
    assert own.about().counts
    FeaturePictures(run, torch.arange(100))
    numbers(run.data)


def test_a_large_table_has_the_values_the_checksum_and_the_run_of_the_dense_one(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = load(path)
    monkeypatch.setattr(table, "MOST_DENSE", 10**9)
    dense = load(path)
    assert isinstance(data.x, CompressedRows)
    assert torch.equal(data.x.dense(), dense.x)
    assert data.checksum == dense.checksum
    sizes = {"deep_generative": {"width": 8, "held_out": 0.2}, "deep_exponential_family": {"width_1": 4}}
    for model, size in sizes.items():
        settings = {"model": model, "response": "poisson", "stop_at": 4, **size}
        bounds = [[step.elbo for step in run_from(settings, each)] for each in (data, dense)]
        assert bounds[0] == pytest.approx(bounds[1], rel=1e-5)


def test_a_value_that_no_count_can_be_is_named_by_its_place(path: Path) -> None:
    data = load(path)
    assert isinstance(data.x, CompressedRows)
    values = data.x.values.clone()
    values[0] = 0.5
    with pytest.raises(ValueError, match=r"row 0, column 0 is 0\.5"):
        run_from({"response": "poisson"}, Dataset(data.x.with_values(values, data.x.fill)))
