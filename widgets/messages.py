"""What travels between the kernel and the worker, as declared types: the parts that charts are filled with.

Columns are numpy arrays of one length: float32, or uint8 where they are pictures. Charts and datasets go by the names of `widgets/charts`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

import numpy as np

Array = np.ndarray[Any, Any]
Columns = dict[str, Array]  # (n,) each, or (n, …) of pictures
Datasets = dict[str, Columns]
Charts = dict[str, Datasets]
Params = dict[str, float | bool | list[float]]  # of one chart


class Facts(TypedDict, total=False):
    """What captions and tasks know of a run; each is sent by the pictures that can tell it."""

    sentence: str | None  # the caption, where nothing more urgent is to be said
    summaries: dict[str, str]  # for screen readers, by chart
    kl: list[float]  # of each latent dimension, nats
    cause: str | None  # of a collapse
    theory: str  # what is exactly known of a linear decoder
    one_step: str  # what the step that is drawn shows
    weighed: str  # what is known about log p(x)
    gaps: list[float] | None  # below log p(x): the encoder's and the family's, nats
    noiseless: bool  # ĝ does not vary from step to step
    own_label: float  # share of a data point's neighbours in z that have its label
    own_batch: float  # the same of its batch
    link_error: float  # of the arm's samples, root mean square, mm
    attention: float  # the largest weight from the last word
    constant_scale: float  # σ of a feature that is the same in all rows
    test_density: float  # nats per held-out data point
    accuracy: float
    rmse: float
    scale: float | None  # the learned scale of the weights
    band_ratio: float  # of the sd of f away from the data to that among them
    relevant: int  # inputs


class Picture(TypedDict, total=False):
    """Columns, parameters and words for some charts, and facts for the caption."""

    replace: Charts  # instead of the columns there
    append: Charts  # to the ends of lines
    params: dict[str, Params]
    names: dict[str, list[str]]  # the labels that a chart writes
    headings: dict[str, str]
    facts: Facts


class About(TypedDict, total=False):
    """What stays the same for a run."""

    static: Charts
    labels: dict[str, list[str]]  # by chart
    shape: list[int]  # of what is drawn of a data point: an image's, (D,) of points, (1, F) of features
    size: int  # N
    rows: Array  # of the data, in the order of the map's points
    views: dict[str, list[str]]  # by panel, where the run cannot fill all charts of its family
    choices: dict[str, list[tuple[str, str]]]  # label and name of what `Explore` may ask for


class Grid(TypedDict, total=False):
    """Decoded means over the shown plane, n × n, rows from low to high of the second axis; of a table also its features' names."""

    n: int
    low: list[float]
    high: list[float]
    values: Array  # (n², …)
    names: list[str]
    counts: bool
    average: list[float]
    spread: list[float]
    least: float
    observed: Array  # (rows, features)
    markers: list[tuple[int, list[str]]]  # a class and the names of its features


class Walk(TypedDict):
    """The stops of a walk through the latent space."""

    walk: str | None  # "dimension", "path" or "draws"
    dimension: int
    places: Array  # (stops, 2) on the map
    values: Array  # (stops, …) decoded


class Grouping(TypedDict):
    """How well the posterior means separate the labels."""

    ari: float
    nmi: float
    silhouette: float


@dataclass(frozen=True)
class Explore:
    """Show a run from another side; None leaves a choice as it is."""

    colour: str | None = None  # of the map
    plane: str | None = None
    bands: str | None = None  # of a point mass
    text: str | None = None  # whose attention map is shown: the place of a row
    pins: Sequence[tuple[float, float, int]] | None = None  # x, y, and the row that is meant or −1
    dimension: int | None = None  # to walk along
    draw: tuple[int, int] | None = None  # a row and a seed: draws from its q
    rows: Sequence[int] | None = None  # of the map: marked
