"""Everything sent between the kernel and the worker, as declared types: commands one way, messages the other.

`Worker` registers one handler for every command (`elbo_room.widgets.worker.serve`), `Explorer` and its controllers those for messages.
Columns are numpy arrays of one length: float32, or uint8 where they are pictures. Charts and datasets go by the names of `widgets/charts`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypedDict

import numpy as np

from elbo_room.models.probing.variance import Band

Array = np.ndarray[Any, Any]
Columns = dict[str, Array]  # (n,) each, or (n, …) of pictures
Datasets = dict[str, Columns]
Charts = dict[str, Datasets]
Params = dict[str, float | bool | list[float]]  # of one chart
Setting = bool | int | float | str
Settings = Mapping[str, Setting]  # values of knobs by name, as `elbo_room.models.settings` checks them
Phase = Literal["idle", "running", "paused", "finished", "failed"]  # of the worker's run


class Facts(TypedDict, total=False):
    """The facts about a run for captions and tasks; each is sent by the charts that can compute it."""

    sentence: str | None  # the caption, unless something more urgent applies
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


class CurveTables(TypedDict):
    """The curves of a run so far, with the columns that `wire.history_file` names."""

    elbo: Array  # (n, 6)
    mean: Array  # (n, 2)
    variance: Array  # (n, 5)


# What the views of panel B have found, for the caption; `step` is the step that was measured.


class NothingFound(TypedDict, total=False):
    """A view that cannot be filled, and why."""

    view: str
    step: int
    reason: str


class Slopes(TypedDict, total=False):
    """The power of B, or of M, at which each variance falls, with its standard error."""

    view: str
    step: int
    slopes: dict[str, tuple[float, float]]  # by estimator
    open: list[str]  # estimators whose variance has no upper end


class Replicates(TypedDict, total=False):
    """Replicates of ĝ about a long run."""

    view: str
    step: int
    label: str  # of the parameter
    reference: tuple[float, float]  # the long run's mean and its standard error
    found: dict[str, tuple[float, float, float]]  # by estimator: mean, its standard error, spread
    missing: dict[str, float]  # by estimator: the share of the gradient that its mean lacks


class ParabolaOfXi(TypedDict, total=False):
    """The variance of the score with ξ, as a function of ξ."""

    view: str
    step: int
    best: tuple[float, float]  # ξ* and its standard error
    rho_squared: float
    plain: Band  # the variance at ξ = 0
    least: Band
    xi: float | None  # where it is held
    at_xi: Band


class Costs(TypedDict, total=False):
    """Variance × work, as a multiple of the best."""

    view: str
    step: int
    found: dict[str, list[Band]]  # by estimator: per evaluation, per second
    cost: dict[str, tuple[float, float]]  # evaluations, seconds


Found = NothingFound | Slopes | Replicates | ParabolaOfXi | Costs


# commands: kernel → worker


@dataclass(frozen=True)
class Start:
    """Build a run from settings, or resume the one saved in the folder."""

    settings: Settings
    folder: str
    speed: str = "full"
    resume: bool = False  # the folder's run, whatever the settings
    play: bool = True  # train at once
    changes: Sequence[tuple[int, Settings]] = ()  # live changes to come, each after so many steps


@dataclass(frozen=True)
class Play:
    """Continue the run."""


@dataclass(frozen=True)
class Pause:
    """Stop after the current step and keep everything."""


@dataclass(frozen=True)
class MakeStep:
    """Make one step and pause."""


@dataclass(frozen=True)
class SetSpeed:
    """Train at this pace."""

    speed: str  # "slow", "normal" or "full"


@dataclass(frozen=True)
class Change:
    """Change live settings of the run."""

    values: Settings


@dataclass(frozen=True)
class ShowView:
    """Measure what this view of panel B shows."""

    view: str


@dataclass(frozen=True)
class SelectParameter:
    """Select one parameter of q: by its position in the list, or by its name and unit in a diagram."""

    index: int | None = None
    name: str | None = None
    unit: int | None = None


@dataclass(frozen=True)
class MeasureEstimators:
    """Measure the variance of these estimators."""

    names: Sequence[str]


@dataclass(frozen=True)
class Watch:
    """These charts are visible; hidden ones are not drawn."""

    names: Sequence[str]


@dataclass(frozen=True)
class Decode:
    """Decode one place of the shown plane exactly, or the mean of q of a row of the map."""

    question: int  # comes back with the answer
    x: float
    y: float
    row: int = -1


@dataclass(frozen=True)
class Explore:
    """Change the view of a run; None leaves a choice unchanged."""

    colour: str | None = None  # of the map
    plane: str | None = None
    bands: str | None = None  # of a point mass
    text: str | None = None  # whose attention map is shown: the place of a row
    pins: Sequence[tuple[float, float, int]] | None = None  # x, y, and the row that is meant or −1
    dimension: int | None = None  # to walk along
    draw: tuple[int, int] | None = None  # a row and a seed: draws from its q
    rows: Sequence[int] | None = None  # of the map: marked


@dataclass(frozen=True)
class ShowState:
    """Show the kept state nearest to this step; training is not affected. None: show the newest step again."""

    step: int | None


@dataclass(frozen=True)
class RenderStates:
    """Draw the kept states, one after the other, while training goes on: for a page that is saved."""


@dataclass(frozen=True)
class DrawPrior:
    """Draw functions from the prior of these settings, whatever is running."""

    settings: Settings


@dataclass(frozen=True)
class ReadTable:
    """Read a user's table; once it is read, runs on "own" data use it."""

    path: str
    labels: str | None = None  # the column that names each row's class
    batch: str | None = None  # the column of the batch covariate
    roles: tuple[tuple[str, str], ...] = ()  # what other columns are for, by name
    missing: str | None = None  # what becomes of missing numbers
    transpose: bool | None = None  # whether its rows are features
    others: str | None = None  # the role of all columns without a chosen one
    standardise: bool | None = None  # whether a run standardises by its training rows; None: as proposed

    @property
    def words(self) -> tuple[Any, ...]:
        """All of it, in order."""
        return (
            self.path,
            self.labels,
            self.batch,
            self.roles,
            self.missing,
            self.transpose,
            self.others,
            self.standardise,
        )


@dataclass(frozen=True)
class UseFeatures:
    """Save the current run's features under this path with this title, or read existing ones; "features" are these from now on."""

    path: str
    title: str | None = None


@dataclass(frozen=True)
class Export:
    """Make a file of what the run has learned."""

    what: str  # one of `widgets.screen.drawers.download.FILES` or WHOLE
    ending: str = "csv"  # or "parquet", of a table
    rows: tuple[int, ...] = ()  # the selected data points


@dataclass(frozen=True)
class BeginStudy:
    """Find out something that takes a while, beside the training: one of `widgets.worker.studies`."""

    name: str


@dataclass(frozen=True)
class CancelStudy:
    """End the study in progress."""


@dataclass(frozen=True)
class Save:
    """Write a checkpoint now."""


@dataclass(frozen=True)
class Leave:
    """Save the run and let it go: the screen is about to show a scene's recorded run."""


@dataclass(frozen=True)
class Close:
    """Save and exit."""


Command = (
    Start | Play | Pause | MakeStep | SetSpeed | Change | ShowView | SelectParameter | MeasureEstimators | Watch | Decode | Explore
    | ShowState | RenderStates | DrawPrior | ReadTable | UseFeatures | Export | BeginStudy | CancelStudy | Save | Leave | Close
)  # fmt: skip


# messages: worker → kernel


@dataclass(frozen=True)
class Ready:
    """The worker has loaded what it needs."""


@dataclass(frozen=True)
class Alive:
    """The worker's process runs, whatever it is busy with: the session notes it and shows nothing."""


@dataclass(frozen=True, kw_only=True)
class OfStep:
    """A message with the run's current step."""

    number: int


@dataclass(frozen=True, kw_only=True)
class State(OfStep):
    """The run continues, is paused or has failed."""

    state: Phase
    cause: str = ""  # of a failure
    remedy: str = ""
    change: Settings | None = None  # what the remedy would change


@dataclass(frozen=True, kw_only=True)
class Started(OfStep):
    """A run has replaced the previous one."""

    settings: Settings
    folder: str
    curves: CurveTables
    about: About
    featureless: str | None = None  # why its features cannot be used, if so
    features_of: str | None = None  # whose features it is trained on


@dataclass(frozen=True)
class Parameters:
    """The parameters of q that panel B can look at."""

    labels: list[str]
    chosen: int
    whole: bool  # all of ν is chosen


@dataclass(frozen=True, kw_only=True)
class Frame(OfStep):
    """The steps since the last frame, and what the panels show now."""

    points: Array  # (n, 6), as in `CurveTables.elbo`
    mean: Array  # (n, 2)
    rate: float  # steps a second
    elbo: float | None  # as a number, nats
    picture: Picture = field(default_factory=Picture)
    grid: Grid | None = None
    walk: Walk | None = None


@dataclass(frozen=True, kw_only=True)
class Scores(OfStep):
    """How well the map separates the labels."""

    grouping: Grouping


@dataclass(frozen=True, kw_only=True)
class Variance(OfStep):
    """Points of panel B's curve; of one step they may come estimator by estimator."""

    rows: Array  # (n, 5): step, value, low, high, series
    complete: bool = True  # this step's last ones
    replaces: bool = False  # instead of all points so far


@dataclass(frozen=True, kw_only=True)
class Against(OfStep):
    """Points of the variance against B or M."""

    view: str
    rows: Array  # (n, 5): B or M, value, low, high, series
    steeper: float | None = None  # the power of a second guide


@dataclass(frozen=True, kw_only=True)
class Evidence(OfStep):
    """What fills a chart outside of frames: a view of panel B, log p(x), one step."""

    picture: Picture = field(default_factory=Picture)
    found: Found | None = None


@dataclass(frozen=True, kw_only=True)
class Expected(OfStep):
    """A view of panel B is being measured."""

    chart: str
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Changed(OfStep):
    """Live settings act from the next step on."""

    values: Settings
    planned: bool = False  # by the run's own plan, rather than by a hand on the page


@dataclass(frozen=True, kw_only=True)
class Recorded(OfStep):
    """What makes the run again: its first settings, and its live changes so far and to come, each with its step."""

    initial: Settings
    changes: Sequence[tuple[int, Settings]]
    planned: Sequence[tuple[int, Settings]]

    @property
    def whole(self) -> list[tuple[int, Settings]]:
        """All changes."""
        return [*self.changes, *self.planned]


@dataclass(frozen=True)
class StatesKept:
    """The steps that replay can show, and what keeping them takes."""

    steps: list[int]  # in order
    bytes: int
    most: int  # as many are kept at most
    changes: list[tuple[int, Settings]]  # steps at which settings changed, and those that did


@dataclass(frozen=True)
class Replayed:
    """What the panels showed at an earlier step."""

    step: int
    picture: Picture
    grid: Grid | None = None
    walk: Walk | None = None


@dataclass(frozen=True)
class Rendered:
    """One of the states for a saved page."""

    shown: Replayed
    done: int
    of: int


@dataclass(frozen=True)
class Decoded:
    """The answer to `Decode`; None where there is no decoder."""

    question: int
    values: Array | None


class ColumnPreview(TypedDict):
    """A column of a table as it was read, and what is proposed for it."""

    name: str
    type: str
    role: str
    reason: str  # of the role
    missing: int  # rows without a value
    distinct: int
    first: list[str]  # rows as they are shown


@dataclass(frozen=True)
class TableRead:
    """A user's table was read."""

    path: str
    labels: str | None
    batch: str | None
    columns: list[str]
    counts: bool
    sentence: str
    preview: list[ColumnPreview] = field(default_factory=list)
    more_columns: int = 0  # that the preview leaves out
    incomplete: int = 0  # rows with a missing number
    request: ReadTable | None = None  # what was asked for
    genes_by_cells: bool = False  # whether the rows look like features
    missing: str = "drop rows"  # what became of missing numbers
    standardised: bool | None = None  # whether a run standardises it; None: there is nothing to standardise
    suited: Settings = field(default_factory=dict)  # settings of a model that suits it; none: the defaults
    views: Mapping[str, str] = field(default_factory=dict)  # what the panels open with


@dataclass(frozen=True)
class FeaturesRead:
    """Features are available."""

    path: str
    sentence: str
    made: bool  # of the present run, now


@dataclass(frozen=True)
class PriorDrawn:
    """Functions drawn from the prior."""

    picture: Picture
    sentence: str


@dataclass(frozen=True)
class Studying:
    """How far a study is."""

    name: str
    share: float | None  # that is done; None: it is not in progress
    sentence: str = ""  # why it ended without a result, or why its result is gone


@dataclass(frozen=True)
class Exported:
    """A file was made; this is a piece of it."""

    name: str
    content: bytes
    begin: int  # of the piece, in bytes
    size: int  # of the file


@dataclass(frozen=True)
class Refused:
    """A command was not carried out; nothing has changed."""

    command: type[Command]
    sentence: str
    state: Phase
    folder: str | None = None  # of a start


@dataclass(frozen=True, kw_only=True)
class Saved(OfStep):
    """The run is saved up to this step."""


@dataclass(frozen=True)
class Left:
    """The worker holds no run any more; what it held is saved."""


@dataclass(frozen=True)
class Unsaved:
    """The run could not be saved."""

    sentence: str


@dataclass(frozen=True)
class Fault:
    """A part that observes the run has failed and is paused."""

    part: str
    sentence: str


Message = (
    Ready | Alive | State | Started | Parameters | Frame | Scores | Variance | Against | Evidence | Expected | Changed | StatesKept
    | Replayed | Recorded | Exported | Studying | Rendered | Decoded | TableRead | FeaturesRead | PriorDrawn | Refused
    | Saved | Left | Unsaved | Fault
)  # fmt: skip
