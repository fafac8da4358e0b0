"""An untrusted file reads nothing but itself, takes no more memory than allowed, and is read or refused in one sentence."""

import gzip
import zipfile
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch

from elbo_room.models.data import columns, load
from elbo_room.models.data.dataset import DataError, Dataset, from_array
from elbo_room.models.reading import contents, limits, text
from elbo_room.models.reading.limits import Refused
from elbo_room.models.reading.wishes import Wishes
from tests.damaged_files import KINDS, damaged_reads
from tests.models.test_tables import COUNTS, h5ad

pytestmark = pytest.mark.usefixtures("quick_reading")
SECRET = b"root:x:0:0:secret-line\n" * 40
Attack = Callable[[h5py.File, Path], Any]


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file of the server's, and the same as HDF5."""
    path = tmp_path / "passwd"
    path.write_bytes(SECRET)
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["lines"] = np.frombuffer(SECRET[:12], np.uint8).reshape(4, 3)
        file["words"] = [SECRET.decode()] * 4
    return path


def refused(path: Path, words: str, **more: Any) -> None:
    """Refused in one sentence that holds nothing of the secret."""
    with pytest.raises(DataError, match=words) as caught:
        load(path, **more)
    text = str(caught.value)
    assert "root" not in text
    assert "secret-line" not in text
    assert len(text) < 400
    assert text.isprintable()
    assert path.name in text


def external(name: str) -> Attack:
    """A data set whose bytes are those of another file."""

    def attack(file: h5py.File, secret: Path) -> None:
        if name in file:
            del file[name]
        file.create_dataset(name, (4, 3), "u1", external=[(str(secret), 0, 12)])

    return attack


def linked(name: str) -> Attack:
    """A link to a data set of another file."""

    def attack(file: h5py.File, secret: Path) -> None:
        if name in file:
            del file[name]
        file[name] = h5py.ExternalLink(str(secret.with_name("secret.h5")), "/words")

    return attack


def virtual(name: str, other: bool) -> Attack:
    """A virtual data set of another file, or of this one."""

    def attack(file: h5py.File, secret: Path) -> None:
        if name in file:
            del file[name]
        layout = h5py.VirtualLayout((4, 3), "u1")
        source = str(secret.with_name("secret.h5")) if other else "."
        layout[:] = h5py.VirtualSource(source, "lines", (4, 3))
        file.create_virtual_dataset(name, layout)

    return attack


def soft(name: str, target: str) -> Attack:
    return lambda file, _: file.__setitem__(name, h5py.SoftLink(target))


def dots(file: h5py.File, secret: Path) -> None:
    made = file.require_group("uns")
    made.id.links.create_external(b"..", bytes(secret.with_name("secret.h5")), b"/words")


def filtered(file: h5py.File, _: Path) -> None:
    plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plan.set_chunk((2, 3))
    plan.set_filter(305, h5py.h5z.FLAG_OPTIONAL, ())
    h5py.h5d.create(file.id, b"packed", h5py.h5t.NATIVE_FLOAT, h5py.h5s.create_simple((4, 3)), plan)


def huge(file: h5py.File, _: Path) -> None:
    del file["X"]
    file.create_dataset("X", (10**6, 10**6), "f4", chunks=(100, 100), compression="gzip")


def huge_records(file: h5py.File, _: Path) -> None:
    kind = np.dtype([("index", "S8"), ("wide", "f8", (10_000,))])
    file.create_dataset("uns/records", (10**8,), kind, chunks=(10,), compression="gzip")


def wide_chunks(file: h5py.File, _: Path) -> None:
    file.create_dataset("uns/wide", (4, 3), "f4", chunks=(20_000, 20_000), maxshape=(None, None))


def packed_twice(file: h5py.File, _: Path) -> None:
    plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plan.set_chunk((2, 3))
    plan.set_deflate(9)
    plan.set_filter(h5py.h5z.FILTER_DEFLATE, 0, (9,))
    h5py.h5d.create(file.id, b"twice", h5py.h5t.NATIVE_FLOAT, h5py.h5s.create_simple((4, 3)), plan)


def deflate_bomb(file: h5py.File, _: Path) -> None:
    """One chunk of 12 bytes whose stored bytes inflate to 16 GB; made of one flushed block, again and again."""
    del file["X"]
    made = file.create_dataset("X", (4, 3), "u1", chunks=(2000, 3000), maxshape=(None, None), compression="gzip")
    pack = zlib.compressobj(9)
    head = pack.compress(bytes(1 << 20)) + pack.flush(zlib.Z_FULL_FLUSH)
    block = pack.compress(bytes(1 << 24)) + pack.flush(zlib.Z_FULL_FLUSH)
    made.id.write_direct_chunk((0, 0), head + 300 * block)


def same_word(file: h5py.File, _: Path) -> None:
    """100,000 rows that all point to one stored word of 100,000 letters: 10 GB."""
    made = file.create_dataset("obs/words", (100_000,), h5py.string_dtype(), chunks=(100_000,))
    made[0] = "a" * 100_000
    _, raw = made.id.read_direct_chunk((0,))
    made.id.write_direct_chunk((0,), raw[:16] * 100_000)


ATTACKS: dict[str, tuple[Attack, str]] = {
    **{f"storage {name}": (external(name), "stored in another file") for name in
       ("X", "obs/plate", "obs/stolen", "uns/a/b/c", "obs/kind/categories", "layers/counts", "raw/X")},
    **{f"link {name}": (linked(name), "link to another file") for name in
       ("X", "obs/plate", "obs/stolen", "obsm/x", "uns/a/b", "layers/counts", "raw", "obs/kind/categories")},
    **{f"virtual {name} {other}": (virtual(name, other), "virtual data set") for name in ("X", "obs/stolen", "uns/deep/er")
       for other in (True, False)},
    **{f"soft {name} {target}": (soft(name, target), "soft link") for name, target in
       (("uns/s", "/X"), ("obs/stolen", "/nowhere"), ("uns/t", "/uns/t"), ("obs/u", ".."), ("raw", "/"))},
    "dots": (dots, "link to another file"),
    "plug-in": (filtered, "needs a plug-in"),
    "huge": (huge, "claims 4,000,000,000,000 bytes"),
    "huge records": (huge_records, "claims 8,000,"),
    "wide chunks": (wide_chunks, "in chunks of"),
    "packed twice": (packed_twice, "compressed 2 times over"),
    "deflate bomb": (deflate_bomb, "unpacks to more than it declares"),
    "same word": (same_word, "do not fit in memory"),
}  # fmt: skip


@pytest.mark.parametrize("name", ATTACKS)
def test_an_h5ad_that_leaves_itself_or_unpacks_without_end_is_refused(tmp_path: Path, secret: Path, name: str) -> None:
    path = h5ad(tmp_path / "cells.h5ad", "dense", COUNTS)
    attack, words = ATTACKS[name]
    with h5py.File(path, "a") as file:
        attack(file, secret)
    refused(path, words)
    if name.split()[1:] and name.split()[1].startswith(
        "obs/"
    ):  # a process of its own: only where a column could come of it
        assert columns(path) == ()


def test_an_unknown_link_class_is_refused(tmp_path: Path, secret: Path) -> None:
    """An external link's message with another type: HDF5 would ask a plug-in for it."""
    path = h5ad(tmp_path / "cells.h5ad", "dense", COUNTS)
    with h5py.File(path, "a") as file:
        made = file.create_group("uns")
        made.id.links.create_external(b"unmistakable", b"/etc/hostname", b"/")
    content = bytearray(path.read_bytes())
    at = content.index(b"unmistakable")
    kind = content.rindex(64, 0, at)
    assert at - kind < 16
    content[kind] = 99
    path.write_bytes(content)
    refused(path, "a link of an unknown kind")


def test_hard_links_in_a_circle_committed_types_and_references_are_read_past(tmp_path: Path) -> None:
    path = h5ad(tmp_path / "cells.h5ad", "csr", COUNTS)
    with h5py.File(path, "a") as file:
        file["uns/loop"] = file["/"]
        file["obs/again"] = file["obs"]
        file["type"] = np.dtype("f8")
        file["obs/reference"] = np.array([file["X"].ref] * 4, h5py.ref_dtype)
        file["obs/region"] = np.array([file["obs/plate"].regionref[:2]] * 4, h5py.regionref_dtype)
        file["obs"].attrs["categories"] = file["X"].ref
        file["obs/none"] = h5py.Empty("f4")
    data = load(path, labels="kind", batch="plate")
    assert torch.equal(data.x, torch.tensor(COUNTS))
    assert "reference" not in columns(path)
    refused(path, "no column 'reference'", labels="reference")
    with h5py.File(path, "a") as file:
        file["obs"].attrs["_index"] = file["X"].ref
    refused(path, "_index of /obs is of an unknown kind")


def test_raw_counts_have_the_names_of_raw(tmp_path: Path) -> None:
    path = h5ad(tmp_path / "cells.h5ad", "csr", COUNTS, "raw/X")
    with h5py.File(path, "a") as file:
        del file["X"]
        file["X"] = COUNTS[:, :2] - 0.5
        del file["var/index"]
        file["var/index"] = ["only", "two"]
    refused(path, "2 feature names for 3 columns")
    with h5py.File(path, "a") as file:
        names = file.create_group("raw/var")
        names.attrs["_index"] = "index"
        names["index"] = ["x", "y", "z"]
    assert load(path).feature_names == ("x", "y", "z")


# other kinds of files


def member(shape: str, kind: str = "<f4", content: bytes = b"\0" * 48) -> bytes:
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}}}".ljust(117).encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + content


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"x": member("(10000000000, 3)")}, "claims the shape"),
        ({"x": member("(4, 4)")}, "claims the shape"),
        ({"x": member("(-4, -3)")}, "claims the shape"),
        ({"x": member("(4, 3)", "|O")}, "neither numbers nor text"),
        ({"x": member("(4, 3)"), "labels": member("(1000000000000,)", "<U0")}, "neither numbers nor text"),
        ({"x": b"\x93NUMPY\x09\x00"}, "unknown version"),
        ({"x": member("(4, 3)")[:60]}, "cannot be read as .npz"),
        ({"x": member("(1e9,)")}, "cannot be read as .npz"),
        ({"x": member("(4, 3)"), "batch": member("(3,)", "<U1", b"a\0\0\0" * 3)}, "3 batch entries for 4 rows"),
        ({"x": member("(4, 3)"), "feature_names": member("(2,)", "<U1", b"a\0\0\0" * 2)}, "2 feature names for 3 columns"),
        ({"x": member("(4, 3)"), "labels": member("(2,)", "<U1", b"a\0\0\0" * 2)}, "2 labels for 4 rows"),
    ],
)  # fmt: skip
def test_an_npz_that_does_not_match_its_header_is_refused(
    tmp_path: Path, members: dict[str, bytes], words: str
) -> None:
    path = tmp_path / "t.npz"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    refused(path, words)


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"shape": [10**6, 10**6]}, "up to 100,000 columns"),
        ({"shape": [10**5, 10**5]}, "up to 500,000,000 values"),
        ({"shape": [-4, -3]}, "-4 rows"),
        ({"shape": [4]}, "not one of rows and columns"),
        ({"indices": [0, 1, 7]}, "outside its 3 columns"),
        ({"indices": [0, 1, -1]}, "outside its 3 columns"),
        ({"indptr": [0, 10**12, 1, 2, 3]}, "are not those of 4 rows"),
        ({"indptr": [0, 1, 2]}, "are not those of 4 rows"),
    ],
)
def test_sparse_parts_that_do_not_fit_each_other_are_refused(tmp_path: Path, parts: dict[str, Any], words: str) -> None:
    whole = {"data": [1, 2, 3], "indices": [0, 1, 2], "indptr": [0, 1, 2, 2, 3], "shape": [4, 3]}
    np.savez(tmp_path / "good.npz", **whole)
    assert load(tmp_path / "good.npz").x.tolist() == [[1, 0, 0], [0, 2, 0], [0, 0, 0], [0, 0, 3]]
    np.savez(tmp_path / "t.npz", **whole | parts)
    refused(tmp_path / "t.npz", words)


def test_a_zip_bomb_and_a_text_bomb_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "MOST_TEXT", 10_000)
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(b"x,y\n" + b"1,2\n" * 10_000))
    with pytest.raises(Refused, match="more than 10,000 characters"):
        contents.contents(tmp_path / "t.csv.gz", Wishes())
    monkeypatch.setattr(limits, "MOST_CELLS", 5)
    (tmp_path / "t.csv").write_text("x,y\n1,2\n3,4\n5,6\n")
    with pytest.raises(Refused, match="up to 5 values"):
        contents.contents(tmp_path / "t.csv", Wishes())


def test_many_kinds_take_no_square_of_the_rows(tmp_path: Path) -> None:
    """One batch a row is refused; labels that all differ are numbered at once."""
    names = np.array([f"b{i}" for i in range(30_000)])
    np.savez(tmp_path / "t.npz", x=np.ones((30_000, 1), np.float32), batch=names)
    refused(tmp_path / "t.npz", "batch has 30,000 different values")
    assert from_array(np.ones((30_000, 1)), names).labels.unique().numel() == 30_000


def test_parts_that_do_not_fit_the_table_are_refused_wherever_they_come_from() -> None:
    x, labels = torch.ones(4, 3), torch.zeros(4, dtype=torch.int64)
    for part in (
        {"covariates": torch.ones(3, 2)},
        {"y": torch.ones(5)},
        {"feature_names": ("a",)},
        {"row_names": ("a",)},
    ):
        with pytest.raises(DataError, match=r"There are \d .* for [34] (rows|columns). Pass one for each"):
            Dataset(name="d", x=x, labels=labels, label_names=("all",), shape=(3,), **part)


# damaged files of every kind


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_file_is_read_or_refused_with_one_sentence(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "elbo_room.models.reading.process.SECONDS", 3
    )  # some send the HDF5 library into an endless loop
    found = list(damaged_reads(kind, tmp_path, seed=12, count=30))
    assert [(each.fault, each.seconds) for each in found if each.fault] == []
    assert any(each.refused for each in found)


def test_a_zip_that_holds_something_else_is_refused(tmp_path: Path) -> None:
    held = BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("../../x.npy", b"no array")
        archive.writestr("x.npy", b"no array either")
    (tmp_path / "t.npz").write_bytes(held.getvalue())
    refused(tmp_path / "t.npz", r"cannot be read as .npz: it is damaged")
