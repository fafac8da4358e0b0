"""h5ad → train → h5ad → read again: the results are there, everything else is as it was."""

import json
from pathlib import Path
from typing import Any

import anndata
import h5py
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from elbo_room.models.data import load
from elbo_room.models.deep_generative.settings import Settings
from elbo_room.models.reading.annotate import plain_words
from elbo_room.models.reading.limits import Refused
from elbo_room.models.results.annotated import write_anndata
from elbo_room.models.training.run import Run
from elbo_room.models.training.run_from import run_from

pytestmark = pytest.mark.filterwarnings("ignore:The 'mode.chained_assignment' option")  # anndata sets it
CELLS, GENES = 80, 12


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    """Cells by genes with something of every kind in each place."""
    random = np.random.default_rng(0)
    adata = anndata.AnnData(sp.csr_matrix(random.poisson(3, (CELLS, GENES)).astype(np.float32)))
    adata.obs_names = pd.Index([f"cell-{k}" for k in range(CELLS)], dtype=object)
    adata.var_names = pd.Index([f"gene-{k}" for k in range(GENES)], dtype=object)
    kinds = pd.Index(["B", "T"], dtype=object)
    adata.obs["kind"] = pd.Categorical.from_codes(random.integers(0, 2, CELLS), categories=kinds)
    adata.obs["depth"] = random.normal(size=CELLS)
    adata.var["length"] = random.integers(100, 2000, GENES)
    adata.obsm["X_pca"] = random.normal(size=(CELLS, 3))
    adata.varm["loadings"] = random.normal(size=(GENES, 3))
    adata.layers["log"] = np.log1p(adata.X.toarray())
    adata.obsp["near"] = sp.identity(CELLS, format="csr")
    adata.uns["mine"] = {"note": "keep", "numbers": np.arange(3)}
    adata.write_h5ad(tmp_path / "mine.h5ad")
    return tmp_path / "mine.h5ad"


def trained(path: Path, **settings: Any) -> Run:
    response = {"response": "negative_binomial", "library_size": True}
    run = run_from(Settings(latent_size=2, depth=0, stop_at=20, **response, **settings), load(path, labels="kind"))
    run.change(step_size=0.01)
    list(run)
    return run


def same(first: Any, second: Any) -> bool:
    if sp.issparse(first):
        return (first != second).nnz == 0
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(same(first[name], second[name]) for name in first)
    return bool(np.array_equal(np.asarray(first), np.asarray(second)))


def test_the_round_trip_adds_the_results_and_changes_nothing_else(stored: Path, tmp_path: Path) -> None:
    run = trained(stored, held_out=0.25)
    run.to_anndata(stored).write_h5ad(tmp_path / "out.h5ad")
    before, after = anndata.read_h5ad(stored), anndata.read_h5ad(tmp_path / "out.h5ad")
    table = run.embedding()
    assert [*table.index] == [*after.obs_names]
    np.testing.assert_array_equal(after.obsm["X_elbo_room"], table[["z_1", "z_2"]])
    np.testing.assert_array_equal(after.obsm["elbo_room_scale"], table[["z_1_sd", "z_2_sd"]])
    assert after.obs["elbo_room_cluster"].astype(str).tolist() == table["cluster"].astype(str).tolist()
    assert after.obs["elbo_room_held_out"].sum() == CELLS // 4
    np.testing.assert_allclose(after.layers["denoised"].sum(1), 10_000, rtol=1e-4)
    about = after.uns["elbo_room"]
    assert json.loads(about["settings"])["latent_size"] == 2
    assert json.loads(about["changes"]) == [[0, {"step_size": 0.01}]]
    assert about["step"] == 20
    # and nothing else
    assert same(before.X, after.X)
    pd.testing.assert_frame_equal(before.obs, after.obs[before.obs.columns])
    pd.testing.assert_frame_equal(before.var, after.var)
    for part in ("obsm", "varm", "layers", "obsp"):
        old, new = getattr(before, part), getattr(after, part)
        assert all(same(old[name], new[name]) for name in old)
    assert same(before.uns["mine"], after.uns["mine"])
    assert {*after.uns} == {"mine", "elbo_room"}


def test_rows_are_found_by_name_in_any_order(stored: Path) -> None:
    run = trained(stored)
    adata = anndata.read_h5ad(stored)
    shuffled = adata[np.random.default_rng(1).permutation(CELLS)].copy()
    whole, mixed = run.to_anndata(adata), run.to_anndata(shuffled)
    place = mixed.obs_names.get_indexer(whole.obs_names)
    np.testing.assert_array_equal(mixed.obsm["X_elbo_room"][place], whole.obsm["X_elbo_room"])
    np.testing.assert_array_equal(mixed.layers["denoised"][place], whole.layers["denoised"])
    assert "X_elbo_room" not in adata.obsm


def test_rows_that_the_run_has_not_seen_are_not_a_number(stored: Path) -> None:
    run = trained(stored)
    adata = anndata.read_h5ad(stored)
    more = anndata.concat([adata, anndata.AnnData(
        adata.X[:2], obs=pd.DataFrame(index=pd.Index(["new-1", "new-2"], dtype=object)), var=adata.var[[]]
    )])  # fmt: skip
    found = run.to_anndata(more)
    assert np.isnan(found.obsm["X_elbo_room"][-2:]).all()
    assert np.isfinite(found.obsm["X_elbo_room"][:-2]).all()
    assert found.obs["elbo_room_cluster"].isna().sum() == 2


def test_other_rows_are_refused(stored: Path) -> None:
    run = trained(stored)
    other = anndata.AnnData(np.ones((5, GENES), np.float32))
    with pytest.raises(
        ValueError, match=r"has 5 rows; the run was trained on 80 whose names are others\. Pass the one that"
    ):
        run.to_anndata(other)


def test_without_an_anndata_the_run_s_own_table_is_in_it(stored: Path, tmp_path: Path) -> None:
    run = trained(stored)
    run.to_anndata().write_h5ad(tmp_path / "new.h5ad")
    again = anndata.read_h5ad(tmp_path / "new.h5ad")
    np.testing.assert_array_equal(again.X, anndata.read_h5ad(stored).X.toarray())
    assert [*again.obs_names] == [f"cell-{k}" for k in range(CELLS)]
    assert [*again.var_names] == [f"gene-{k}" for k in range(GENES)]


def test_the_page_s_file_is_the_same_and_is_opened_in_another_process_only(
    stored: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = trained(stored, held_out=0.25)
    run.to_anndata(stored).write_h5ad(tmp_path / "mine too.h5ad")

    def opened(*_: Any, **__: Any) -> None:
        raise AssertionError("the file was opened here")

    with monkeypatch.context() as patch:
        patch.setattr(anndata, "read_h5ad", opened)
        patch.setattr("h5py.File", opened)
        write_anndata(run, str(stored), tmp_path / "page's.h5ad")
    first, second = (anndata.read_h5ad(tmp_path / name) for name in ("mine too.h5ad", "page's.h5ad"))
    pd.testing.assert_frame_equal(first.obs, second.obs)
    assert {*first.obsm} == {*second.obsm}
    np.testing.assert_array_equal(first.layers["denoised"], second.layers["denoised"])
    np.testing.assert_array_equal(first.obsm["X_elbo_room"], second.obsm["X_elbo_room"])
    assert first.uns["elbo_room"] == second.uns["elbo_room"]


def test_a_file_that_was_replaced_by_an_unsafe_or_another_one_is_refused(stored: Path, tmp_path: Path) -> None:
    run = trained(stored)
    with h5py.File(stored, "a") as file:
        file["X2"] = h5py.ExternalLink("/etc/hostname", "/")
    with pytest.raises(Refused, match="a link to another file"):
        write_anndata(run, stored, tmp_path / "out.h5ad")
    plain_words(anndata.AnnData(np.ones((5, GENES), np.float32))).write_h5ad(stored)
    with pytest.raises(Refused, match="has 5 rows; the run was trained on 80"):
        write_anndata(run, stored, tmp_path / "out.h5ad")
    assert not (tmp_path / "out.h5ad").exists()
