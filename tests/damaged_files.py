"""Whole files of every kind, the same with random damage, and the result of reading them."""

import gzip
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from elbo_room.models.data import load
from elbo_room.models.data.dataset import DataError
from tests.models.test_tables import COUNTS, h5ad

KINDS = (".npz", ".csv", ".tsv", ".csv.gz", ".h5ad")
PATIENCE = 20.0  # seconds that reading may take


@dataclass(frozen=True)
class Read:
    """What came of reading one damaged file."""

    content: bytes
    refused: bool
    seconds: float
    fault: str | None  # what must not happen: a hang, another exception, a sentence that is none


def mutated(content: bytes, chance: random.Random) -> bytes:
    """A byte changed, a number set to an extreme, a piece moved, or the end cut off."""
    made = bytearray(content)
    for _ in range(chance.choice((1, 3, 12))):
        at = chance.randrange(len(made))
        how = chance.random()
        if how < 0.5:
            made[at] = chance.randrange(256)
        elif how < 0.7:
            made[at : at + 8] = chance.choice((b"\xff" * 8, bytes(8), (1 << 40).to_bytes(8, "little")))
        elif how < 0.85:
            other = chance.randrange(len(made))
            made[at : at + 32] = made[other : other + 32]
        else:
            del made[max(at, 1) :]
    return bytes(made)


def whole(kind: str, folder: Path) -> bytes:
    """An undamaged file of this kind."""
    text = "x,y,kind\n" + "\n".join(f"{i},{i * i},{'ab'[i % 2]}" for i in range(12)) + "\n"
    path = folder / f"whole{kind}"
    if kind == ".h5ad":
        h5ad(path, "csr", COUNTS)
    elif kind == ".npz":
        np.savez_compressed(path, x=COUNTS, labels=np.array(list("abab")), batch=np.array(list("ppqq")))
    elif kind.endswith(".gz"):
        path.write_bytes(gzip.compress(text.encode(), mtime=0))
    else:
        path.write_text(text.replace(",", "\t") if kind == ".tsv" else text)
    return path.read_bytes()


def damaged_reads(kind: str, folder: Path, seed: int, count: int) -> Iterator[Read]:
    """Read so many damaged files of this kind."""
    content, chance, path = whole(kind, folder), random.Random(seed), folder / f"t{kind}"
    for _ in range(count):
        made = mutated(content, chance)
        path.write_bytes(made)
        begin = time.monotonic()
        refused, fault = _outcome(path)
        seconds = time.monotonic() - begin
        yield Read(made, refused, seconds, fault or ("a hang" if seconds > PATIENCE else None))


def _outcome(path: Path) -> tuple[bool, str | None]:
    """Whether the file was refused, and what went wrong if something did."""
    try:
        load(path, labels="kind" if path.suffix != ".npz" else None)
    except DataError as refusal:
        text = str(refusal)
        fine = text.isprintable() and text.endswith(".") and len(text) < 500
        return True, None if fine else f"no sentence: {text[:200]!r}"
    except Exception as error:  # noqa: BLE001 - this is what is looked for
        return False, f"{type(error).__name__}: {str(error)[:200]}"
    return False, None
