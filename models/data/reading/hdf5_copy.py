"""Copies parts of an HDF5 file to a `.npz`, in a separate process: `python -P hdf5_copy.py FILE TARGET PLACE…`.

An untrusted file may refer to other files (links, external storage, virtual data sets), unpack to far more than its size, and, if
damaged, send the HDF5 library into an endless loop. So every link and every object is checked before anything is read, no target
of a link is ever opened, and anything that the checks miss ends only this process. It needs h5py and numpy, not the rest of the lab.
"""

import json
import math
import sys
import zlib
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from h5py import h5a, h5d, h5g, h5l, h5o, h5t, h5z

MOST_BYTES = 2_000_000_000  # of one stored array, as numbers in memory
MOST_CHUNK = 500_000_000  # bytes that are unpacked at a time
MOST_WORDS = 200_000_000  # characters, of all columns of text
CACHE = 100_000_000  # bytes of unpacked chunks that are kept
MOST_UNPACKING = 1100  # the largest factor by which deflate can expand a file
MOST_OBJECTS = 100_000
FILTERS = (h5z.FILTER_DEFLATE, h5z.FILTER_SHUFFLE, h5z.FILTER_FLETCHER32, h5z.FILTER_LZF)  # those included in h5py
PLAIN = (h5t.INTEGER, h5t.FLOAT, h5t.STRING, h5t.ENUM)
WORDS = ("_index", "encoding-type", "h5sparse_format")  # attributes that are text …
SIZES = ("shape", "h5sparse_shape")  # … and that are whole numbers
Array = np.ndarray[Any, Any]
LINKS = {h5l.TYPE_SOFT: "a soft link", h5l.TYPE_EXTERNAL: "a link to another file"}
ALONE = "Save the data themselves in the file, without links, external or virtual storage."


class RefusedError(Exception):
    """Content that is not allowed; the message is a sentence without the file's name, and what to do."""


def _shown(place: str) -> str:
    """A path in the file in printable form: any bytes can be a name."""
    return "".join(each if each.isprintable() else "�" for each in place)[:60]


# checking


def check(file: h5py.File, size: int) -> None:
    """Visit every object reachable by hard links, each once, without following any other link.

    Raises:
        RefusedError: the file refers to other files, or contains something that would not fit in memory.
    """
    waiting, seen = [("", file.id)], set()
    while waiting:
        place, group = waiting.pop()
        for name in group:
            link, here = group.links.get_info(name), f"{place}/{name.decode('utf-8', 'replace')}".lstrip("/")
            if link.type != h5l.TYPE_HARD:
                raise RefusedError(f"{_shown(here)} is {LINKS.get(link.type, 'a link of an unknown kind')}. {ALONE}")
            made = h5o.open(group, name)
            key = (h5o.get_info(made).fileno, h5o.get_info(made).addr)
            if key in seen:
                continue
            seen.add(key)
            if len(seen) > MOST_OBJECTS:
                raise RefusedError(
                    f"It contains more than {MOST_OBJECTS:,} objects. Save only the table and its columns."
                )
            if isinstance(made, h5g.GroupID):
                waiting.append((here, made))
            elif isinstance(made, h5d.DatasetID):
                _check_dataset(made, _shown(here), size)


def _check_dataset(stored: h5d.DatasetID, place: str, size: int) -> None:
    plan = stored.get_create_plist()
    if plan.get_layout() == h5d.VIRTUAL:  # before its extent is read, which would open the other files
        raise RefusedError(f"{place} is a virtual data set, assembled from others. {ALONE}")
    if plan.get_external_count():
        raise RefusedError(f"{place} is stored in another file. {ALONE}")
    for number in range(plan.get_nfilters()):
        if plan.get_filter(number)[0] not in FILTERS:
            raise RefusedError(f"{place} is compressed in a way that needs a plug-in. Save it with compression='gzip'.")
    each = stored.get_type().get_size()
    declared = stored.get_space().get_simple_extent_npoints() * each
    if declared > MOST_BYTES and declared > MOST_UNPACKING * size:
        raise RefusedError(
            f"{place} claims {declared:,} bytes in a file of {size:,}. The file is damaged or malicious."
        )
    if plan.get_layout() == h5d.CHUNKED:
        _check_chunks(plan, place, each)


def _check_chunks(plan: Any, place: str, each: int) -> None:
    """No chunk may unpack to more than it declares: deflate stops only at the end of the stored bytes."""
    chunk = math.prod(plan.get_chunk()) * each
    deflated = sum(plan.get_filter(number)[0] == h5z.FILTER_DEFLATE for number in range(plan.get_nfilters()))
    if chunk > MOST_CHUNK or deflated > 1:
        raise RefusedError(
            f"{place} is stored in chunks of {chunk:,} bytes; at most {MOST_CHUNK:,} are allowed. Save it with smaller chunks."
            if chunk > MOST_CHUNK
            else f"{place} is compressed {deflated} times over. Save it with compression='gzip' once."
        )


def _check_pieces(node: h5py.Dataset, place: str) -> None:
    """No stored piece may unpack to more than a chunk: deflate itself stops only at the end of the stored bytes."""
    each = node.id.get_type().get_size()
    chunk = math.prod(node.chunks) * max(
        each, 2 * each * node.dtype.hasobject
    )  # a word's address is longer in the file
    found: list[Any] = []
    node.id.chunk_iter(lambda piece: found.append(piece) if piece.size * MOST_UNPACKING > MOST_CHUNK else None)
    for piece in found:
        if piece.size > 1.1 * chunk + 4096 or (node.compression == "gzip" and _unpacked(node, piece) > chunk):
            raise RefusedError(f"{place} unpacks to more than it declares. The file is damaged or malicious.")


def _unpacked(node: h5py.Dataset, piece: Any) -> int:
    """How many bytes a deflated piece unpacks to; counting stops at the limit."""
    _, stored = node.id.read_direct_chunk(piece.chunk_offset)
    inflate, size = zlib.decompressobj(), 0
    while stored and not inflate.eof and size <= MOST_CHUNK:
        size += len(inflate.decompress(stored, 1 << 24))
        stored = inflate.unconsumed_tail
    return size


def _readable(kind: h5t.TypeID) -> bool:
    """Numbers and text; not references, which lead elsewhere, or lists of variable length."""
    if kind.get_class() == h5t.COMPOUND:
        return all(_readable(kind.get_member_type(number)) for number in range(kind.get_nmembers()))
    return kind.get_class() in PLAIN


# copying


class Copy:
    """The output: arrays by name, and the tree that describes them."""

    def __init__(self, size: int) -> None:
        self.size = size  # of the file
        self.arrays: dict[str, Array] = {}
        self.tree: list[dict[str, Any]] = []
        self.spent = self.words = 0

    def take(self, file: h5py.File, place: str) -> None:
        """Copy what is at a path: an array, or a group with all its contents."""
        waiting, seen = [(place, file[place])], set()
        while waiting:
            here, node = waiting.pop()
            if node.id in seen:
                continue
            seen.add(node.id)
            if isinstance(node, h5py.Group):
                self.tree.append({"place": here, "kind": "group", "attributes": _attributes(node)})
                waiting += [(f"{here}/{name}", node[name]) for name in reversed(list(node))]
            elif isinstance(node, h5py.Dataset):
                self._array(here, node)

    def _array(self, place: str, node: h5py.Dataset) -> None:
        if not _readable(node.id.get_type()) or node.shape is None:
            self.tree.append({"place": place, "kind": "other", "attributes": {}})
            return
        size = node.size * node.id.get_type().get_size()
        self.spent += size
        if self.spent > MOST_BYTES:
            raise RefusedError(
                f"{_shown(place)} has the shape {node.shape}; up to {MOST_BYTES / 1e9:g} GB can be read in all. "
                "Choose fewer rows or columns."
            )
        names = node.dtype.names
        if node.chunks:
            _check_pieces(node, _shown(place))
        columns = [self._whole(place, node)] if names is None else [node[name] for name in names]
        kept = [self._keep(np.asarray(column)) for column in columns]
        about = {"shape": node.shape, "names": list(names or ()), "columns": kept, "attributes": _attributes(node)}
        self.tree.append({"place": place, "kind": "array", **about})

    def _whole(self, place: str, node: h5py.Dataset) -> Array:
        """All of an array. Variable-length words are read a few at a time: one long word may occur in every row and be stored once."""
        if not h5py.check_string_dtype(node.dtype) or node.dtype.kind != "O" or node.ndim != 1:
            return np.asarray(node[()])
        step, words = max(16, MOST_WORDS // max(1, self.size)), list[Any]()
        for begin in range(0, len(node), step):
            some = node[begin : begin + step].tolist()
            words += some
            self.words += sum(map(len, some))
            if self.words > MOST_WORDS:
                raise RefusedError(f"The words of {_shown(place)} do not fit in memory. Choose fewer rows or columns.")
        return np.array([*words, None], object)[:-1]

    def _keep(self, column: Array) -> list[str]:
        """Store an array unchanged, or text as its bytes and their ends; returns their names in the copy."""
        if column.dtype.kind not in "OSU":
            return [self._add(column)]
        words = [each if isinstance(each, bytes) else str(each).encode() for each in column.ravel().tolist()]
        ends = np.cumsum([len(each) for each in words], dtype=np.int64)
        return [self._add(np.frombuffer(b"".join(words), np.uint8)), self._add(ends)]

    def _add(self, array: Array) -> str:
        name = str(len(self.arrays))
        self.arrays[name] = array
        return name


def _attributes(node: Any) -> dict[str, Any]:
    """The attributes that describe how a table is stored."""
    found: dict[str, Any] = {}
    for name in (name for name in (*WORDS, *SIZES) if h5a.exists(node.id, name.encode())):
        held = h5a.open(node.id, name.encode())
        wanted = h5t.STRING if name in WORDS else h5t.INTEGER
        if held.get_type().get_class() != wanted or held.get_space().get_simple_extent_npoints() > 8:
            raise RefusedError(
                f"The attribute {name} of {_shown(node.name)} is of an unknown kind. Save the file again."
            )
        value = node.attrs[name]
        found[name] = _word(value) if name in WORDS else [int(each) for each in np.atleast_1d(value)]
    return found


def _word(value: Any) -> str:
    value = np.atleast_1d(value)[0] if not isinstance(value, str | bytes) else value
    return value.decode() if isinstance(value, bytes) else str(value)


def _wanted(file: h5py.File, place: str) -> list[str]:
    """The path itself if it is in the file; `uns/*_categories` means all such names."""
    folder, _, pattern = place.rpartition("/")
    if not pattern.startswith("*"):
        return [place] if place in file else []
    names = file[folder] if folder in file and isinstance(file[folder], h5py.Group) else ()
    return [f"{folder}/{name}" for name in names if name.endswith(pattern[1:])]


def copy(source: str, target: str, places: list[str]) -> None:
    """Check the whole file, then copy these parts of it.

    Raises:
        RefusedError: see `check`.
    """
    made = Copy(Path(source).stat().st_size)
    with h5py.File(source, rdcc_nbytes=CACHE) as file:
        check(file, made.size)
        for wanted in places:
            for place in _wanted(file, wanted):
                made.take(file, place)
    tree = np.frombuffer(json.dumps(made.tree).encode(), np.uint8)
    with Path(target).open("wb") as out:
        np.savez(out, **{"tree": tree, **made.arrays})  # type: ignore[arg-type]


if __name__ == "__main__":
    try:
        copy(sys.argv[1], sys.argv[2], sys.argv[3:])
    except RefusedError as refusal:
        sys.stdout.write(json.dumps(str(refusal)))
        sys.exit(3)
