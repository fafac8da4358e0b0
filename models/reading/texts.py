"""A column of texts as tokens: words, or the letters of strings such as DNA; what was cut, and which words were rare, is noted."""

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from elbo_room.models.reading.column import CATEGORY, TEXT, Column, as_text
from elbo_room.models.reading.limits import Refused

MOST_WORDS, MOST_LETTERS = 64, 200  # tokens of a text
VOCABULARY = 400  # different tokens; every rarer one is `RARE`
FEWEST, SHORTEST = 50, 5  # different tokens, and tokens of a text, that a large table is reduced to
MOST_VALUES = 20_000_000  # texts × tokens × vocabulary: 80 MB as float32
RARE = "…"
WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
STRING = re.compile(r"[A-Za-z*-]{8,}")  # DNA, RNA, a protein
ALPHABET = 30  # letters that such strings have at most
HELD_OUT = 0.2  # the share of the rows that the proposed conditional model holds out
SAMPLE = 200  # texts that are looked at to see what they are
FEW_WORDS = 3  # of a text, in the middle of the sample
Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Texts:
    """Tokens (N, T) as places in the vocabulary, −1 after the last one; a row without any is empty."""

    codes: Array
    vocabulary: list[str]
    letters: bool
    notes: list[str]


def _sample(column: Column) -> list[str]:
    return [each for each in as_text(column.values.iloc[: 4 * SAMPLE]) if each][:SAMPLE]


def _strings(texts: list[str]) -> bool:
    """Whether they are strings of letters from a small alphabet."""
    alphabet = {letter for each in texts for letter in each.upper()}
    return len(alphabet) <= ALPHABET and sum(bool(STRING.fullmatch(each)) for each in texts) >= 0.95 * len(texts)


def like_text(column: Column) -> str:
    """Why a sequence model could read this column; empty if it could not."""
    if column.kind not in (TEXT, CATEGORY) or column.why or column.distinct < 4:
        return ""
    texts = _sample(column)
    if not texts:
        return ""
    if _strings(texts):
        return "strings of letters: a sequence model can read them"
    words = sorted(len(WORD.findall(each)) for each in texts)
    return "texts of words: a sequence model can read them" if words[len(words) // 2] >= FEW_WORDS else ""


def training_rows(usable: Array) -> Array:
    """(N,) bool: the usable rows without the fifth that a conditional model holds out, `elbo_room.models.data.dataset.held_out_rows`.

    The same shuffle as torch's `randperm` at seed 0, by the same generator: position i changes places with i + r mod (N − i).
    """
    places = np.flatnonzero(usable)
    order, draws = np.arange(len(places)), np.random.RandomState(0)
    for i, draw in enumerate(draws.randint(0, 1 << 32, max(0, len(order) - 1), np.uint32).tolist()):
        other = i + draw % (len(order) - i)
        order[i], order[other] = order[other], order[i]
    held = min(max(1, round(HELD_OUT * len(order))), len(order) - 1) if len(order) > 1 else 0
    kept = np.zeros(len(usable), bool)
    kept[places[order[held:]]] = True
    return kept


def texts_of(column: Column, file: str, usable: Array | None = None) -> Texts:
    """The tokens of a column; `usable` (N,) are the rows with a response, of which the vocabulary is that of the rows that train.

    Raises:
        Refused: it holds no texts, or too many of them.
    """
    if column.kind not in (TEXT, CATEGORY):
        raise Refused(
            f"{column.name!r} of {file} holds no texts ({column.kind}), so no sequence model can read it. Use a column of words or "
            "strings as text."
        )
    texts = [each or "" for each in as_text(column.values)]
    letters = _strings(_sample(column))
    rows = [list(each.upper()) if letters else WORD.findall(each.lower()) for each in texts]
    lengths = np.array([len(each) for each in rows])
    if not lengths.any():
        raise Refused(f"{column.name!r} of {file} holds no words. Use a column of words or strings as text.")
    trained = np.ones(len(rows), bool) if usable is None else training_rows(usable & (lengths > 0))
    everything = Counter(token for each in rows for token in each)
    counted = Counter(token for each, train in zip(rows, trained.tolist(), strict=True) if train for token in each)
    longest = min(int(lengths.max()), MOST_LETTERS if letters else MOST_WORDS)
    size = min(len(counted) + (len(counted) < len(everything)), VOCABULARY)
    if len(rows) * longest * size > MOST_VALUES:
        size = max(min(size, FEWEST), MOST_VALUES // (len(rows) * longest))
        longest = min(longest, max(SHORTEST, MOST_VALUES // (len(rows) * size)))
    if len(rows) * longest * size > MOST_VALUES:
        most = MOST_VALUES // (longest * size)
        raise Refused(f"{file} has {len(rows):,} texts; a sequence model can read up to {most:,}. Keep fewer rows.")
    whole = size >= len(everything)
    kept = sorted(token for token, _ in counted.most_common(size if whole else size - 1))
    vocabulary = kept if whole and len(kept) == len(everything) else [RARE, *kept]
    return Texts(
        _coded(rows, vocabulary, longest),
        vocabulary,
        letters,
        _notes(column, lengths, longest, everything, kept, usable is not None),
    )


def _coded(rows: list[list[str]], vocabulary: list[str], longest: int) -> Array:
    place = {token: number for number, token in enumerate(vocabulary)}
    codes = np.full((len(rows), longest), -1, np.int16)
    for row, tokens in enumerate(rows):
        found = [place.get(token, 0) for token in tokens[:longest]]
        codes[row, : len(found)] = found
    return codes


def _notes(
    column: Column, lengths: Array, longest: int, counted: Counter[str], kept: list[str], held_out: bool
) -> list[str]:
    unit = "letters" if all(len(each) == 1 for each in kept) else "words"
    found = [f"{column.name} is read as texts of up to {longest} {unit}, {len(kept):,} different ones."]
    if len(kept) < len(counted):
        share = sum(counted[each] for each in kept) / counted.total()
        why = "rarer, or only in rows that are held out," if held_out else "rarer"
        found.append(
            f"The other {len(counted) - len(kept):,}, {1 - share:.0%} of all {unit}, are {why} and become {RARE!r}."
        )
    if cut := int((lengths > longest).sum()):
        found.append(f"{cut:,} longer texts, of up to {int(lengths.max()):,} {unit}, were cut there.")
    return found
