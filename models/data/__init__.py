"""Data sets: real and shipped with a package, or computed here. Nothing is downloaded."""

from collections.abc import Callable
from dataclasses import dataclass

from models.data.dataset import Dataset, from_array
from models.data.digits import digits
from models.data.dna import planted_motifs, splice_junctions
from models.data.docstrings import docstrings
from models.data.king_james import king_james
from models.data.passage import gerbil
from models.data.pinwheel import pinwheel


@dataclass(frozen=True)
class Source:
    """A data set as a part: what a form shows, and how it is loaded."""

    name: str
    label: str
    help: str
    load: Callable[[], Dataset]
    symbol: str = ""
    requires: tuple[dict[str, object], ...] = ()
    axes: int = 0  # along how many axes a datum has neighbours: 1 for a sequence, 2 for a picture


DATA: dict[str, Source] = {
    each.name: each
    for each in (
        Source(
            "digits",
            "Digits 8×8",
            "1,797 handwritten digits, 64 pixels in [0, 1] (scikit-learn's copy of the UCI set).",
            digits,
            axes=2,
        ),
        Source(
            "pinwheel",
            "Pinwheel 2-D",
            "500 points on five bent arms, computed; 2 features, so everything can be seen.",
            pinwheel,
        ),
        Source(
            "splice_junctions",
            "Splice junctions",
            "2,549 DNA strings of 60 bases, with a junction in the middle or none (UCI, CC BY 4.0).",
            splice_junctions,
            axes=1,
        ),
        Source(
            "planted_motifs",
            "Planted motifs",
            "2,400 random DNA strings of 60 bases that hide one of three known motifs, or none; computed.",
            planted_motifs,
            axes=1,
        ),
        Source(
            "gerbil",
            "The gerbil passage",
            "1,600 sentences like the notes' own; which noun is she? Words as tokens; computed.",
            gerbil,
            axes=1,
        ),
    )
}

EXPONENTIAL_DATA: dict[str, Source] = {
    each.name: each
    for each in (
        DATA["digits"],
        DATA["pinwheel"],
        Source(
            "king_james",
            "King James chapters",
            "1,189 chapters of the Bible as counts of 4,559 words; the label is the book (public domain).",
            king_james,
            "x (1189, 4559)",
        ),
        Source(
            "docstrings",
            "Docstrings of packages",
            "Modules of the installed packages as counts of the words in their docstrings, read on the spot.",
            docstrings,
            "x (N, 1000)",
        ),
    )
}

__all__ = [
    "DATA",
    "EXPONENTIAL_DATA",
    "Dataset",
    "Source",
    "digits",
    "docstrings",
    "from_array",
    "gerbil",
    "king_james",
    "pinwheel",
    "planted_motifs",
    "splice_junctions",
]
