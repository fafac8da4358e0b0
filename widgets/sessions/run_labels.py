"""What a user calls a run, and whether it is pinned: `label.json` in the run's own folder."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from elbo_room.widgets.sessions.runs import LABEL, existing

LONGEST = 80  # characters of a name


@dataclass(frozen=True)
class Label:
    """The name is empty unless the user chose one."""

    name: str = ""
    pinned: bool = False


def label_of(folder: Path) -> Label:
    """The label of a run; a missing or damaged one is that of a run without a name."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        found = json.loads((folder / LABEL).read_text(encoding="utf-8"))
        return Label(str(found["name"])[:LONGEST], found["pinned"] is True)
    return Label()


def rename(identity: str, name: str) -> None:
    """Call a run by this name; an empty one gives it its scene's name again.

    Raises:
        ValueError: no run of this name is kept here, or the disk is full.
    """
    folder = existing(identity)
    _write(folder, replace(label_of(folder), name=" ".join(name.split())[:LONGEST]))


def pin(identity: str, *, pinned: bool) -> None:
    """Keep a run at the top of the list, or let it go.

    Raises:
        ValueError: no run of this name is kept here, or the disk is full.
    """
    folder = existing(identity)
    _write(folder, replace(label_of(folder), pinned=pinned))


def _write(folder: Path, label: Label) -> None:
    partial = folder / f"{LABEL}.partial"
    try:
        partial.write_text(json.dumps(asdict(label)), encoding="utf-8")
        partial.replace(folder / LABEL)
    except OSError as error:
        raise ValueError(
            f"The run's name could not be written ({error.strerror}). Free some disk space and try again."
        ) from error
