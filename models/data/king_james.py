"""The King James Bible as counts: 1,189 chapters × 4,559 words, 292,207 tokens, labelled by book (public domain)."""

from pathlib import Path

import numpy as np
import torch

from elbo_room.models.data.dataset import Dataset
from elbo_room.models.data.remembered import remembered
from elbo_room.models.data.source import Source

FILE = Path(__file__).parent / "files" / "king_james.npz"


@remembered
def king_james() -> Dataset:
    """x (1189, 4559), how often each word occurs in each chapter."""
    with np.load(FILE, allow_pickle=False) as file:
        chapters, words = (int(size) for size in file["shape"])
        counts = torch.zeros(chapters, words)
        rows = np.repeat(np.arange(chapters), np.diff(file["indptr"].astype(np.int64)))
        counts[torch.from_numpy(rows), torch.from_numpy(file["indices"].astype(np.int64))] = torch.from_numpy(
            file["data"].astype(np.float32)
        )
        books = torch.from_numpy(file["book"].astype(np.int64))
        names = tuple(str(name) for name in file["book_names"])
        vocabulary = tuple(str(word) for word in file["vocabulary"])
    return Dataset(
        name="king_james", x=counts, labels=books, label_names=names, shape=(words,), feature_names=vocabulary
    )


SOURCES = (
    Source(
        "king_james", "King James chapters",
        "1,189 chapters of the Bible as counts of 4,559 words; the label is the book (public domain).",
        king_james, "x (1189, 4559)", models=("deep_exponential_family",), kind="count",
    ),
)  # fmt: skip
