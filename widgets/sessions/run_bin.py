"""Deleted runs: a deletion moves the run's folder into a bin, from which it can be restored for a month."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from pathlib import Path

from elbo_room.models.run_file import STATE
from elbo_room.widgets.sessions.runs import IDENTITY, RunFolder, existing, home

DELETED = "deleted"  # an empty file whose time is that of the deletion
KEPT = 30 * 24 * 3600.0  # seconds that a deleted run is kept at least
_of_this_process: set[str] = set()  # deleted by this kernel: never emptied by it


def bin_folder() -> Path:
    """The folder of the deleted runs."""
    return home().parent / "deleted runs"


def deleted_runs() -> list[str]:
    """The runs in the bin, the last deleted one first."""
    kept = [each for each in bin_folder().glob("*") if IDENTITY.fullmatch(each.name) and (each / STATE).exists()]
    return [folder.name for folder in sorted(kept, key=lambda folder: (_deleted_at(folder), folder.name), reverse=True)]


def _deleted_at(folder: Path) -> float:
    with contextlib.suppress(OSError):
        return (folder / DELETED).stat().st_mtime
    return time.time()  # unknown: nothing that is not known to be old is removed


def delete(identity: str) -> None:
    """Move a run into the bin; what was deleted more than a month ago leaves the bin for good.

    Raises:
        ValueError: there is no such run, a session shows it, or it cannot be moved.
    """
    folder = existing(identity)
    held = RunFolder(identity)
    if not held.take():
        raise ValueError("A page shows this run. Open another run there, or close that page; then delete it.")
    held.release(keep=True)
    _empty()
    try:
        (folder / DELETED).touch()
        os.utime(folder / DELETED)
        bin_folder().mkdir(parents=True, exist_ok=True)
        folder.replace(bin_folder() / identity)
    except OSError as error:
        raise ValueError(f"The run could not be deleted ({error.strerror}). It is kept as it was.") from error
    _of_this_process.add(identity)


def restore(identity: str) -> None:
    """Move a run from the bin back to its place.

    Raises:
        ValueError: it is not in the bin, or cannot be moved.
    """
    folder = bin_folder() / identity
    if not IDENTITY.fullmatch(identity) or not folder.exists():
        raise ValueError("There is no deleted run to restore: deleted runs are kept for 30 days.")
    try:
        folder.replace(home() / identity)
        (home() / identity / DELETED).unlink(missing_ok=True)
    except OSError as error:
        raise ValueError(f"The run could not be restored ({error.strerror}). It is still in the bin.") from error


def _empty() -> None:
    """Remove what was deleted long ago, by an earlier session."""
    for identity in deleted_runs():
        folder = bin_folder() / identity
        if identity not in _of_this_process and time.time() - _deleted_at(folder) > KEPT:
            shutil.rmtree(folder, ignore_errors=True)
