"""A file is read in a process of its own, which may use so much memory, time and so many files, and hands back plain arrays."""

import contextlib
import json
import math
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from elbo_room.models.reading.limits import Refused, printable, too_large, unreadable
from elbo_room.models.reading.wishes import Wishes

SECONDS = 18.0  # that reading may take, so that a sentence comes within 20 …
BYTES_A_SECOND = 20_000_000  # … and more for a large file: one for so many bytes
MEMORY = 800_000_000  # bytes, with those of the libraries …
UPLOAD, LARGE = 1.5, 6  # … and more for a large file: times its bytes up to `UPLOADED`, and beyond
UPLOADED = 100_000_000
FILES = 64  # open at a time
LARGEST_OUTPUT = 4_000_000_000  # bytes that the process may write
REFUSED = 3  # its exit code with a sentence
Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Found:
    """What a file contains: arrays, and what is known about its columns."""

    arrays: dict[str, Array]  # x, or the parts of a sparse x; y, labels, batch as they are there
    about: dict[str, Any]


def allowed(size: int) -> tuple[float, int]:
    """The seconds and the bytes of memory for reading a file of this size."""
    large = max(0, size - UPLOADED)
    return SECONDS + large / BYTES_A_SECOND, MEMORY + int(UPLOAD * min(size, UPLOADED)) + LARGE * large


def limit(size: int) -> None:
    """Limit this process for a file of this size; where the system has no such limits, its parent's clock remains."""
    if os.name != "posix":
        return
    import resource

    seconds, memory = allowed(size)
    for what, most in (
        (resource.RLIMIT_CPU, math.ceil(seconds)),
        (resource.RLIMIT_DATA, memory),
        (resource.RLIMIT_NOFILE, FILES),
        (resource.RLIMIT_FSIZE, LARGEST_OUTPUT),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(what, (most, most))


def environment() -> dict[str, str]:
    """Of the reading process: one thread, so that a run goes on training beside it, and memory that the limit can see."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "ARROW_NUM_THREADS"), "1")
    found = {name: value for name, value in os.environ.items() if not name.startswith("COV_")}
    return found | threads | {
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "ARROW_DEFAULT_MEMORY_POOL": "system",
        "ARROW_IO_THREADS": "1", "HDF5_PLUGIN_PRELOAD": "::",
    }  # fmt: skip


def path_size(path: Path) -> int:
    """The bytes of a file, or of the files in a folder."""
    return (
        path.stat().st_size if path.is_file() else sum(each.stat().st_size for each in path.iterdir() if each.is_file())
    )


def read(path: Path, wishes: Wishes) -> Found:
    """The contents of a file.

    Raises:
        Refused: it is damaged, unsafe, too large, or has no such columns; the sentence says what to do.
    """
    with tempfile.TemporaryDirectory(prefix="elbo-room-") as folder:
        target = Path(folder) / "found.npz"
        _run(path, target, wishes)
        with np.load(target, allow_pickle=False) as arrays:
            found = {name: arrays[name] for name in arrays.files}
    about = json.loads(found.pop("about").tobytes())
    return Found(found, about)


def _run(path: Path, target: Path, wishes: Wishes) -> None:
    size = path_size(path)
    try:
        done = launched(path.resolve(), target, wishes.text, allowed(size)[0])
    except subprocess.TimeoutExpired:
        raise _too_slow(path, size) from None
    if done.returncode == REFUSED:
        raise Refused(printable(json.loads(done.stdout)))
    if done.returncode:
        raise _failed(path, done.returncode, done.stderr, size)


def launched(path: Path, target: Path, wishes: str, seconds: float) -> subprocess.CompletedProcess[str]:
    """The process that reads, when it has ended.

    Raises:
        TimeoutExpired: it took too long, and was ended.
    """
    command = [sys.executable, "-P", "-m", "elbo_room.models.reading", str(path), str(target), wishes]
    return subprocess.run(
        command, env=environment(), capture_output=True, text=True, errors="replace", check=False, stdin=subprocess.DEVNULL,
        timeout=seconds, preexec_fn=_niced if os.name == "posix" else None,
    )  # fmt: skip


def _niced() -> None:
    os.nice(5)  # a run that trains, and the page, come first


def _too_slow(path: Path, size: int) -> Refused:
    return Refused(
        f"{path.name} was not read within {allowed(size)[0]:.0f} seconds: it is too large, or damaged. "
        "Choose fewer rows or columns, or save it again."
    )


def _failed(path: Path, code: int, errors: str, size: int) -> Refused:
    """The refusal of a file whose reading ended without a sentence."""
    if code in (-24, -9):  # its processor time is spent
        return _too_slow(path, size)
    if "MemoryError" in errors or "bad_alloc" in errors or "malloc" in errors:
        return too_large(path)
    return unreadable(path, f"a {path.suffix} file" if path.suffix else "a table")
