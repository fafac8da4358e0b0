"""Texts as indicators of their words, and back: (N, T · C), zeros after the last word of a text shorter than T."""

from collections.abc import Sequence

import torch
from torch import Tensor

from elbo_room.models.data.dataset import Dataset


def indicators(texts: Sequence[Sequence[str]], vocabulary: Sequence[str], longest: int, other: str = "") -> Tensor:
    """x (N, T · C) of texts of up to T = `longest` words; `other`, if not empty, replaces words that are not in the vocabulary.

    Raises:
        ValueError: a text is too long, or one of its words is unknown.
    """
    place = {word: index for index, word in enumerate(vocabulary)}
    x = torch.zeros(len(texts), longest, len(vocabulary))
    for row, words in enumerate(texts):
        unknown = [word for word in words if word not in place] if not other else []
        if unknown or not 1 <= len(words) <= longest:
            raise ValueError(
                f"{unknown[0]!r} is not a word of this task; they are: {' '.join(vocabulary)}. Use these."
                if unknown
                else f"The sentence has {len(words)} words; 1 to {longest} fit. Shorten it."
            )
        numbers = [place.get(word, place.get(other, 0)) for word in words]
        x[row, torch.arange(len(words)), torch.tensor(numbers)] = 1.0
    return x.flatten(1)


def words_of(data: Dataset, row: Tensor) -> list[str]:
    """The words of one data point of `data`, (T · C): the name of the indicator at each position that has one."""
    slices = row.unflatten(0, (data.shape[0], -1))  # (T, C)
    kept = slices[slices.sum(-1) > 0] if data.padded else slices
    return [data.feature_names[t * slices.shape[1] + int(c)] for t, c in enumerate(kept.argmax(-1))]
