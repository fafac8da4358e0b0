"""A saved run is a single file, so all of it belongs to the same step: tensors, and in the header the step and the settings.

This module reads the header without torch; `elbo_room.models.training.checkpoint` writes and reads the whole file.
"""

import json
from pathlib import Path
from typing import Any

STATE = "state.safetensors"
MOST = 10_000_000  # bytes of a header


def about(path: Path) -> dict[str, Any]:
    """The step and the settings of a saved run, and the checksum of a user's own data: {"number", "settings", "version", "data"}.

    Raises:
        OSError, ValueError, KeyError, TypeError, RuntimeError: this is not a run's file.
    """
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        if size > MOST:
            raise ValueError(f"its header would have {size} bytes")
        metadata = json.loads(file.read(size))["__metadata__"]
    found = json.loads(metadata["about"])
    known = {"data": str(found["data"])} if "data" in found else {}
    return {
        "number": int(found["number"]),
        "settings": dict(found["settings"]),
        "version": int(found["version"]),
        **known,
    }
