"""Data sets: real and shipped with a package, or computed here. Nothing is downloaded."""

from collections.abc import Callable
from dataclasses import dataclass

from models.data.dataset import Dataset, from_array
from models.data.digits import digits
from models.data.docstrings import docstrings
from models.data.king_james import king_james
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


DATA: dict[str, Source] = {
    each.name: each
    for each in (
        Source(
            "digits",
            "Digits 8×8",
            "1,797 handwritten digits, 64 pixels in [0, 1] (scikit-learn's copy of the UCI set).",
            digits,
        ),
        Source(
            "pinwheel",
            "Pinwheel 2-D",
            "500 points on five bent arms, computed; 2 features, so everything can be seen.",
            pinwheel,
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
    "king_james",
    "pinwheel",
]
