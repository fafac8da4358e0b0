"""Files become data sets: the same table from every kind of file, and one sentence for what cannot be read."""

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from elbo_room.models.data import DATA, columns, from_array, load
from elbo_room.models.data.packed import pack
from elbo_room.models.deep_generative.settings import Settings
from elbo_room.models.training.run import Run

pytestmark = pytest.mark.usefixtures("quick_reading")
COUNTS = np.array([[0, 3, 0], [1, 0, 0], [0, 250, 7], [2, 0, 1]], np.float32)
KINDS, PLATES = ["b", "a", "b", "a"], ["p1", "p1", "p2", "p2"]
h5py_missing = importlib.util.find_spec("h5py") is None
needs_h5py = pytest.mark.skipif(h5py_missing, reason="h5py is not installed")


def h5ad(path: Path, kind: str, x: np.ndarray[Any, Any], place: str = "X") -> Path:
    """A file as anndata writes it: dense, CSR or CSC."""
    import h5py

    with h5py.File(path, "w") as file:
        if kind == "dense":
            file[place] = x
        else:
            group, table = file.create_group(place), x if kind == "csr" else x.T
            outer, inner = table.nonzero()
            group.attrs["encoding-type"], group.attrs["shape"] = f"{kind}_matrix", x.shape
            group["data"], group["indices"] = table[outer, inner], inner
            group["indptr"] = np.concatenate([[0], np.bincount(outer, minlength=len(table)).cumsum()])
        if place != "X":
            file["X"] = x - x.mean(0)
        obs, var = file.create_group("obs"), file.create_group("var")
        obs.attrs["_index"] = var.attrs["_index"] = "index"
        obs["index"], var["index"] = ["1", "2", "3", "4"], ["gene a", "gene b", "gene c"]
        label = obs.create_group("kind")
        label["categories"], label["codes"] = ["a", "b"], np.array([1, 0, 1, 0], np.int8)
        obs["plate"] = PLATES
    return path


@needs_h5py
@pytest.mark.parametrize("kind", ["dense", "csr", "csc"])
@pytest.mark.parametrize("place", ["X", "layers/counts", "raw/X"])
def test_h5ad_gives_the_first_matrix_that_holds_counts(tmp_path: Path, kind: str, place: str) -> None:
    data = load(h5ad(tmp_path / "cells.h5ad", kind, COUNTS, place), labels="kind", batch="plate")
    assert torch.equal(data.x, torch.tensor(COUNTS))
    assert [data.label_names[i] for i in data.labels] == KINDS
    assert data.covariates.argmax(1).tolist() == [0, 0, 1, 1]
    assert data.feature_names == ("gene a", "gene b", "gene c")


@needs_h5py
def test_h5ad_without_counts_or_column_is_refused(tmp_path: Path) -> None:
    file = h5ad(tmp_path / "scaled.h5ad", "csr", COUNTS / 2 + 0.25 * (COUNTS > 0))
    with pytest.raises(
        ValueError,
        match=r"contains no counts .* X: Counts must be whole numbers ≥ 0; row 0, column 1 is 1.75. Single-cell",
    ):
        load(file)
    with pytest.raises(ValueError, match=r"no column 'knd' in obs. Choose one of: kind, plate"):
        load(h5ad(tmp_path / "cells.h5ad", "csr", COUNTS), labels="knd")
    (tmp_path / "no.h5ad").write_text("no HDF5")
    with pytest.raises(ValueError, match="cannot be opened as HDF5"):
        load(tmp_path / "no.h5ad")


@needs_h5py
def test_old_files_are_read_and_log_normalised_counts_come_with_a_remedy(tmp_path: Path) -> None:
    """As scanpy's own pbmc68k_reduced: obs a table of records, X scaled, raw.X log(1 + 10,000 x/n)."""
    import h5py

    total = COUNTS.sum(1)
    with h5py.File(tmp_path / "old.h5ad", "w") as file:
        file["X"] = COUNTS - COUNTS.mean(0)
        rows = [(str(i).encode(), PLATES[i] == "p2", n) for i, n in enumerate(total)]
        file["obs"] = np.array(rows, [("index", "S4"), ("plate", "i1"), ("n_counts", "<f4")])
        file["var"] = np.array([(b"x", 1.0), (b"y", 2.0), (b"z", 3.0)], [("index", "S4"), ("means", "<f4")])
        file["uns/plate_categories"] = [b"p1", b"p2"]
        file["raw.X"] = np.log1p(COUNTS / total[:, None] * 10_000).astype(np.float32)
    with pytest.raises(
        ValueError, match=r"X: Counts must be whole .* its counts are round\(expm1\(raw.X\) · n_counts / 10,000\)"
    ):
        load(tmp_path / "old.h5ad")
    with h5py.File(tmp_path / "old.h5ad", "a") as file:
        del file["X"]
        file["X"] = COUNTS
    data = load(tmp_path / "old.h5ad", labels="plate")
    assert torch.equal(data.x, torch.tensor(COUNTS))
    assert ([data.label_names[i] for i in data.labels], data.feature_names) == (PLATES, ("x", "y", "z"))
    assert columns(tmp_path / "old.h5ad") == ("plate",)


def test_text_tables(tmp_path: Path) -> None:
    """With row names as pandas writes them, quotes, words in named columns, and compressed."""
    import gzip

    rows = [f'r{i},{",".join(f"{v:g}" for v in row)},"{KINDS[i]}",{PLATES[i]}' for i, row in enumerate(COUNTS)]
    text = "\n".join([',x,y,"z, too",kind,plate', *rows])
    (tmp_path / "t.csv").write_text(text)
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(text.encode()))
    for name in ("t.csv", "t.csv.gz"):
        data = load(tmp_path / name, labels="kind", batch="plate")
        assert torch.equal(data.x, torch.tensor(COUNTS))
        assert data.feature_names == ("x", "y", "z, too")
        assert [data.label_names[i] for i in data.labels] == KINDS
        assert data.covariates.tolist() == [[1, 0], [1, 0], [0, 1], [0, 1]]


def test_npz_dense_and_as_packed(tmp_path: Path) -> None:
    np.savez(tmp_path / "dense.npz", x=COUNTS, labels=np.array(KINDS), feature_names=np.array(["x", "y", "z"]))
    pack(tmp_path / "packed.npz", load(tmp_path / "dense.npz"), PLATES)
    for name in ("dense.npz", "packed.npz"):
        data = load(tmp_path / name)
        assert torch.equal(data.x, torch.tensor(COUNTS))
        assert (data.feature_names, [data.label_names[i] for i in data.labels]) == (("x", "y", "z"), KINDS)
    assert load(tmp_path / "packed.npz").covariates.argmax(1).tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("t.csv", "one,two\na,b\nc,d\ne,f\n", "not a table of numbers: no column can be a feature. Make one a feature"),
        ("t.csv", "a,b\n1,2\n3,4,5\n", r"has 3 values in row 2 and 2 columns. Put texts"),
        ("t.csv", "a,b\n", "has no rows. Save a table with at least two"),
        ("t.csv", "", "is empty. Save it with a line of names"),
        ("t.doc", "", r"not a kind of file that can be read. Save it as one of: .h5ad, .h5, .npz"),
        ("t.xlsx", "no zip", r"cannot be read as an Excel workbook \(.xlsx\): it is damaged"),
        ("t.npz", "no zip", "cannot be read as .npz"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, name: str, text: str, sentence: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match=sentence):
        load(tmp_path / name)


def test_missing_files_and_columns(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"There is no file .*gone.csv. Check the path"):
        load(tmp_path / "gone.csv")
    (tmp_path / "t.csv").write_text("x,y\n1,2\n")
    with pytest.raises(ValueError, match=r"t.csv has no column 'kind'. Choose one of: x, y"):
        load(tmp_path / "t.csv", labels="kind")
    np.savez(tmp_path / "half.npz", data=COUNTS[0])
    with pytest.raises(
        ValueError, match="neither a table 'x' nor a complete CSR matrix; it lacks indices, indptr, shape"
    ):
        load(tmp_path / "half.npz")


def test_a_run_takes_a_path_an_array_or_a_data_set(tmp_path: Path) -> None:
    np.savez(tmp_path / "cells.npz", x=COUNTS)
    settings = Settings(response="poisson", width=4, stop_at=2)
    runs = [Run(settings, data) for data in (str(tmp_path / "cells.npz"), COUNTS, from_array(COUNTS))]
    assert len({tuple(step.elbo for step in run) for run in runs}) == 1
    assert {run.settings.data for run in runs} == {"own"}


def test_shipped_cells_are_the_published_ones() -> None:
    pbmc, lines = DATA["pbmc"].load(), DATA["cell_lines"].load()
    assert (tuple(pbmc.x.shape), float(pbmc.x.max()), int((pbmc.x > 0).sum())) == ((700, 765), 259.0, 174400)
    assert torch.bincount(pbmc.labels).tolist() == [129, 95, 13, 68, 8, 19, 31, 54, 43, 240]
    assert tuple(lines.x.shape) == (909, 2000)
    assert lines.label_names == ("A549", "H1975", "H2228", "H838", "HCC827")
    assert lines.covariates.sum(0).tolist() == [297, 307, 305]
