"""Checkpoints: a safetensors file with the settings in its header, written to a temporary file and renamed: a full disk keeps the last."""

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load, save

from elbo_room.models.catalogue import settings_from
from elbo_room.models.data import OWN, Dataset
from elbo_room.models.run_file import STATE, about
from elbo_room.models.settings import VERSION
from elbo_room.models.training.changes import Change, changes_from
from elbo_room.models.training.run import Run


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.aside")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)  # noqa: PTH105 - the tests make this function fail
    finally:
        temporary.unlink(missing_ok=True)


def save_run(run: Run, folder: Path) -> None:
    """Write a run's state and settings into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: tensor.contiguous() for name, tensor in run.tensors().items()}
    header = {"version": VERSION, "number": run.number, "settings": asdict(run.settings)} | _record(run)
    if vars(run.settings).get("data") == OWN:
        header["data"] = run.data.checksum
    write_bytes(folder / STATE, save(tensors, {"about": json.dumps(header)}))


def _record(run: Run) -> dict[str, Any]:
    """What made the present settings of the first ones, where anything did, and what is still planned."""
    attempt = [Change(run.number, {})] if run.diverged else []
    changes, planned = [each.written for each in (*run.changes, *attempt)], [each.written for each in run.planned]
    if not changes and not planned:
        return {}
    return {"initial": asdict(run.initial_settings), "changes": changes, "planned": planned}


class _OtherDataError(Exception):
    """The data are not those of the run."""


def load_run(folder: Path, data: Dataset | None = None) -> Run:
    """A run as it was saved; iterating over it continues bit for bit.

    Raises:
        ValueError: the folder contains no readable run, or the run was trained on other data.
    """
    try:
        header = about(folder / STATE)
        run = Run(settings_from(header["settings"]), data)
        run.load_tensors(load((folder / STATE).read_bytes()), header["number"])
        if "initial" in header:
            run.initial_settings = settings_from(header["initial"])
            run.changes = changes_from(run.knobs, header["changes"])
            run.planned = changes_from(run.knobs, header["planned"], run.number)
        known = header.get("data")
        if known is not None and known != run.data.checksum:
            raise _OtherDataError
    except _OtherDataError:
        raise ValueError(
            f"The run in {folder} was trained on other data than {run.data.name}: their checksums differ. "
            "Provide the same data, or start a new run."
        ) from None
    except (OSError, KeyError, TypeError, AttributeError, ValueError, RuntimeError, SafetensorError) as error:
        raise ValueError(
            f"The run in {folder} cannot be read ({error}). Start a new run; the folder is left unchanged."
        ) from error
    return run
