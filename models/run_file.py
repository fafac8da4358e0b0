"""A saved run is a single file, so all of it belongs to the same step: tensors, and in the header the step and the settings.

This module reads the header without torch; `elbo_room.models.training.checkpoint` writes and reads the whole file.
"""

import json
from pathlib import Path
from typing import Any

STATE = "state.safetensors"
MOST = 10_000_000  # bytes of a header


def about(path: Path) -> dict[str, Any]:
    """The step and the settings of a saved run: {"number", "settings", "version"}.

    Where it has them also "data", the checksum of a user's own data, and "initial", "changes", "planned": the settings that it began
    with, and its live changes so far and to come, each a step and values.

    Raises:
        OSError, ValueError, KeyError, TypeError, RuntimeError: this is not a run's file.
    """
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        if size > MOST:
            raise ValueError(f"its header would have {size} bytes")
        metadata = json.loads(file.read(size))["__metadata__"]
    found = json.loads(metadata["about"])
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
