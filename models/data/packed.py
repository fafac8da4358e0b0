"""Tables in `.npz`, dense (`x`) or as the parts of a CSR matrix (`data`, `indices`, `indptr`, `shape`); nothing is unpickled.

Beside the table a file may hold `labels`, `batch` (text or numbers, one a row) and `feature_names`. The counts that ship with the lab are
such files, made by `pack`.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from elbo_room.models.data.dataset import Dataset, from_array
from elbo_room.models.data.h5ad import one_hot

FILES = Path(__file__).parent / "files"


def _dense(held: Any, path: Path) -> np.ndarray[Any, Any]:
    if "x" in held:
        return np.asarray(held["x"], np.float32)
    if missing := [name for name in ("data", "indices", "indptr", "shape") if name not in held]:
        raise ValueError(
            f"{path.name} has neither a table 'x' nor a whole CSR matrix; it lacks {', '.join(missing)}. "
            "Save it with numpy.savez_compressed(path, x=table)."
        )
    table = np.zeros(tuple(held["shape"]), np.float32)
    rows = np.repeat(np.arange(len(table)), np.diff(held["indptr"]))
    table[rows, held["indices"]] = held["data"]
    return table


def read_npz(path: Path) -> Dataset:
    """The table of a `.npz`, with the labels, batches and feature names that it holds.

    Raises:
        ValueError: it is no `.npz`, or holds no table.
    """
    try:
        held = np.load(path, allow_pickle=False)
    except (OSError, EOFError, ValueError) as error:
        raise ValueError(
            f"{path.name} cannot be read as .npz ({error}). Save it with numpy.savez_compressed."
        ) from None
    with held:
        table = _dense(held, path)
        names = held["labels"].tolist() if "labels" in held else None
        batches = [str(each) for each in held["batch"]] if "batch" in held else []
        features = tuple(str(each) for each in held["feature_names"]) if "feature_names" in held else ()
    covariates = one_hot(batches) if batches else None
    kinds = tuple(sorted(set(batches)))
    return replace(
        from_array(table, names, path.stem), covariates=covariates, feature_names=features, covariate_names=kinds
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
