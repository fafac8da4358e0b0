"""Data sets: real and shipped with a package, or computed here. Nothing is downloaded. To add one: its file, and its name in `FILES`."""

from importlib import import_module
from pathlib import Path

from elbo_room.models.data.dataset import Dataset, from_array
from elbo_room.models.data.digits import digits
from elbo_room.models.data.dna import planted_motifs, splice_junctions
from elbo_room.models.data.docstrings import docstrings
from elbo_room.models.data.king_james import king_james
from elbo_room.models.data.own import OWN
from elbo_room.models.data.passage import gerbil
from elbo_room.models.data.pinwheel import pinwheel
from elbo_room.models.data.source import ANY, Source
from elbo_room.models.data.table import columns, load, writes_itself
from elbo_room.models.data.verses import verses

FILES = (
    "digits",
    "pinwheel",
    "king_james",
    "docstrings",
    "standard_tables",
    "cells",
    "robot_arm",
    "curves",
    "planes",
    "tables",
    "own",
    "dna",
    "passage",
    "verses",
    "memory",
    "sparse",
    "methylation",
)
ALL: tuple[Source, ...] = tuple(source for file in FILES for source in import_module(f"{__name__}.{file}").SOURCES)


def sources_of(model: str) -> dict[str, Source]:
    """The data sets that a family of models takes, by name."""
    return {source.name: source for source in ALL if model in source.models}


DATA, EXPONENTIAL_DATA = sources_of("deep_generative"), sources_of("deep_exponential_family")


def as_dataset(data: object) -> Dataset:
    """A data set from a data set, a file's path, a data frame, an AnnData, or an array (N, D).

    >>> import elbo_room as er
    >>> er.as_dataset([[1.0, 2.0], [3.0, 4.0]]).size
    2
    """
    if isinstance(data, Dataset):
        return data
    return load(data) if isinstance(data, str | Path) or writes_itself(data) else from_array(data)


__all__ = [
    "ANY",
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
