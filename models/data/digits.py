"""1,797 handwritten digits, 8 × 8 grey levels 0–16 divided by 16 (UCI ML Repository; shipped with scikit-learn)."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch

from elbo_room.models.data.dataset import Dataset
from elbo_room.models.data.remembered import remembered
from elbo_room.models.data.source import Source


def _table() -> np.ndarray:
    """(1797, 65): pixels and label, from scikit-learn's file; importing scikit-learn would cost a worker a second."""
    package = find_spec("sklearn")
    file = Path(package.origin).parent / "datasets" / "data" / "digits.csv.gz" if package and package.origin else None
    if file is not None and file.exists():
        return np.loadtxt(file, delimiter=",")
    from sklearn.datasets import load_digits

    found = load_digits()
    return np.column_stack([found.data, found.target])


@remembered
def digits() -> Dataset:
    """x (1797, 64) in [0, 1], labels 0–9."""
    table = _table()
    x = torch.tensor(table[:, :-1] / 16, dtype=torch.float32)
    return Dataset(
        name="digits",
        x=x,
        labels=torch.tensor(table[:, -1].astype(np.int64)),
        label_names=tuple("0123456789"),
        shape=(8, 8),
    )


SOURCES = (
    Source("digits", "Digits 8×8", "1,797 handwritten digits, 64 pixels in [0, 1] (scikit-learn's copy of the UCI set).", digits,
           models=("deep_generative", "deep_exponential_family"), kind="unit", axes=2),
)  # fmt: skip
