"""numpy's `.npz` and `.npy`, scipy's sparse `.npz`, and Matrix Market files, alone or in a 10x folder; nothing is unpickled.

In addition to the table x a `.npz` may contain `labels`, `batch` and `y` (text or numbers, one per row) and `feature_names`.
"""

import gzip
import io
import math
import re
import tempfile
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from elbo_room.models.reading.limits import MOST_CELLS, MOST_TEXT, Refused, check_size, unreadable
from elbo_room.models.reading.sheet import Sheet
from elbo_room.models.reading.sparse import checked
from elbo_room.models.reading.wishes import BATCH, LABEL, RESPONSE

MOST_BYTES = 4 * MOST_CELLS  # of one array
TABLES = ("x", "X", "arr_0", "data", "counts")  # the names under which a table is looked for
COLUMNS = {
    "labels": ("labels", LABEL), "label": ("labels", LABEL), "target": ("y", RESPONSE), "y": ("y", RESPONSE), "Y": ("y", RESPONSE),
    "batch": ("batch", BATCH),
}  # fmt: skip
SPARSE = {
    "csr": ("data", "indices", "indptr"), "csc": ("data", "indices", "indptr"), "bsr": ("data", "indices", "indptr"),
    "coo": ("data", "row", "col"), "dia": ("data", "offsets"),
}  # fmt: skip
MOST_MEMBERS = 1_000
Array = np.ndarray[Any, Any]


def _members(path: Path) -> dict[str, Array]:
    """The arrays of an archive.

    Raises:
        Refused: one does not match its header, or is too large.
    """
    found: dict[str, Array] = {}
    spent = 0
    with zipfile.ZipFile(path) as archive:
        if len(archive.infolist()) > MOST_MEMBERS:
            raise Refused(
                f"{path.name} contains {len(archive.infolist()):,} arrays; up to {MOST_MEMBERS:,} are read. Save only x."
            )
        for entry in archive.infolist():
            name = entry.filename.removesuffix(".npy")
            if name not in found:
                with archive.open(entry) as member:
                    found[name] = _array(member, entry.file_size, name, path)
                spent += found[name].nbytes
                if spent > 1.5 * MOST_BYTES:
                    raise MemoryError
    return found


def _array(member: Any, size: int, name: str, path: Path) -> Array:
    """One array; its header is checked before memory is allocated for it."""
    version = np.lib.format.read_magic(member)
    if version not in ((1, 0), (2, 0)):
        raise Refused(f"{name} in {path.name} is of an unknown version. Save it with numpy.savez_compressed.")
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, by_column, kind = read(member)
    if kind.kind not in "biufSU" or not kind.itemsize:
        raise Refused(f"{name} in {path.name} contains neither numbers nor text. Save it as an array of either.")
    declared = math.prod(shape) * kind.itemsize
    size -= member.tell()
    if not 0 <= declared <= min(size, MOST_BYTES) or any(each < 0 for each in shape):
        raise Refused(
            f"{name} in {path.name} claims the shape {shape}, {declared:,} bytes; {size:,} are stored, and up to "
            f"{MOST_BYTES:,} can be read. Choose fewer rows or columns, or save it again."
        )
    return np.frombuffer(member.read(declared), kind).reshape(shape, order="F" if by_column else "C")


def _guarded(read: Callable[[], Sheet], path: Path, kind: str) -> Sheet:
    """zipfile, zlib, numpy and scipy each have errors of their own for a damaged file."""
    try:
        return read()
    except (Refused, MemoryError):
        raise
    except Exception as error:
        raise unreadable(path, kind) from error


def read_npy(path: Path) -> Sheet:
    """One array."""

    def read() -> Sheet:
        with path.open("rb") as file:
            return _sheet(_array(file, path.stat().st_size, "the array", path), {}, path)

    return _guarded(read, path, ".npy")


def read_npz(path: Path) -> Sheet:
    """The table of a `.npz`, dense or sparse, with its labels, batches, responses and feature names.

    Raises:
        Refused: it is not a `.npz`, or contains no table.
    """

    def read() -> Sheet:
        held = _members(path)
        return _sheet(_table(held, path), held, path)

    return _guarded(read, path, ".npz")


def _table(held: dict[str, Array], path: Path) -> Any:
    if "format" in held and "shape" in held:
        return _of_scipy(held, path)
    if "indptr" in held and "data" in held and held["data"].ndim == 1 and "indices" in held and "shape" in held:
        return checked(held, held["shape"], path)
    tables = [name for name in TABLES if name in held and held[name].ndim > 1]
    tables = tables or [name for name, each in held.items() if each.ndim > 1 and each.dtype.kind in "biuf"][:1]
    tables = tables or [name for name in ("x", "X") if name in held]
    if not tables:
        missing = [name for name in ("data", "indices", "indptr", "shape") if name not in held]
        raise Refused(
            f"{path.name} has neither a table 'x' nor a complete CSR matrix; it lacks {', '.join(missing)}. "
            "Save it with numpy.savez_compressed(path, x=table)."
        )
    return held[tables[0]]


def _of_scipy(held: dict[str, Array], path: Path) -> Any:
    """What `scipy.sparse.save_npz` wrote; its parts are checked first."""
    from scipy import sparse

    word = held["format"].item() if held["format"].size == 1 else b""
    kind = word.decode("ascii", "replace") if isinstance(word, bytes) else str(word)
    shape = tuple(int(each) for each in held["shape"].ravel())
    if kind not in SPARSE or len(shape) != 2 or not all(name in held for name in SPARSE.get(kind, ())):
        raise Refused(
            f"{path.name} is a sparse matrix of an unknown kind. Save it with scipy.sparse.save_npz as csr, csc or coo."
        )
    check_size(*shape, path, sparse=True)
    if kind in ("csr", "csc"):
        return checked(held, shape, path, by_column=kind == "csc")
    if kind == "dia" and held["data"].size > MOST_CELLS:
        raise MemoryError
    made = sparse.load_npz(path)
    if made.shape != shape or made.nnz > MOST_CELLS:
        raise MemoryError
    if kind == "bsr":
        made.check_format(full_check=True)
    entries = made.tocoo()
    inside = (entries.row >= 0) & (entries.row < shape[0]) & (entries.col >= 0) & (entries.col < shape[1])
    if not inside.all():
        raise unreadable(path, "a sparse matrix")
    rows = entries.tocsr()
    rows.sum_duplicates()
    return rows.astype(np.float32)


def _sheet(x: Any, held: dict[str, Array], path: Path) -> Sheet:
    import pandas as pd

    if getattr(x, "dtype", np.dtype("f4")).kind not in "biuf":
        raise Refused(f"The table in {path.name} contains no numbers. Save x as an array of numbers.")
    sheet = Sheet(x=x)
    if x.ndim > 1:
        check_size(x.shape[0], math.prod(x.shape[1:]), path, sparse=not isinstance(x, np.ndarray))
    for name, (called, role) in COLUMNS.items():
        if name in held and called not in sheet.names and held[name].ndim:
            values, rows = held[name], x.shape[0] if x.ndim else 0
            what = {BATCH: "batch entries", LABEL: "labels", RESPONSE: "responses y"}[role]
            if len(values) != rows:
                raise Refused(
                    f"There are {len(values):,} {what} for {rows:,} rows in {path.name}. Save one for each row, or none."
                )
            flat = values.reshape(rows, -1)
            if flat.shape[1] == 1:
                column: Any = flat[:, 0]
                column = _decoded(column.tolist()) if column.dtype.kind == "S" else column
                series = pd.Series(column)
                sheet.names.append(called)
                sheet.columns.append(series)
                sheet.roles[called] = role
    names = held.get("feature_names", held.get("columns", held.get("genes")))
    if names is not None and names.ndim == 1:
        sheet.features = _decoded(names.tolist())
    return sheet


def _decoded(words: list[Any]) -> list[str]:
    return [each.decode("utf-8", "replace") if isinstance(each, bytes) else str(each) for each in words]


# Matrix Market


def read_mtx(path: Path) -> Sheet:
    """A Matrix Market file, alone, in a folder or in a zip with the names of genes and cells, as Cell Ranger writes them (genes × cells).

    Raises:
        Refused: it is none, or too large.
    """
    return _guarded(lambda: _mtx(path), path, ".mtx")


def _parts(path: Path) -> dict[str, Callable[[], bytes]]:
    """The files of a folder or a zip by their last name, or the one file."""
    if path.is_dir():
        files = [each for each in sorted(path.iterdir()) if each.is_file()]
        return {each.name: partial(_whole_file, each, path) for each in files}
    if not zipfile.is_zipfile(path):
        return {path.name: partial(_whole_file, path, path)}
    archive = zipfile.ZipFile(path)
    entries = [
        each for each in archive.infolist() if not each.is_dir() and not Path(each.filename).name.startswith(".")
    ]
    return {Path(each.filename).name: partial(_whole_entry, archive, each, path) for each in entries}


def _whole_file(file: Path, path: Path) -> bytes:
    with file.open("rb") as stream:
        return _unpacked(_limited(stream, path), file.name, path)


def _whole_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path) -> bytes:
    with archive.open(entry) as stream:
        return _unpacked(_limited(stream, path), entry.filename, path)


def _limited(stream: Any, path: Path) -> bytes:
    content = bytes(stream.read(MOST_TEXT + 1))
    if len(content) > MOST_TEXT:
        raise Refused(
            f"{path.name} has more than {MOST_TEXT:,} characters, the most that can be read. Choose fewer rows or columns."
        )
    return content


def _unpacked(content: bytes, name: str, path: Path) -> bytes:
    return _limited(gzip.GzipFile(fileobj=io.BytesIO(content)), path) if name.endswith(".gz") else content


def _mtx(path: Path) -> Sheet:
    parts = _parts(path)
    tables = [name for name in parts if re.search(r"\.mtx(\.gz)?$", name)]
    if not tables:
        return _packed_text(parts, path)
    x = _matrix(parts[tables[0]](), path)
    features, cells = (_column(parts, words, place) for words, place in (("features|genes", 1), ("barcodes", 0)))
    if features and len(features) == x.shape[0] and (not cells or len(cells) == x.shape[1]):
        note = "The file has genes as rows and cells as columns, as Cell Ranger writes it: it was transposed."
        return Sheet(x=x.T.tocsr(), features=features, row_names=cells, notes=[note])
    return Sheet(
        x=x,
        features=features if len(features) == x.shape[1] else [],
        row_names=cells if len(cells) == x.shape[0] else [],
    )


def _packed_text(parts: dict[str, Callable[[], bytes]], path: Path) -> Sheet:
    """The only text table of a folder or a zip.

    Raises:
        Refused: it has none, or several.
    """
    names = [name for name in parts if name.lower().removesuffix(".gz").endswith((".csv", ".tsv", ".txt"))]
    if len(names) != 1:
        came = f"{len(names):,} text tables" if names else "no table"
        zarr = ".zarr" in path.name or any(name in parts for name in (".zattrs", ".zgroup", "zarr.json"))
        raise Refused(
            f"{path.name} is a Zarr store, which is not read. In Python, save the AnnData with adata.write_h5ad(path)."
            if zarr
            else f"{path.name} contains {came} and no .mtx file. Use one .csv, .tsv or .parquet, or the folder of Cell Ranger with "
            "matrix.mtx, features.tsv and barcodes.tsv, packed as .zip."
        )
    from elbo_room.models.reading.text import read_text

    with tempfile.TemporaryDirectory(prefix="elbo-room-") as folder:
        text = Path(folder) / Path(names[0].removesuffix(".gz")).name
        text.write_bytes(parts[names[0]]())
        sheet = read_text(text, "," if text.suffix.lower() == ".csv" else "\t")
    sheet.notes.append(f"The table is {names[0][:60]} in {path.name}.")
    return sheet


def _matrix(content: bytes, path: Path) -> Any:
    from scipy import io as scipy_io
    from scipy import sparse

    head = next((line for line in content[:1_000_000].split(b"\n") if line.strip() and not line.startswith(b"%")), b"")
    sizes = [int(each) for each in head.split()[:3]]
    if len(sizes) < 2 or not content.startswith(b"%%MatrixMarket"):
        raise unreadable(path, ".mtx")
    coordinate = b"coordinate" in content[:100].lower()
    check_size(sizes[0], sizes[1], path, sparse=coordinate)
    if coordinate and (len(sizes) < 3 or sizes[2] > len(content)):
        raise unreadable(path, ".mtx")
    found = scipy_io.mmread(io.BytesIO(content))
    if not sparse.issparse(found):
        return np.asarray(found)
    rows = found.tocsr()
    rows.sum_duplicates()
    return rows


def _column(parts: dict[str, Callable[[], bytes]], words: str, place: int) -> list[str]:
    """The words of a column of the file with such a name; the first column where there is no other."""
    name = next((name for name in parts if re.search(rf"({words})\.tsv(\.gz)?$", name)), None)
    if name is None:
        return []
    lines = parts[name]().decode("utf-8", "replace").splitlines()
    return [fields[min(place, len(fields) - 1)] for fields in (line.split("\t") for line in lines if line)]
