"""Every kind of file that other tools write is read right, or refused with what to do."""

import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import sparse

import elbo_room as er
from elbo_room.models.data import load
from elbo_room.models.data.dataset import DataError, Dataset, held_out_rows
from elbo_room.models.data.suggestion import suggested
from elbo_room.models.data.table import Table, read_table
from elbo_room.models.reading import process
from elbo_room.models.reading.texts import training_rows
from elbo_room.models.reading.wishes import Wishes
from elbo_room.models.training.run_from import run_from
from tests.damaged_files import whole

ANNDATA = "ignore:The '(mode.chained_assignment|future.infer_string)' option:DeprecationWarning"  # its use of pandas
pytestmark = [pytest.mark.usefixtures("quick_reading"), pytest.mark.filterwarnings(ANNDATA)]
Written = Callable[[str, str | bytes], Table]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """What is read from a text of this name."""

    def read(name: str, content: str | bytes) -> Table:
        (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
        return read_table(tmp_path / name, Wishes())

    return read


def roles(table: Table) -> dict[str, str]:
    """The role of every column."""
    return {column["name"]: column["role"] for column in table.about["columns"]}


def counts(*names: str, rows: int = 20, seed: int = 0) -> pd.DataFrame:
    """Counts in columns of these names."""
    return pd.DataFrame(np.random.default_rng(seed).poisson(3, (rows, len(names))), columns=list(names))


# text


def test_numbers_are_no_header_and_pandas_own_names_are(written: Written) -> None:
    table = written("t.csv", "4,3,2\n3,2,4\n4,5,3\n")
    assert table.data.x.tolist() == [[4, 3, 2], [3, 2, 4], [4, 5, 3]]
    assert table.data.feature_names == ("column 1", "column 2", "column 3")
    assert "read as data" in table.about["notes"][0]
    assert written("t.csv", ",0,1\na,4,3\nb,2,7\n").data.feature_names == ("0", "1")
    assert written("t.csv", "gene,2019,2020\na,4,3\nb,2,7\nc,1,1\n").data.feature_names == ("2019", "2020")
    iris = written("t.data.csv", "5.1,3.5,setosa\n4.9,3.1,setosa\n6.1,3.0,virginica\n6.2,3.1,virginica\n")
    assert iris.data.size == 4


def test_equal_names_are_told_apart_and_read_by_position(written: Written) -> None:
    table = written("t.csv", "a,b,a\n1,10,100\n2,20,200\n3,30,300\n")
    assert table.data.feature_names == ("a", "b", "a.1")
    assert table.data.x[:, 2].tolist() == [100, 200, 300]
    assert "a → a.1" in table.about["notes"][0]


def test_semicolons_and_decimal_commas(written: Written) -> None:
    table = written("t.csv", "a;b;c\n7,63;5,26;3,4\n1,1;2,80;6,90\n5,60;8,72;6,53\n")
    torch.testing.assert_close(table.data.x[0], torch.tensor([7.63, 5.26, 3.4]))
    assert "semicolons" in " ".join(table.about["notes"])
    assert "decimal comma" in " ".join(table.about["notes"])
    torch.testing.assert_close(written("t.csv", "a,b\n1.5,2\n3.25,4\n").data.x, torch.tensor([[1.5, 2], [3.25, 4]]))
    assert written("t.csv", "a\tb\n1\t2\n3\t4\n").data.x.tolist() == [[1, 2], [3, 4]]
    assert written("t.txt", "a b\n1 2\n3 4\n").data.x.tolist() == [[1, 2], [3, 4]]
    assert written("t.csv", 'a,b\n"1,200",2\n"13,000",4\n').data.x[:, 0].tolist() == [1200, 13000]


def test_comments_encodings_and_the_row_names_of_r(written: Written) -> None:
    table = written("t.csv", "# exported 2024\n1,2\n3,4\n5,6\n")
    assert table.data.x.tolist() == [[1, 2], [3, 4], [5, 6]]
    assert "comments" in " ".join(table.about["notes"])
    table = written("t.csv", "größe,b\n1,2\n3,4\n".encode("latin-1"))
    assert table.data.feature_names == ("größe", "b")
    assert "not UTF-8" in table.about["notes"][0]
    assert written("t.csv", "größe,b\n1,2\n3,4\n".encode("utf-16")).data.feature_names == ("größe", "b")
    table = written("t.csv", '"a","b"\n"1",5,6\n"2",7,8\n"3",9,9\n')
    assert table.data.x.tolist() == [[5, 6], [7, 8], [9, 9]]


def test_a_broken_row_is_named_and_numbers_with_a_typing_error_are_left_out(written: Written) -> None:
    with pytest.raises(DataError, match="has 3 values in row 2 and 2 columns"):
        written("t.csv", "a,b\n1,2\n3,4,5\n")
    table = written("t.csv", "a,b\n" + "".join(f"{i}.5,{i}\n" for i in range(20)) + "3,<0.1\n")
    assert table.data.feature_names == ("a",)
    assert "20 of 21 values are numbers, but row 21 is '<0.1'" in table.about["columns"][1]["reason"]


# roles


@pytest.mark.parametrize("index", ["Unnamed: 0", "", "id", "X", "row.names", "cell_id", "index"])
def test_a_column_that_counts_the_rows_is_left_out(written: Written, index: str) -> None:
    frame = counts("g1", "g2")
    frame.insert(0, index, np.arange(1000, 1020))
    table = written("t.csv", frame.to_csv(index=False))
    assert table.data.feature_names == ("g1", "g2")
    assert table.about["columns"][0]["reason"] == "it counts the rows"


def test_what_is_no_feature_has_a_reason(written: Written) -> None:
    frame = counts("g1", "g2", "g3").assign(
        batch=np.arange(20) % 3,
        when="2024-01-05",
        same=1.0,
        note=[f"a remark {i}" for i in range(20)],
        site=["a", "b"] * 10,
    )
    frame.loc[3:, "when"] = "2024-02-05"
    table = written("t.csv", frame.to_csv(index=False))
    assert roles(table) == dict.fromkeys(("g1", "g2", "g3"), "feature") | dict.fromkeys(
        ("when", "same", "note", "site"), "left out"
    ) | {"batch": "batch"}
    assert all(column["reason"] for column in table.about["columns"] if column["role"] != "feature")
    assert table.data.covariate_names == ("0", "1", "2")


@pytest.mark.parametrize("name", ["class", "species", "last"])
def test_a_class_of_few_whole_values_is_the_label(written: Written, name: str) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"sepal": rng.normal(size=60), "petal": rng.normal(size=60), name: np.arange(60) % 3 + 1})
    data = written("t.csv", frame.to_csv(index=False)).data
    assert data.feature_names == ("sepal", "petal")
    assert data.label_names == ("1", "2", "3")


def test_any_column_can_have_any_role(tmp_path: Path) -> None:
    frame = counts("g1", "g2").assign(
        when=pd.date_range("2024-01-01", periods=20), kind=["a", "b"] * 10, price=np.linspace(0, 1, 20)
    )
    frame.to_parquet(tmp_path / "t.parquet")
    data = er.load(tmp_path / "t.parquet", y="price", leave_out=["g2"], roles={"when": "feature", "kind": "feature"})
    assert data.feature_names == ("g1", "when (days)", "kind = a", "kind = b")
    assert data.x[:3, 1:].tolist() == [[0, 1, 0], [1, 0, 1], [2, 1, 0]]
    torch.testing.assert_close(data.y, torch.linspace(0, 1, 20))
    assert er.load(tmp_path / "t.parquet", labels="g1").label_names == tuple(
        str(each) for each in sorted(set(frame.g1))
    )
    classes = er.load(tmp_path / "t.parquet", y="kind")
    assert (classes.y[:2].tolist(), classes.label_names) == ([0, 1], ("a", "b"))
    with pytest.raises(DataError, match=r"'kind' was to be 'colour'. Choose one of: feature"):
        er.load(tmp_path / "t.parquet", roles={"kind": "colour"})
    with pytest.raises(DataError, match="cannot be a feature: it is text"):
        er.load(frame.assign(note=[f"remark {i}" for i in range(20)]), roles={"note": "feature"})


def test_genes_by_cells_are_asked_about_and_transposed(tmp_path: Path) -> None:
    frame = pd.DataFrame(np.arange(90).reshape(30, 3), columns=["cell1", "cell2", "cell3"])
    frame.index = [f"ENSG{i:05}" for i in range(30)]
    frame.to_csv(tmp_path / "t.csv")
    with pytest.raises(DataError, match=r"look like genes.*transpose=True"):
        er.load(tmp_path / "t.csv")
    data = er.load(tmp_path / "t.csv", transpose=True)
    assert (tuple(data.x.shape), data.feature_names[:2], data.row_names) == (
        (3, 30),
        ("ENSG00000", "ENSG00001"),
        ("cell1", "cell2", "cell3"),
    )
    assert er.load(tmp_path / "t.csv", transpose=False).size == 30


def test_missing_numbers_and_categories(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [1.5, np.nan, 3.5, 4.5], "b": [1.0, 2.5, 3.0, 5.5], "kind": ["u", None, "v", "u"]})
    assert er.load(frame).x[:, 0].tolist() == [1.5, 3.5, 4.5]
    filled = er.load(frame, missing="mean")
    torch.testing.assert_close(filled.x[1, 0], torch.tensor(9.5 / 3))
    assert filled.label_names == ("u", "v", "missing")
    assert er.load(frame, roles={"kind": "feature"}).feature_names[2:] == ("kind = missing", "kind = u", "kind = v")


# other kinds


def test_parquet_by_position_with_any_names_and_dates(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "t.parquet"
    pq.write_table(
        pa.Table.from_arrays([pa.array([1, 0, 4]), pa.array([2, 3, 1]), pa.array([4, 3, 0])], names=["a", "b", "a"]),
        path,
    )
    assert er.load(path).feature_names == ("a", "b", "a.1")
    pd.DataFrame([[2, 4, 1], [4, 2, 4]]).to_parquet(path)
    assert er.load(path).feature_names == ("0", "1", "2")
    frame = pd.DataFrame({"ts": pd.date_range("2020-01-01", periods=5), "a": [0.5, 1, 2, 3, 4]}, index=list("vwxyz"))
    frame.to_parquet(path)
    assert (er.load(path).feature_names, er.load(path).row_names) == (("a",), tuple("vwxyz"))


def test_excel_and_feather(tmp_path: Path) -> None:
    frame = counts("g1", "g2").assign(cell_type=["B", "T"] * 10)
    frame.to_excel(tmp_path / "t.xlsx", index=False, startrow=2, startcol=1)
    frame.to_feather(tmp_path / "t.feather")
    for name in ("t.xlsx", "t.feather"):
        data = er.load(tmp_path / name)
        assert data.x.tolist() == frame[["g1", "g2"]].to_numpy().tolist()
        assert data.label_names == ("B", "T")


@pytest.mark.parametrize("kind", ["csr", "csc", "coo", "bsr", "dia"])
def test_scipys_sparse_matrices(tmp_path: Path, kind: str) -> None:
    x = np.random.default_rng(0).poisson(0.5, (12, 6)).astype(np.float32)
    sparse.save_npz(tmp_path / "t.npz", getattr(sparse, f"{kind}_matrix")(x))
    assert er.load(tmp_path / "t.npz").x.tolist() == x.tolist()


def test_equal_entries_of_a_sparse_matrix_are_added(tmp_path: Path) -> None:
    parts = {"data": [1, 1, 2, 2], "indices": [0, 0, 1, 1], "indptr": [0, 2, 4], "shape": [2, 2], "format": b"csr"}
    np.savez(tmp_path / "t.npz", **parts)
    assert er.load(tmp_path / "t.npz").x.tolist() == [[2, 0], [0, 4]]


def test_numpys_files(tmp_path: Path) -> None:
    x = np.arange(24.0).reshape(2, 3, 4)
    np.save(tmp_path / "t.npy", x)
    assert er.load(tmp_path / "t.npy").shape == (3, 4)
    np.savez(tmp_path / "t.npz", X=x[0], y=[0.5, 1, 2])
    assert er.load(tmp_path / "t.npz").y.tolist() == [0.5, 1, 2]
    np.savez(tmp_path / "t.npz", x=x[0], batch=["a", "b"])
    with pytest.raises(DataError, match=r"2 batch entries for 3 rows in t.npz"):
        er.load(tmp_path / "t.npz")


@pytest.mark.parametrize("kind", [".zip", ".h5"])
def test_10x_matrices_have_cells_as_rows(tmp_path: Path, kind: str) -> None:
    (tmp_path / f"t{kind}").write_bytes(whole(kind, tmp_path))
    data = er.load(tmp_path / f"t{kind}")
    assert data.x.tolist() == [[0, 3, 0], [1, 0, 0], [0, 250, 7], [2, 0, 0]]
    assert (data.feature_names, data.row_names[0]) == (("gene 0", "gene 1", "gene 2"), "ACGTACGT-0")


# AnnData


def cells(**more: Any) -> Any:
    """60 cells as anndata has them: a third of them without a type."""
    import anndata

    with pd.option_context("future.infer_string", False):  # anndata cannot write the words of pandas 3
        kinds = pd.Categorical.from_codes(np.arange(60) % 3 - 1, categories=["B", "T"])
        obs = pd.DataFrame({"cell_type": kinds, "plate": np.arange(60) % 2}, index=[f"c{i}" for i in range(60)])
        x = np.random.default_rng(0).poisson(2.0, (60, 12)).astype(np.float32)
        return anndata.AnnData(more.pop("X", x), obs, pd.DataFrame(index=[f"g{i}" for i in range(12)]), **more)


def write(adata: Any, path: Path) -> None:
    """As anndata does."""
    with pd.option_context("future.infer_string", False):
        adata.write_h5ad(path)


def test_a_missing_category_is_a_kind_of_its_own(tmp_path: Path) -> None:
    write(cells(), tmp_path / "t.h5ad")
    data = er.load(tmp_path / "t.h5ad")
    assert dict(zip(data.label_names, data.labels.bincount().tolist(), strict=True)) == {
        "B": 20,
        "T": 20,
        "missing": 20,
    }
    assert er.load(tmp_path / "t.h5ad", batch="cell_type").covariates.sum(0).tolist() == [20, 20, 20]
    assert er.load(tmp_path / "t.h5ad", batch="plate").covariate_names == ("0", "1")


def test_raw_counts_have_their_own_genes(tmp_path: Path) -> None:
    adata = cells()
    with pd.option_context("future.infer_string", False):
        adata.raw = adata.copy()
        adata = adata[:, :5].copy()
    adata.X = np.log1p(adata.X) - 1
    write(adata, tmp_path / "t.h5ad")
    data = er.load(tmp_path / "t.h5ad")
    assert data.x.shape == (60, 12)
    assert data.feature_names[-1] == "g11"


def test_files_of_anndata_before_0_8_and_nullable_names(tmp_path: Path) -> None:
    import h5py

    with h5py.File(tmp_path / "t.h5ad", "w") as file:
        file["X"] = np.arange(12.0).reshape(4, 3)
        for name, index in (("obs", ["a", "b", "c", "d"]), ("var", ["x", "y", "z"])):
            file.create_group(name).attrs["_index"] = "_index"
            file[name]["_index"] = index
        file["obs/__categories/cell_type"] = ["B", "T"]
        file["obs/cell_type"] = np.array([0, 1, 1, 0], np.int8)
        file["obs/cell_type"].attrs["categories"] = file["obs/__categories/cell_type"].ref
    data = er.load(tmp_path / "t.h5ad")
    assert [data.label_names[i] for i in data.labels] == ["B", "T", "T", "B"]
    adata = cells()
    write(adata, tmp_path / "n.h5ad")
    with h5py.File(tmp_path / "n.h5ad", "a") as file:
        names = file["var/_index"][:]
        del file["var/_index"]
        group = file.create_group("var/_index")
        group.attrs["encoding-type"], group.attrs["encoding-version"] = "nullable-string-array", "0.1.0"
        for part, values in (("values", names), ("mask", np.zeros(12, bool))):
            group[part] = values
            group[part].attrs["encoding-type"] = "string-array" if part == "values" else "array"
            group[part].attrs["encoding-version"] = "0.2.0"
    assert er.load(tmp_path / "n.h5ad").feature_names == tuple(f"g{i}" for i in range(12))


# what Python passes


def test_frames_and_anndata_are_read_as_their_files(tmp_path: Path) -> None:
    frame = counts("g1", "g2", "g2").assign(cell_type=["B", "T"] * 10)
    data = er.as_dataset(frame)
    assert (data.feature_names, data.label_names) == (("g1", "g2", "g2.1"), ("B", "T"))
    adata = cells(X=sparse.csr_matrix(np.eye(60, 12)))
    write(adata, tmp_path / "t.h5ad")
    assert er.as_dataset(adata).checksum == er.load(tmp_path / "t.h5ad").checksum


def test_a_checksum_tells_data_apart() -> None:
    one = Dataset([[1.0, 2.0], [3.0, 4.0]])
    assert one.checksum == Dataset(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), name="other").checksum
    moved = [Dataset([[1.0, 2.0], [3.0, 5.0]]), Dataset([[1.0], [2.0], [3.0], [4.0]])]
    others = [*moved, Dataset(one.x, labels=["a", "b"]), Dataset(one.x, [1, 2])]
    assert len({each.checksum for each in (one, *others)}) == 5


def test_standardising_can_be_switched(tmp_path: Path) -> None:
    real, counts = tmp_path / "real.csv", tmp_path / "counts.csv"
    real.write_text("a,b,y\n" + "\n".join(f"{i * 1.5},{i * i / 7},{i * 2.5}" for i in range(12)))
    counts.write_text("a,b,c\n" + "\n".join(f"{i},{i * i},{i % 3}" for i in range(12)))
    plain = load(real, y="y", standardise=False)
    assert not plain.standardise
    assert not plain.standardise_y
    assert plain.standardised() is plain
    assert load(real, y="y").standardise_y
    assert [load(counts, standardise=each).standardise for each in (None, True, False)] == [False, True, False]
    assert [load([[0.5, 3.0], [1.0, 2.0]], standardise=each).standardise for each in (None, False)] == [True, False]


def test_real_features_are_standardised_by_the_training_rows_and_counts_are_not(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"lon": rng.normal(-120, 2, 50), "flag": np.arange(50) % 2, "value": rng.normal(2e5, 1e5, 50)})
    data = er.load(frame)
    run = er.Run(er.Settings(data="own", held_out=0.2, stop_at=20), data)
    torch.testing.assert_close(run.data.x[:, ::2].mean(0), torch.zeros(2), atol=1e-5, rtol=0)
    torch.testing.assert_close(run.data.x[:, ::2].std(0, correction=0), torch.ones(2))
    assert set(run.data.x[:, 1].tolist()) == {0.0, 1.0}
    assert run.data.test is not None
    torch.testing.assert_close(run.data.test.raw()[:, 0].sort().values, data.split(0.2).test.x[:, 0].sort().values)
    assert all(np.isfinite(step.elbo) for step in run)
    assert er.Run(er.Settings(data="own", response="poisson"), er.load(counts("g1", "g2"))).data.scale is None


def test_rows_without_a_label_are_known(tmp_path: Path) -> None:
    assert er.load(cells()).labelled.sum() == 40


def test_only_the_reading_process_imports_what_reads() -> None:
    modules = "elbo_room.models.data, elbo_room.widgets.worker.own_data.own_table, elbo_room.widgets.screen.own_table"
    text = f"import sys, {modules}; print(sorted({{'pandas', 'pyarrow', 'anndata', 'openpyxl', 'zarr'}} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, check=True, env=process.environment()
    )
    assert done.stdout.strip() == "[]"


def test_the_vocabulary_of_texts_is_that_of_the_rows_that_train(tmp_path: Path) -> None:
    """The rows that a run holds out are those that the vocabulary was not counted on; their own words are unknown."""
    rows = 40
    kept, held = held_out_rows(rows - 1, 0.2)
    usable = np.ones(rows, bool)
    usable[5] = False  # without a response
    places = np.flatnonzero(usable)
    assert np.array_equal(np.flatnonzero(training_rows(usable)), places[kept.numpy()])
    own = [f"the own{row} word here" for row in range(rows)]
    lines = [f"{text},{'' if row == 5 else 'ab'[row % 2]}" for row, text in enumerate(own)]
    path = tmp_path / "t.csv"
    path.write_text("text,y\n" + "\n".join(lines))
    data = load(path, text="text", y="y")
    words = set(data.feature_names)
    assert "own5" not in words
    assert all(f"own{places[row]}" in words for row in kept.tolist())
    assert not any(f"own{places[row]}" in words for row in held.tolist())
    run = run_from(suggested(data).settings | {"stop_at": 1}, data)
    unknown = run.data.test.x.unflatten(1, data.shape)[:, :, data.feature_names[: data.shape[1]].index("…")]
    assert bool((unknown.sum(1) == 1).all()), "one unknown word in each held-out text"


def test_r_s_write_table_is_separated_by_spaces_and_names_its_rows(written: Written) -> None:
    lines = "".join(f'"Car {i}" {20 + i / 4} {4 + 2 * (i % 3)} "g{i % 2}"\n' for i in range(20))
    table = written("t.txt", f'"mpg" "cyl" "gear"\n{lines}')
    assert roles(table) == {"": "row name", "mpg": "feature", "cyl": "feature", "gear": "feature"}
    assert table.data.row_names[:2] == ("Car 0", "Car 1")
    assert table.data.x[1, :2].tolist() == [20.25, 6.0]
    assert "separated by spaces" in table.about["notes"][0]


def test_a_zip_or_a_folder_with_one_text_table_is_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        archive.writestr("inner/t.csv", "a,b\n1.5,2\n3,4\n")
    table = read_table(tmp_path / "t.zip", Wishes())
    assert table.data.x.tolist() == [[1.5, 2.0], [3.0, 4.0]]
    assert "The table is t.csv in t.zip." in table.about["notes"]


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (("a.csv", "b.csv"), "contains 2 text tables and no .mtx file. Use one .csv"),
        (("a.png",), "contains no table and no .mtx file. Use one .csv"),
        (("zarr.json", "X/0"), "is a Zarr store, which is not read. In Python, save the AnnData with adata.write_h5ad"),
    ],
)
def test_other_archives_say_what_to_do(names: tuple[str, ...], sentence: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        for name in names:
            archive.writestr(name, "a,b\n1,2\n3,4\n")
    with pytest.raises(DataError, match=re.escape(sentence)):
        read_table(tmp_path / "t.zip", Wishes())


def test_a_workbook_with_a_cover_and_a_title_above_the_table(tmp_path: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    book.active["A1"] = "Report of 2024"
    sheet = book.create_sheet("Data")
    for row in (["Measurements"], [], ["a", "b"], [1.5, 2], [3, 4]):
        sheet.append(row)
    book.save(tmp_path / "t.xlsx")
    table = read_table(tmp_path / "t.xlsx", Wishes())
    assert table.data.feature_names == ("a", "b")
    assert table.data.x.tolist() == [[1.5, 2.0], [3.0, 4.0]]
    assert table.about["notes"] == [
        "The title above the table was skipped.",
        "The workbook has 2 sheets; 'Data' was read.",
    ]


def test_polars_and_arrow_files(tmp_path: Path) -> None:
    """Feather is Arrow's file format, which polars calls IPC."""
    frame = pd.DataFrame({"a": [1.5, 3.0], "b": [2.0, 4.0]})
    frame.to_feather(tmp_path / "t.arrow")
    assert read_table(tmp_path / "t.arrow", Wishes()).data.x.tolist() == [[1.5, 2.0], [3.0, 4.0]]
    pl = pytest.importorskip("polars")
    made = pl.DataFrame({"a": [1.5, 3.0], "kind": ["x", "y"]})
    made.with_columns(pl.col("kind").cast(pl.Categorical)).write_parquet(tmp_path / "t.parquet")
    assert roles(read_table(tmp_path / "t.parquet", Wishes()))["a"] == "feature"


def test_svmlight_and_a_second_line_of_names_are_refused_with_help(written: Written) -> None:
    with pytest.raises(DataError, match=r"pairs index:value, as svmlight writes them.*save_npz"):
        written("t.txt", "".join(f"{i % 2} 1:{i} 4:2.5\n" for i in range(9)))
    with pytest.raises(
        DataError, match=r"no column can be a feature \(a: 9 of 10 values are numbers, but row 1 is 'n'"
    ):
        written("t.csv", "a,a\nn,width\n" + "".join(f"{i},{i / 2}\n" for i in range(9)))
