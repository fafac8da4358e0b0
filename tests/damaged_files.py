"""Whole files of every kind, the same with random damage, and the result of reading them."""

import gzip
import random
import re
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import numpy as np

from elbo_room.models.data import load
from elbo_room.models.data.dataset import DataError
from tests.models.test_tables import COUNTS, h5ad

KINDS = (
    ".npz", ".npy", ".csv", ".tsv", ".csv.gz", ".parquet", ".feather", ".xlsx", ".mtx", ".zip", ".h5", ".h5ad",
)  # fmt: skip
JARGON = re.compile(
    r"Traceback|Error\b|Exception|errno|dtype|codec|Arrow|zlib|pandas|object at|NoneType|b'"
)  # of libraries
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
    writers: dict[str, Callable[[Path], object]] = {
        ".h5ad": lambda path: h5ad(path, "csr", COUNTS),
        ".npz": lambda path: np.savez_compressed(
            path, x=COUNTS, labels=np.array(list("abab")), batch=np.array(list("ppqq"))
        ),
        ".npy": lambda path: np.save(path, COUNTS),
        ".csv.gz": lambda path: path.write_bytes(gzip.compress(text.encode(), mtime=0)),
        ".csv": lambda path: path.write_text(text),
        ".tsv": lambda path: path.write_text(text.replace(",", "\t")),
        ".mtx": lambda path: path.write_text(MATRIX),
        ".zip": _tenx_folder,
        ".h5": _tenx,
    }
    frames = {".parquet": "to_parquet", ".feather": "to_feather", ".xlsx": "to_excel"}
    if kind in frames:
        import pandas as pd

        getattr(pd.read_csv(StringIO(text)), frames[kind])(path)
    else:
        writers[kind](path)
    return path.read_bytes()


MATRIX = (
    "%%MatrixMarket matrix coordinate integer general\n% genes × cells\n3 4 5\n1 2 1\n1 4 2\n2 1 3\n2 3 250\n3 3 7\n"
)


def _tenx_folder(path: Path) -> None:
    """As Cell Ranger writes it, packed."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("filtered/matrix.mtx.gz", gzip.compress(MATRIX.encode(), mtime=0))
        archive.writestr("filtered/features.tsv", "".join(f"ENSG{i}\tgene {i}\tGene Expression\n" for i in range(3)))
        archive.writestr("filtered/barcodes.tsv", "".join(f"ACGTACGT-{i}\n" for i in range(4)))


def _tenx(path: Path) -> None:
    """The same as a feature-barcode matrix in HDF5."""
    import h5py

    with h5py.File(path, "w") as file:
        group = file.create_group("matrix")
        group["shape"], group["indptr"] = [3, 4], [0, 1, 2, 4, 5]
        group["indices"], group["data"] = [1, 0, 1, 2, 0], [3, 1, 250, 7, 2]
        group["barcodes"] = [f"ACGTACGT-{i}".encode() for i in range(4)]
        group["features/name"] = [f"gene {i}".encode() for i in range(3)]


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
        load(path, transpose=False)
    except DataError as refusal:
        text = str(refusal)
        fine = text.isprintable() and text.endswith(".") and len(text) < 500 and not JARGON.search(text)
        return True, None if fine else f"no sentence: {text[:200]!r}"
    except Exception as error:  # noqa: BLE001 - this is what is looked for
        return False, f"{type(error).__name__}: {str(error)[:200]}"
    return False, None
