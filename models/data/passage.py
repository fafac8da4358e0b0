"""The lecture notes' passage as a task for attention: "The big dog ate my kid's gerbil and she was …": who is she?

The owner of the gerbil is sad, its eater is full. So the last word must find its noun, and the attention can be compared with
the truth. Computed from templates; words are tokens, in one of three word orders of different length; the last word is the feeling.
"""

import itertools

import torch

from elbo_room.models.data.dataset import Dataset
from elbo_room.models.data.remembered import remembered
from elbo_room.models.data.source import sequences
from elbo_room.models.data.words import indicators

NOUNS = ("dog", "cat", "kid", "aunt", "owl", "snake", "baker", "queen")
EATEN = ("gerbil", "hamster", "mouse", "canary")
LOOKS = ("big", "old", "sly")
OWNER_FEELS, EATER_FEELS = ("sad", "angry", "crying"), ("full", "fed", "happy")
TEMPLATES = (
    "the {look} {eater} ate my {owner} 's {eaten} and she was {feeling}",
    "my {owner} 's {eaten} was eaten by the {look} {eater} and she was {feeling}",
    "i said the {eater} ate my {owner} 's {eaten} and she is {feeling}",
)
NOTES = "the big dog ate my kid 's gerbil and she was sad"
LENGTH = max(len(template.split()) for template in TEMPLATES)
TRAIN, TEST = 1600, 400


def _vocabulary() -> tuple[str, ...]:
    fixed = {word for template in TEMPLATES for word in template.split() if "{" not in word}
    return (*NOUNS, *EATEN, *LOOKS, *OWNER_FEELS, *EATER_FEELS, *sorted(fixed))


WORDS = _vocabulary()
SHAPE = (LENGTH, len(WORDS))


def tokens(sentence: str) -> list[str]:
    """The words of a sentence."""
    return sentence.lower().split()


def encode(sentences: list[str]) -> torch.Tensor:
    """Sentences as indicators of their words, zeros after the last one: (N, T · vocabulary).

    Raises:
        ValueError: a word is not in the vocabulary, or there are too many.
    """
    return indicators([tokens(sentence) for sentence in sentences], WORDS, LENGTH)


def _sentences() -> list[tuple[str, str]]:
    """Every sentence of the templates with the noun that `she` refers to."""
    found = []
    people = itertools.permutations(NOUNS, 2)
    for template, (eater, owner), eaten, look, feeling in itertools.product(
        TEMPLATES, people, EATEN, LOOKS, OWNER_FEELS + EATER_FEELS
    ):
        if "{look}" in template or look == LOOKS[0]:
            words = template.format(look=look, eater=eater, owner=owner, eaten=eaten, feeling=feeling)
            found.append((words, owner if feeling in OWNER_FEELS else eater))
    return found


@remembered
def gerbil(seed: int = 0) -> Dataset:
    """Sentences like the lecture notes' passage: x (1600, T · vocabulary), y: which noun `she` is; 400 other sentences are held out.

    The sentence from the lecture notes is the first of the held-out ones.
    """
    every = _sentences()
    order = torch.randperm(len(every), generator=torch.Generator().manual_seed(seed)).tolist()
    chosen = [every[k] for k in order if every[k][0] != NOTES][: TRAIN + TEST - 1]
    own = next(pair for pair in every if pair[0] == NOTES)
    parts = (chosen[:TRAIN], [own, *chosen[TRAIN:]])
    made: Dataset | None = None
    for pairs in reversed(parts):
        labels = torch.tensor([NOUNS.index(noun) for _, noun in pairs])
        x = encode([words for words, _ in pairs])
        made = Dataset(
            name="gerbil",
            x=x,
            labels=labels,
            label_names=NOUNS,
            shape=SHAPE,
            y=labels.float(),
            test=made,
            feature_names=WORDS * LENGTH,
            padded=True,
        )
    assert made is not None  # noqa: S101 - two parts, so there is one
    return made


SOURCES = (
    *sequences(
        "gerbil", "The gerbil passage",
        "1,600 sentences like the one in the lecture notes; which noun is she? Words as tokens; computed.",
        gerbil, "words → noun",
    ),
)  # fmt: skip
