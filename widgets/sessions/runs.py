"""Where runs are kept: one folder per run, owned by one controller at a time, found again by its id after a reload."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout

from elbo_room.models.run_file import CHANGED, STATE, about
from elbo_room.models.settings import Values
from elbo_room.widgets.notebook.reruns import PROCESS, Cell
from elbo_room.widgets.wire.history_file import FILE, REPLAY_FILE, VARIANCE_COLUMNS, elbo_curve, read, table

CELL = "cell.json"
SPARKS = 40  # points of a small curve
LABEL = "label.json"  # `run_labels`
DATA = (
    "table.json",
    "features.npz",
)  # where a run's own data came from, or the data: `elbo_room.widgets.worker.own_data.user_data`
HOME = "ELBO_ROOM_HOME"  # a folder instead of the user's data folder: a visitor's, where a server has many
IDENTITY = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{4}")


def home() -> Path:
    """The folder of all runs: $ELBO_ROOM_HOME, else the user's data folder."""
    chosen = os.environ.get(HOME)
    if chosen:
        return Path(chosen) / "runs"
    from platformdirs import user_data_path

    return user_data_path("elbo-room") / "runs"


class RunFolder:
    """A run's folder and the lock that marks it as in use."""

    def __init__(self, identity: str) -> None:
        self.identity = identity
        self.path = home() / identity
        self._lock = FileLock(self.path / "in-use.lock", timeout=0)

    def take(self) -> bool:
        """Become its controller; False if another live session is.

        Where nothing can be written, nobody else holds it either: the run is trained all the same, and the worker reports what is not
        kept. Once it can be saved, take it again.
        """
        if self._lock.is_locked:
            return True
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock.acquire()
        except Timeout:
            return False
        except OSError:  # a disk that is full or may only be read
            return True
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


def existing(identity: str) -> Path:
    """The path of a kept run.

    Raises:
        ValueError: no run of this name is kept here.
    """
    if not IDENTITY.fullmatch(identity) or not (home() / identity / STATE).exists():
        raise ValueError(f"No run called {identity[:40]!r} is kept here. Press Run to start a new one.")
    return home() / identity


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
    existing(identity)
    folder = RunFolder(identity)
    if folder.take():
        return folder
    copy = new_run()
    for name in (STATE, FILE, REPLAY_FILE, LABEL, *DATA):
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
    """The ELBO curve kept with a run, as `elbo_curve`; empty if there is none."""
    return curves(identity)["elbo"]


def curves(identity: str, series: Sequence[str] = ()) -> dict[str, np.ndarray[Any, Any]]:
    """The curves kept with a run: "elbo", (n, 2), as `curve`; "variance", (m, 5), whose series are places in `series`."""
    try:
        tables = read(home() / identity, series)
    except (OSError, ValueError, KeyError, EOFError):
        return {"elbo": table([]), "variance": table([], VARIANCE_COLUMNS)}
    return {"elbo": elbo_curve(tables["mean"], tables["elbo"]), "variance": tables["variance"]}


def kept_until(folder: RunFolder | None) -> int | None:
    """The step that a run is kept up to; None if nothing of it is kept."""
    try:
        return None if folder is None else int(about(folder.path / STATE)["number"])
    except Exception:  # noqa: BLE001 - no file, or a damaged one: nothing is kept that could be taken up
        return None


def saved_runs(most: int = 100, also: Callable[[Path], bool] | None = None) -> list[dict[str, Any]]:
    """The newest runs, and older ones whose folder is wanted `also`.

    Of each: identity, step, settings; "elbo", in nats, where its curve ends, None without one; "spark", the curve as `spark`.
    """
    found, files = [], sorted(home().glob(f"*/{STATE}"), reverse=True)
    for file in [*files[:most], *(file for file in files[most:] if also and also(file.parent))]:
        with contextlib.suppress(Exception):  # a damaged run is left out; all others are listed
            found.append(_read(file, (written(file), written(file.with_name(FILE)))))
    return found


def damaged_runs(most: int = 100) -> dict[str, str]:
    """Those of the newest runs whose file cannot be read, and why, on a few words."""
    found = {}
    for file in sorted(home().glob(f"*/{STATE}"), reverse=True)[:most]:
        try:
            about(file)
        except FileNotFoundError:  # moved into the bin meanwhile
            continue
        except Exception as error:  # noqa: BLE001 - json, struct and others each raise different errors for a damaged file
            found[file.parent.name] = CHANGED if str(error) == CHANGED else "it is not a run's file, or was cut short"
    return found


def curve_damaged(identity: str) -> bool:
    """Whether a run has curves that cannot be read."""
    try:
        read(home() / identity)
    except FileNotFoundError:
        return False
    except (OSError, ValueError, KeyError, EOFError):
        return True
    return False


def written(file: Path) -> int | None:
    """When a file was written, in ns; None where there is none."""
    try:
        return file.stat().st_mtime_ns
    except FileNotFoundError:
        return None


@lru_cache(maxsize=512)
def _read(file: Path, _written: tuple[int | None, ...]) -> dict[str, Any]:
    """One of `saved_runs`; it is told when its files were written, so that an open list reads again only what has changed."""
    points, note = curve(file.parent.name), {}
    if not len(points) and curve_damaged(file.parent.name):
        note = {"note": "its curves are damaged and left out"}
    elbo = float(points[-1, 1]) if len(points) and np.isfinite(points[-1, 1]) else None
    return {"identity": file.parent.name, **about(file), "elbo": elbo, "spark": spark(points), **note}


def spark(points: np.ndarray[Any, Any]) -> list[int]:
    """A curve's heights at evenly spaced steps, from 0 to 100; the long fall of a run's beginning is cut off. Empty without two points."""
    points = points[np.isfinite(points[:, :2]).all(1)]
    if len(points) < 2:
        return []
    steps = np.linspace(points[0, 0], points[-1, 0], SPARKS)
    heights = np.interp(steps, points[:, 0], points[:, 1])
    low, high = np.quantile(heights, 0.1), heights.max()
    part = np.clip((heights - low) / max(high - low, 1e-9), 0, 1)
    return [round(100 * each) for each in part.tolist()]
