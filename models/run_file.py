"""A saved run is a single file, so all of it belongs to the same step: tensors, and in the header the step and the settings.

This module reads the header without torch; `elbo_room.models.training.checkpoint` writes and reads the whole file.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

STATE = "state.safetensors"
MOST = 10_000_000  # bytes of a header
# Keys of the header; files of earlier versions have no checksums.
ABOUT, ABOUT_CHECKSUM, CHECKSUM = "about", "about sha256", "sha256"
CHANGED = "its content has changed since it was written: the disk or a copy is damaged"


def sealed(words: str) -> dict[str, str]:
    """The step and the settings, as JSON, with their checksum."""
    return {ABOUT: words, ABOUT_CHECKSUM: hashlib.sha256(words.encode()).hexdigest()}


def metadata(path: Path) -> dict[str, str]:
    """The words in a file's header.

    Raises:
        OSError, ValueError, KeyError, TypeError: this is not a run's file.
    """
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        if size > MOST:
            raise ValueError(f"its header would have {size} bytes")
        return dict(json.loads(file.read(size))["__metadata__"])


def about(path: Path) -> dict[str, Any]:
    """The step and the settings of a saved run: {"number", "settings", "version"}.

    Where it has them also "data", the checksum of a user's own data, and "initial", "changes", "planned": the settings that it began
    with, and its live changes so far and to come, each a step and values.

    Raises:
        OSError, ValueError, KeyError, TypeError, RuntimeError: this is not a run's file.
    """
    noted = metadata(path)
    if ABOUT_CHECKSUM in noted and noted[ABOUT_CHECKSUM] != sealed(noted[ABOUT])[ABOUT_CHECKSUM]:
        raise ValueError(CHANGED)
    found = json.loads(noted[ABOUT])
    known: dict[str, Any] = {"data": str(found["data"])} if "data" in found else {}
    if "initial" in found:
        known["initial"] = dict(found["initial"])
        known |= {name: [(int(step), dict(values)) for step, values in found[name]] for name in ("changes", "planned")}
    return {
        "number": int(found["number"]),
        "settings": dict(found["settings"]),
        "version": int(found["version"]),
        **known,
    }
