"""Data sets: real and shipped with a package, or computed here. Nothing is downloaded."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from elbo_room.models.data.cells import cell_lines, pbmc
from elbo_room.models.data.dataset import Dataset, from_array
from elbo_room.models.data.digits import digits
from elbo_room.models.data.dna import planted_motifs, splice_junctions
from elbo_room.models.data.docstrings import docstrings
from elbo_room.models.data.king_james import king_james
from elbo_room.models.data.passage import gerbil
from elbo_room.models.data.pinwheel import pinwheel
from elbo_room.models.data.reading.table import columns, load
from elbo_room.models.data.robot_arm import robot_arm, robot_arm_exact
from elbo_room.models.data.standard_tables import iris, wine
from elbo_room.models.data.verses import verses


@dataclass(frozen=True)
class Source:
    """A data set as a part: what a form shows, and how it is loaded."""

    name: str
    label: str
    help: str
    load: Callable[[], Dataset]
    symbol: str = ""
    requires: tuple[dict[str, object], ...] = ()
    kind: str = (
        "real"  # of the values that a response explains: real, positive, fraction, unit, count, binary, classes, or any
    )
    axes: int = 0  # along how many axes a datum has neighbours: 1 for a sequence, 2 for a picture


OWN, ANY = "own", "any"


def _none_given() -> Dataset:
    raise ValueError(
        "There is no table of your own here. Give one: the drawer 'Your data' on the page, Explorer(data=…) in a notebook, "
        "or Run(settings, data=…)."
    )


DATA: dict[str, Source] = {
    each.name: each
    for each in (
        Source(
            "digits",
            "Digits 8×8",
            "1,797 handwritten digits, 64 pixels in [0, 1] (scikit-learn's copy of the UCI set).",
            digits,
            kind="unit",
            axes=2,
        ),
        Source(
            "pinwheel",
            "Pinwheel 2-D",
            "500 points on five bent arms, computed; 2 features, so everything can be seen.",
            pinwheel,
        ),
        Source("iris", "Iris", "150 irises, 4 measures, standardised (Fisher 1936).", iris),
        Source("wine", "Wine", "178 wines of three growers, 13 measures, standardised.", wine),
        Source(
            "pbmc",
            "Blood cells (PBMC)",
            "700 human blood cells, counts of 765 genes, 10 kinds (10x Genomics, CC BY).",
            pbmc,
            kind="count",
        ),
        Source(
            "cell_lines",
            "Five cell lines",
            "909 cancer cells, counts of 2,000 genes, 5 lines, 3 plates (Tian et al. 2019, MIT).",
            cell_lines,
            kind="count",
        ),
        Source(
            "robot_arm",
            "Robot arm",
            "20,000 poses of the youBot's arm: 5 joint angles → 5 points in space, with 5 mm of noise; in dm, computed.",
            robot_arm,
        ),
        Source(
            "robot_arm_exact",
            "Robot arm, no noise",
            "The same poses without noise: the shoulder's height is a constant, so its σ wants to be 0.",
            robot_arm_exact,
        ),
        Source(
            OWN,
            "your own table",
            "A file (.h5ad, .npz, .csv, .parquet): the drawer 'Your data', Explorer(data=…), Run(…, data=…).",
            _none_given,
            kind=ANY,  # looked at when they are there
            axes=2,  # they may be pictures; a network over positions says so where they are not
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
        Source(
            "verses",
            "Verses, which testament",
            "4,000 verses of 5 to 32 words of the King James Bible: Old or New Testament? 1,000 held out (public domain).",
            verses,
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
            kind="count",
        ),
        Source(
            "docstrings",
            "Docstrings of packages",
            "Modules of the installed packages as counts of the words in their docstrings, read on the spot.",
            docstrings,
            "x (N, 1000)",
            kind="count",
        ),
        DATA[OWN],
    )
}


def as_dataset(data: object) -> Dataset:
    """A data set as it is, a file's path, or an array (N, D).

    >>> import elbo_room as er
    >>> er.as_dataset([[1.0, 2.0], [3.0, 4.0]]).size
    2
    """
    if isinstance(data, Dataset):
        return data
    return load(data) if isinstance(data, str | Path) else from_array(data)


__all__ = [
    "DATA",
    "EXPONENTIAL_DATA",
    "OWN",
    "Dataset",
    "Source",
    "as_dataset",
    "columns",
    "digits",
    "docstrings",
    "from_array",
    "gerbil",
    "king_james",
    "load",
    "pinwheel",
    "planted_motifs",
    "splice_junctions",
    "verses",
]
