"""The counts that ship with the lab: `.npz` files with the parts of a CSR matrix, labels, batches and the names of the features."""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from elbo_room.models.data.dataset import Dataset, kinds

FILES = Path(__file__).parent / "files"


def one_hot(words: list[str]) -> torch.Tensor:
    """(N, C), a column for each distinct word in alphabetical order."""
    names, numbers = kinds(words)
    return torch.nn.functional.one_hot(numbers, len(names)).float()


def unpacked(path: Path) -> Dataset:
    """The counts of a file that `pack` wrote."""
    with np.load(path, allow_pickle=False) as held:
        rows = np.repeat(np.arange(len(held["indptr"]) - 1), np.diff(held["indptr"]))
        x = np.zeros(held["shape"], np.float32)
        x[rows, held["indices"]] = held["data"]
        batches = held["batch"].tolist() if "batch" in held else []
        return Dataset(
            torch.from_numpy(x),
            labels=held["labels"].tolist(),
            name=path.stem,
            covariates=one_hot(batches) if batches else None,
            feature_names=tuple(held["feature_names"].tolist()),
            covariate_names=tuple(sorted(set(batches))),
        )


def pack(path: Path, data: Dataset, batch: list[str] | None = None) -> None:
    """Write counts as small integers in CSR parts, which compress well."""
    x = data.x.numpy()
    rows, columns = x.nonzero()
    kind = np.uint8 if x.max() < 256 else np.uint16
    more: dict[str, Any] = {} if batch is None else {"batch": np.array(batch)}
    np.savez_compressed(
        path,
        data=x[rows, columns].astype(kind),
        indices=columns.astype(np.uint16),
        indptr=np.concatenate([[0], np.bincount(rows, minlength=len(x)).cumsum()]).astype(np.int32),
        shape=np.array(x.shape),
        labels=np.array([data.label_names[int(each)] for each in data.labels]),
        feature_names=np.array(data.feature_names),
        **more,
    )
