"""An HDF5 file is walked before any library opens it: what it refers to, what it claims, and how it is packed.

An untrusted file may refer to other files (links, external storage, virtual data sets) and unpack to far more than its size. So every
link and every object is checked before anything is read, and no target of a link is ever opened.
"""

import math
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from h5py import h5d, h5g, h5l, h5o, h5t, h5z

from elbo_room.models.reading.limits import Refused, check_size

MOST_BYTES = 2_000_000_000  # of one stored array, as numbers in memory
MOST_CHUNK = 200_000_000  # bytes that are unpacked at a time
MOST_WORDS = 200_000_000  # characters, of all columns of text
CACHE = 20_000_000  # bytes of unpacked chunks that are kept
MOST_UNPACKING = 1100  # the largest factor by which deflate can expand a file
MOST_OBJECTS = 100_000
FILTERS = (h5z.FILTER_DEFLATE, h5z.FILTER_SHUFFLE, h5z.FILTER_FLETCHER32, h5z.FILTER_LZF)  # those included in h5py
PLAIN = (h5t.INTEGER, h5t.FLOAT, h5t.STRING, h5t.ENUM)
Array = np.ndarray[Any, Any]
LINKS = {h5l.TYPE_SOFT: "a soft link", h5l.TYPE_EXTERNAL: "a link to another file"}
ALONE = "Save the data themselves in the file, without links, external or virtual storage."


class RefusedError(Exception):
    """Content that is not allowed; the message is a sentence without the file's name, and what to do."""


def _shown(place: str) -> str:
    """A path in the file in printable form: any bytes can be a name."""
    return "".join(each if each.isprintable() else "�" for each in place)[:60]


@contextmanager
def opened(path: Path) -> Iterator[h5py.File]:
    """A file that was checked.

    Raises:
        Refused: it is damaged, refers to other files or is too large.
    """
    try:
        with h5py.File(path, "r", rdcc_nbytes=CACHE) as file:
            check(file, path.stat().st_size)
            yield file
    except RefusedError as refusal:
        raise Refused(f"{path.name} was not read. {refusal}") from None
    except (
        OSError,
        RuntimeError,
        KeyError,
        ValueError,
        TypeError,
        AttributeError,
        IndexError,
        OverflowError,
        SystemError,
    ) as error:
        if isinstance(error, MemoryError) or "emory" in str(error) or "llocat" in str(error):
            raise MemoryError from error
        raise damaged(path) from error


def damaged(path: Path) -> Refused:
    """The refusal of a file that HDF5 cannot read."""
    return Refused(
        f"{path.name} cannot be opened as HDF5: it is damaged, or another kind of file. Save it again as .h5ad."
    )


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


# reading


def whole(node: h5py.Dataset, place: str, path: Path) -> Array:
    """All of an array, after its stored pieces have been checked.

    Raises:
        Refused: it does not fit in memory.
        RefusedError: it unpacks to more than it declares, or is neither numbers nor text.
    """
    if not isinstance(node, h5py.Dataset) or node.shape is None or not _readable(node.id.get_type()):
        raise RefusedError(f"{_shown(place)} holds neither numbers nor text. Save the file again.")
    if node.chunks:
        _check_pieces(node, _shown(place))
    if node.ndim == 2 and node.dtype.names is None:
        check_size(node.shape[0], node.shape[1], path)
    if not h5py.check_string_dtype(node.dtype) or node.dtype.kind != "O" or node.ndim != 1:
        return np.asarray(node[()])
    return _words(node, place, path)


def _words(node: h5py.Dataset, place: str, path: Path) -> Array:
    """Words of variable length, a few at a time: one long word may occur in every row and be stored once."""
    step, words, spent = max(16, MOST_WORDS // max(1, path.stat().st_size)), list[Any](), 0
    for begin in range(0, len(node), step):
        some = node[begin : begin + step].tolist()
        words += some
        spent += sum(map(len, some))
        if spent > MOST_WORDS:
            raise RefusedError(f"The words of {_shown(place)} do not fit in memory. Choose fewer rows or columns.")
    return np.array([*(each.decode("utf-8", "replace") for each in words), None], object)[:-1]


def check_pieces(group: h5py.Group, path: Path) -> None:
    """Check the stored pieces and the words of all arrays of a group that another library is going to read.

    Raises:
        RefusedError: one unpacks to more than it declares.
    """

    def visit(name: str, node: Any) -> None:
        if isinstance(node, h5py.Dataset) and node.shape is not None and _readable(node.id.get_type()):
            whole(node, name, path) if h5py.check_string_dtype(node.dtype) else _check_pieces(
                node, name
            ) if node.chunks else None

    group.visititems(visit)
