"""The parameters of a run as a safetensors file that any program reads."""

import json
from dataclasses import asdict
from pathlib import Path

from safetensors.torch import save

from elbo_room.models.settings import VERSION
from elbo_room.models.training.checkpoint import write_bytes
from elbo_room.models.training.run import Run


def weights(run: Run) -> bytes:
    """θ of the model and the parameters of q by their names, as a safetensors file; settings, changes and step are in its header."""
    tensors = {name: parameter.detach().contiguous() for name, parameter in run.parameters.items()}
    about = {
        "version": VERSION, "step": run.number, "settings": asdict(run.initial_settings),
        "changes": [each.written for each in run.changes],
    }  # fmt: skip
    return save(tensors, {"elbo_room": json.dumps(about)})


def save_weights(run: Run, path: str | Path) -> Path:
    """Write `weights` to a file, whole or not at all.

    Raises:
        OSError: the file cannot be written.
    """
    place = Path(path).expanduser()
    write_bytes(place, weights(run))
    return place
