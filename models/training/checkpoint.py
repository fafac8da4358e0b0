"""Checkpoints: a safetensors file with the settings in its header, written to a temporary file and renamed: a full disk keeps the last."""

import hashlib
import json
import os
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from elbo_room.models.catalogue import settings_from
from elbo_room.models.data import OWN, Dataset
from elbo_room.models.run_file import CHANGED, CHECKSUM, STATE, about, metadata, sealed
from elbo_room.models.settings import VERSION
from elbo_room.models.training.changes import Change, changes_from
from elbo_room.models.training.run import Run


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}.aside")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)  # noqa: PTH105 - the tests make this function fail
    finally:
        temporary.unlink(missing_ok=True)


def checksum(tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 of the names, types, shapes and bytes of tensors."""
    found = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].detach().contiguous()
        found.update(f"{name} {tensor.dtype} {tuple(tensor.shape)};".encode())
        found.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return found.hexdigest()


@dataclass(frozen=True)
class Snapshot:
    """A run at one step, as a copy: it can be written while the run goes on."""

    number: int
    tensors: Mapping[str, Tensor]
    header: Mapping[str, object]

    @classmethod
    def of(cls, run: Run) -> "Snapshot":
        """Copy a run's state and settings."""
        header: dict[str, object] = {
            "version": VERSION,
            "number": run.number,
            "settings": asdict(run.settings),
        } | _record(run)
        if vars(run.settings).get("data") == OWN:
            header["data"] = run.data.checksum
        return cls(run.number, {name: tensor.detach().clone() for name, tensor in run.tensors().items()}, header)

    def packed(self) -> bytes:
        """The content of its file, with checksums of its header and of its tensors."""
        tensors = {name: tensor.contiguous() for name, tensor in self.tensors.items()}
        return save(tensors, sealed(json.dumps(self.header)) | {CHECKSUM: checksum(tensors)})


def save_run(run: Run, folder: Path) -> None:
    """Write a run's state and settings into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    write_bytes(folder / STATE, Snapshot.of(run).packed())


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
        header, content = about(folder / STATE), load((folder / STATE).read_bytes())
        noted = metadata(folder / STATE).get(CHECKSUM)  # a file of an earlier version has none
        if noted is not None and noted != checksum(content):
            raise ValueError(CHANGED)
        run = Run(settings_from(header["settings"]), data)
        run.load_tensors(content, header["number"])
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
