"""1,797 handwritten digits, 8 × 8 grey levels 0–16 divided by 16 (UCI ML Repository; shipped with scikit-learn)."""

from functools import cache

import torch

from models.data.dataset import Dataset


@cache
def digits() -> Dataset:
    """X (1797, 64) in [0, 1], labels 0–9."""
    from sklearn.datasets import load_digits

    table = load_digits()
    x = torch.tensor(table.data / 16, dtype=torch.float32)
    return Dataset("digits", x, torch.tensor(table.target), tuple("0123456789"), (8, 8))
