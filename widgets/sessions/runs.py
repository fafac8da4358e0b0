"""Where runs are kept: one folder per run, owned by one controller at a time, found again by its id after a reload."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import time
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout

from elbo_room.models.run_file import STATE, about
from elbo_room.models.settings import Values
from elbo_room.widgets.notebook.reruns import PROCESS, Cell
from elbo_room.widgets.wire.history_file import FILE, read, table

CELL = "cell.json"
DATA = (
    "table.json",
    "features.npz",
)  # where a run's own data came from, or the data: `elbo_room.widgets.worker.own_data.user_data`
IDENTITY = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{4}")


def home() -> Path:
    """The folder of all runs: $ELBO_ROOM_HOME, else the user's data folder."""
    chosen = os.environ.get("ELBO_ROOM_HOME")
    if chosen:
        return Path(chosen) / "runs"
    from platformdirs import user_data_path

    return user_data_path("elbo-room") / "runs"


class RunFolder:
    """A run's folder and the lock that marks it as in use."""

    def __init__(self, identity: str) -> None:
        self.identity = identity
        self.path = home() / identity
        self.path.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(self.path / "in-use.lock", timeout=0)

    def take(self) -> bool:
        """Become its controller; False if another live session is."""
        try:
            self._lock.acquire()
        except Timeout:
            return False
        return True

    def release(self, *, keep: bool = False) -> None:
        """Release it; an empty folder is removed, unless its run made steps that the worker is about to save."""
        self._lock.release(force=True)
        if not keep and not (self.path / STATE).exists():
            shutil.rmtree(self.path, ignore_errors=True)


def in_use(identity: str) -> bool:
    """Whether a session holds this run now: another page that shows it, or one that is just saving it."""
    if not IDENTITY.fullmatch(identity) or not (home() / identity).exists():
        return False
    folder = RunFolder(identity)
    free = folder.take()
    if free:
        folder.release(keep=True)
    return not free


def new_run() -> RunFolder:
    """A fresh folder, taken; names rise with time."""
    while True:
        now = time.time()
        identity = f"{time.strftime('%Y%m%d-%H%M%S', time.localtime(now))}-{int(now % 1 * 0x10000):04x}"
        if not (home() / identity).exists():
            folder = RunFolder(identity)
            if folder.take():
                return folder


def open_run(identity: str) -> RunFolder:
    """The folder of a saved run, taken; while another session holds it, a copy of it.

    Raises:
        ValueError: no run of this name is kept here.
    """
    if not IDENTITY.fullmatch(identity) or not (home() / identity / STATE).exists():
        raise ValueError(f"No run called {identity[:40]!r} is kept here. Press Run to start a new one.")
    folder = RunFolder(identity)
    if folder.take():
        return folder
    copy = new_run()
    for name in (STATE, FILE, *DATA):
        with contextlib.suppress(FileNotFoundError):
            shutil.copy2(folder.path / name, copy.path / name)
    return copy


def note_cell(folder: RunFolder, cell: Cell, settings: Values) -> None:
    """Note in a run's folder which cell shows it, and with which settings that cell opens the lab."""
    words = {"cell": asdict(cell), "process": PROCESS, "settings": settings}
    with contextlib.suppress(OSError):  # a full disk is reported where the run itself is saved
        (folder.path / CELL).write_text(json.dumps(words), encoding="utf-8")


def run_of_cell(cell: Cell, settings: Values) -> str | None:
    """The run that this cell showed before its kernel was restarted; None where there is none, or where the cell's settings changed."""
    newest: tuple[float, str | None] = (0.0, None)
    for file in home().glob(f"*/{CELL}"):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            noted = json.loads(file.read_text(encoding="utf-8"))
            mine = noted["cell"] == asdict(cell) and noted["process"] != PROCESS and noted["settings"] == settings
            if mine and (file.parent / STATE).exists():
                newest = max(newest, (file.stat().st_mtime, file.parent.name))
    return newest[1]


def curve(identity: str) -> np.ndarray[Any, Any]:
    """The ELBO curve kept with a run: rows of step and running mean (n, 2), else of every step; empty if there is none."""
    try:
        tables = read(home() / identity)
    except (OSError, ValueError, KeyError, EOFError):
        return table([])
    return tables["mean"] if len(tables["mean"]) else tables["elbo"]


def kept_until(folder: RunFolder | None) -> int | None:
    """The step that a run is kept up to; None if nothing of it is kept."""
    try:
        return None if folder is None else int(about(folder.path / STATE)["number"])
    except Exception:  # noqa: BLE001 - no file, or a damaged one: nothing is kept that could be taken up
        return None


def saved_runs(most: int = 50) -> list[dict[str, Any]]:
    """The newest runs: identity, step, settings, and the ELBO in nats where its curve ends, None without one."""
    found = []
    for file in sorted(home().glob(f"*/{STATE}"), reverse=True)[:most]:
        with contextlib.suppress(Exception):  # a damaged run is left out; all others are listed
            found.append(_read(file, (_written(file), _written(file.with_name(FILE)))))
    return found


def _written(file: Path) -> int | None:
    """When a file was written, in ns; None where there is none."""
    try:
        return file.stat().st_mtime_ns
    except FileNotFoundError:
        return None


@lru_cache(maxsize=256)
def _read(file: Path, _written: tuple[int | None, ...]) -> dict[str, Any]:
    """One of `saved_runs`; it is told when its files were written, so that an open list reads again only what has changed."""
    last = curve(file.parent.name)[-1:, 1]
    return {"identity": file.parent.name, **about(file), "elbo": float(last[0]) if len(last) else None}
