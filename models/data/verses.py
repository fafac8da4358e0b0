"""Texts of different length as tokens: 4,000 whole verses of the King James Bible, labelled Old or New Testament (public domain).

A verse has 5 to T = 32 words, followed by padding with zeros. A token is an indicator over `SIZE` words, the most common in
the training part; every rarer word is "…".
"""

from collections import Counter

import numpy as np
import torch

from elbo_room.models.data.dataset import Dataset
from elbo_room.models.data.packed import FILES
from elbo_room.models.data.remembered import remembered
from elbo_room.models.data.source import sequences
from elbo_room.models.data.words import indicators

SIZE, TEST = 400, 1000  # vocabulary, held-out verses
RARE = "…"
TESTAMENTS, OLD = ("Old Testament", "New Testament"), 39  # the books of the Old Testament come first


@remembered
def verses() -> Dataset:
    """x (3000, 32 · 400), y: 0 for the Old, 1 for the New Testament, half each; 1,000 verses are held out.

    Drawn at random from the three quarters of all verses that have 5 to 32 words.
    """
    with np.load(FILES / "verses.npz", allow_pickle=False) as file:
        texts = [line.split() for line in bytes(file["text"]).decode().splitlines()]
        books = file["book"].astype(np.int64)
        places = zip(file["book_names"][books].tolist(), file["chapter"].tolist(), file["verse"].tolist(), strict=True)
    labels = torch.from_numpy(books >= OLD).long()
    rows = tuple(f"{book} {chapter}:{verse}" for book, chapter, verse in places)
    first = len(texts) - TEST
    counted = Counter(word for words in texts[:first] for word in words)
    vocabulary = (RARE, *sorted(word for word, _ in counted.most_common(SIZE - 1)))
    longest = max(len(words) for words in texts)

    def part(own: slice, test: Dataset | None = None) -> Dataset:
        x, y = indicators(texts[own], vocabulary, longest, other=RARE), labels[own]
        return Dataset(
            name="verses", x=x, labels=y, label_names=TESTAMENTS, shape=(longest, SIZE), y=y.float(), test=test,
            feature_names=vocabulary * longest, row_names=rows[own], padded=True,
        )  # fmt: skip

    return part(slice(first), part(slice(first, None)))


SOURCES = (
    *sequences(
        "verses", "Verses, which testament",
        "4,000 verses of 5 to 32 words of the King James Bible: Old or New Testament? 1,000 held out (public domain).",
        verses, "words → {Old, New}",
    ),
)  # fmt: skip
