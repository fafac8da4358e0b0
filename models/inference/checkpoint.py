"""Checkpoints: tensors as safetensors, settings as JSON; written aside and moved into place, so a full disk keeps the old one."""

import json
import os
from dataclasses import asdict
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load, save

from models.catalogue import settings_from
from models.data import Dataset
from models.inference.run import Run
from models.settings import VERSION

STATE, SETTINGS = "state.safetensors", "run.json"


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    aside = path.with_name(f"{path.name}.{os.getpid()}.aside")
    try:
        with aside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, path)  # noqa: PTH105 - the tests break this very function
    finally:
        aside.unlink(missing_ok=True)


def save_run(run: Run, folder: Path) -> None:
    """Write a run's state and settings into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: tensor.contiguous() for name, tensor in run.tensors().items()}
    write_bytes(folder / STATE, save(tensors, {"number": str(run.number)}))
    settings = {"version": VERSION, "number": run.number, "settings": asdict(run.settings)}
    write_bytes(folder / SETTINGS, json.dumps(settings, indent=1).encode())


def load_run(folder: Path, data: Dataset | None = None) -> Run:
    """A run as it was saved; pulling it continues bit for bit.

    Raises:
        ValueError: the folder holds no run that can be read.
    """
    try:
        about = json.loads((folder / SETTINGS).read_text())
        content = (folder / STATE).read_bytes()
        run = Run(settings_from(about["settings"]), data)
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        run.load_tensors(load(content), int(header["__metadata__"]["number"]))
    except (OSError, KeyError, TypeError, AttributeError, ValueError, RuntimeError, SafetensorError) as error:
        raise ValueError(
            f"The run in {folder} cannot be read ({error}). Start a new run; the folder is left as it is."
        ) from error
    return run
