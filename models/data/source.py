"""A data set as a part: what its file declares of it in `SOURCES`."""

from collections.abc import Callable
from dataclasses import dataclass

from elbo_room.models.data.dataset import Dataset

ANY = "any"  # the kind of values that are looked at when they are there


@dataclass(frozen=True)
class Source:
    """What a form shows, how it is loaded, and which families of models take it; one that two take differently has two sources."""

    name: str
    label: str
    help: str
    load: Callable[[], Dataset]
    symbol: str = ""
    models: tuple[str, ...] = ("deep_generative",)
    kind: str = (
        "real"  # of the values that a response explains: real, positive, fraction, unit, count, binary, classes or any
    )
    axes: int = 0  # along how many axes a data point has neighbours: 1 for a sequence, 2 for a picture
    requires: tuple[dict[str, object], ...] = ()


def sequences(name: str, label: str, words: str, load: Callable[[], Dataset], symbol: str) -> tuple[Source, Source]:
    """Sequences with classes: x alone for a deep generative model, and the class as the response of a conditional one."""
    return (
        Source(name, label, words, load, axes=1),
        Source(name, label, words, load, symbol, models=("conditional",), kind="classes", axes=1),
    )
