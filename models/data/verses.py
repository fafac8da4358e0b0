"""Short texts as tokens: the first ten words of 4,000 verses of the King James Bible, the label Old or New Testament (public domain).

Every datum has the same ten positions, so there is no padding to mask. A token is an indicator over `SIZE` words, the commonest of the
training part; every rarer word is "…".
"""

from collections import Counter
from functools import cache

import numpy as np
import torch

from models.data.dataset import Dataset
from models.data.packed import FILES

SIZE, TEST = 400, 1000  # vocabulary, held-out verses
RARE = "…"
TESTAMENTS, OLD = ("Old Testament", "New Testament"), 39  # the books of the Old Testament come first


@cache
def verses() -> Dataset:
    """X (3000, 10 · 400), y: 0 of the Old, 1 of the New Testament, half each; 1,000 verses are held out.

    Drawn at random from the verses of at least ten words.
    """
    with np.load(FILES / "verses.npz", allow_pickle=False) as file:
        texts = [line.split() for line in bytes(file["text"]).decode().splitlines()]
        labels = (torch.from_numpy(file["book"].astype(np.int64)) >= OLD).long()
    first = len(texts) - TEST
    counted = Counter(word for words in texts[:first] for word in words)
    vocabulary = (RARE, *sorted(word for word, _ in counted.most_common(SIZE - 1)))
    place = {word: index for index, word in enumerate(vocabulary)}
    tokens = torch.tensor([[place.get(word, 0) for word in words] for words in texts])  # (N, T)
    x = torch.nn.functional.one_hot(tokens, SIZE).flatten(1).float()
    length = tokens.shape[1]

    def part(rows: slice, test: Dataset | None = None) -> Dataset:
        own, names = labels[rows], vocabulary * length
        y, kept = own.float(), x[rows].contiguous()
        return Dataset("verses", kept, own, TESTAMENTS, (length, SIZE), y, test=test, feature_names=names)

    return part(slice(first), part(slice(first, None)))
