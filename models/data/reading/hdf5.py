"""An HDF5 file as plain arrays: `hdf5_copy` checks it and copies the parts needed, in a process with its own limits on time and memory."""

import contextlib
import importlib.util
import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from elbo_room.models.data.dataset import DataError

COPY = Path(__file__).parent / "hdf5_copy.py"
REFUSED = 3  # the exit code of `hdf5_copy` with an error message
SECONDS = 8  # of its processor time: a damaged file may send the library into an endless loop
BYTES_A_SECOND = 1_000_000
MEMORY = 5_000_000_000
Array = np.ndarray[Any, Any]


class Stored:
    """An array of the file, read on demand."""

    def __init__(self, entry: dict[str, Any], arrays: Any) -> None:
        self.attrs: dict[str, Any] = entry["attributes"]
        self.shape = tuple(entry["shape"])
        self.names: tuple[str, ...] = tuple(entry["names"])  # of the columns of a table of records
        self._columns, self._arrays = entry["columns"], arrays

    def __getitem__(self, name: Any) -> Array:
        """A column by its name, else (by `[:]`) the whole."""
        return self._read(*self._columns[self.names.index(name) if isinstance(name, str) else 0])

    def _read(self, name: str, ends_of_words: str | None = None) -> Array:
        held: Array = self._arrays[name]
        if ends_of_words is None:
            return held
        ends, text = self._arrays[ends_of_words].tolist(), held.tobytes()
        words = [text[begin:end].decode() for begin, end in zip([0, *ends], ends, strict=False)]
        return np.array([*words, None], object)[:-1].reshape(self.shape)  # None prevents an array of fixed-width text


class Group(dict[str, Any]):
    """A group of the file: its members and its attributes."""

    def __init__(self, attributes: dict[str, Any]) -> None:
        super().__init__()
        self.attrs = attributes

    def at(self, place: str) -> Any:
        """The member at a path, or None."""
        node: Any = self
        for name in place.split("/"):
            node = node.get(name) if isinstance(node, Group) else None
        return node


def _tree(arrays: Any) -> Group:
    root = Group({})
    for entry in json.loads(arrays["tree"].tobytes()):
        *folders, name = entry["place"].split("/")
        node = root
        for folder in folders:
            node = node.setdefault(folder, Group({}))
        if entry["kind"] == "group":
            node.setdefault(name, Group({})).attrs = entry["attributes"]
        elif entry["kind"] != "other":
            node[name] = Stored(entry, arrays)
    return root


def _limits(size: int) -> Callable[[], None] | None:
    """What the copying process does first, if the system supports such limits."""
    if os.name != "posix":
        return None
    import resource

    seconds = SECONDS + math.ceil(size / BYTES_A_SECOND)

    def limit() -> None:
        for what, most in ((resource.RLIMIT_CPU, seconds), (resource.RLIMIT_AS, MEMORY)):
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(what, (most, most))

    return limit


def _run(path: Path, target: Path, places: Sequence[str]) -> None:
    size = path.stat().st_size
    command = [sys.executable, "-P", str(COPY), str(path.resolve()), str(target), *places]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, preexec_fn=_limits(size),
            timeout=10 * (SECONDS + size / BYTES_A_SECOND),
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise _damaged(path) from None
    if done.returncode == REFUSED:
        raise DataError(f"{path.name} was not read. {json.loads(done.stdout)}")
    if "MemoryError" in done.stderr:
        raise DataError(f"{path.name} does not fit in memory. Choose fewer rows or columns.")
    if done.returncode:
        raise _damaged(path)


def _damaged(path: Path) -> DataError:
    return DataError(
        f"{path.name} cannot be opened as HDF5: it is damaged, or another kind of file. Save it again as .h5ad."
    )


@contextmanager
def opened(path: Path, places: Sequence[str]) -> Iterator[Group]:
    """These parts of a file, as a tree of groups and arrays.

    Raises:
        DataError: h5py is missing, or the file is damaged, refers to other files or is too large.
    """
    if importlib.util.find_spec("h5py") is None:
        raise DataError("Reading .h5ad needs h5py, which is not installed. Run: pip install h5py.")
    with tempfile.TemporaryDirectory(prefix="elbo-room-") as folder:
        target = Path(folder) / "copy.npz"
        _run(path, target, places)
        with np.load(target, allow_pickle=False) as arrays:
            yield _tree(arrays)
