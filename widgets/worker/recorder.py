"""A finished run of a scene, as the few messages that draw its screen: the same settings and seed give the same messages.

What the page's worker does by the clock (looks at panels C and D, measurements of panel B, how many replicates each) happens here at
fixed steps; the parts that pace themselves see a clock that is stopped in between.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from unittest import mock

import numpy as np
import torch

from elbo_room.models.catalogue import settings_from
from elbo_room.models.training.run import Run
from elbo_room.widgets.dispatch import Dispatch
from elbo_room.widgets.messages import (
    Against,
    Array,
    Charts,
    Columns,
    CurveTables,
    Evidence,
    Explore,
    Frame,
    Message,
    Picture,
    Replayed,
    Scores,
    Settings,
    Started,
    StatesKept,
)
from elbo_room.widgets.painting.views import ONE_STEP, panel_b
from elbo_room.widgets.wire.bundle import rounded
from elbo_room.widgets.wire.history import thin
from elbo_room.widgets.wire.history_file import ELBO_COLUMNS, MEAN_COLUMNS, VARIANCE_COLUMNS, table
from elbo_room.widgets.worker.evidence_job import EvidenceJob
from elbo_room.widgets.worker.history import RunningMean, point
from elbo_room.widgets.worker.measuring.probing import Probing, Request
from elbo_room.widgets.worker.measuring.rows import Probed
from elbo_room.widgets.worker.measuring.selection import FIRST, Selection
from elbo_room.widgets.worker.pictures import pictures_of
from elbo_room.widgets.worker.pictures.cells import merged
from elbo_room.widgets.worker.pictures.evidence import CHART as EVIDENCE
from elbo_room.widgets.worker.pictures.yardstick import Yardstick
from elbo_room.widgets.worker.replay import Replay
from elbo_room.widgets.worker.states import KeptStates, where

STATES = 24  # of replay, from the first step to the last, dense where a run begins
LOOKS, MEASUREMENTS, MEANS = 32, 32, 150  # in a run, at evenly spaced steps
CURVE = 400  # points of the ELBO that are kept
POINTS = 1000  # of the map of the latent space
SIDE = 11  # of the decoded grid, where its places are tables and not pictures
# The same for a step of replay: places of decoded pictures and of tables, grey levels and bits.
SIDE_OF_PICTURES, SIDE_OF_TABLES, LEVELS, BITS_OF_STEPS = 9, 6, 32, 6
BITS_OF_TABLES = 8  # of the mantissa of a decoded table's numbers, whose bars are a few pixels long
CLOUD = ("latent", "cloud")
TIMED = "variance_cost"  # shows seconds, which no two recordings have in common
UNRECORDED = frozenset({ONE_STEP, "prior_predictive"})  # the first moves on with every step, the second shows the form
AGES = 1e4  # seconds from one look to the next


class SteadyClock:
    """Time that passes only when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def read(self) -> float:
        """The time; two readings differ, so that no rate is infinite."""
        self.now += 1e-6
        return self.now

    def age(self) -> None:
        """So much time passes that everything is due."""
        self.now = round(self.now + AGES)

    @contextmanager
    def replacing(self) -> Iterator[None]:
        """Inside, it is the clock of all modules."""
        with (
            mock.patch.object(time, "perf_counter", self.read),
            mock.patch.object(time, "thread_time", self.read),
            mock.patch.object(time, "sleep", return_value=None),
        ):
            yield


def spaced(last: int, count: int) -> frozenset[int]:
    """At most so many steps from 1 to the last one, evenly spaced; both ends are among them."""
    return frozenset(np.unique(np.linspace(1, last, count).round().astype(int)).tolist())


def replayed(last: int, count: int) -> frozenset[int]:
    """At most so many steps from 0 to the last one, at equal distances of `where`."""
    places = [where(step, last) for step in range(last + 1)]
    return frozenset(np.searchsorted(places, np.linspace(0, places[-1], count)).tolist())


class Recorder:
    """One run and what is seen of it."""

    def __init__(self, settings: Settings, names: Sequence[str], view: Mapping[str, str]) -> None:
        self.run, self.clock = Run(settings_from(dict(settings))), SteadyClock()
        self.names, self.view = tuple(names), view
        self.pictures, self.mean = pictures_of(self.run), RunningMean()
        self.about = self.pictures.about()
        charts = {name for names in self.about["views"].values() for name in names}
        self.charts = self.pictures.watched = frozenset(charts - UNRECORDED)
        plane, bands, text = (view.get(name) or None for name in ("plane", "bands", "text"))
        if plane or bands or text:
            self.pictures.explore(Explore(plane=plane, bands=bands, text=text))
        self.probing, self.selection = Probing(self.run), Selection(self.run, self.names)
        self.states = KeptStates(self.run)
        self.states.keep(self.run, last=True)
        self.points: list[tuple[float, ...]] = []
        self.means: list[tuple[float, float]] = []
        self.picture: Picture = {}
        self.lines: dict[tuple[str, str], list[Columns]] = {}
        self.variance: list[Any] = []
        self.against: dict[str, list[Against]] = {}
        self.evidence: dict[str, Evidence] = {}
        self.measured = Dispatch()
        self.measured.on(Probed, lambda found: self.variance.append(found.rows))
        self.measured.on(Against, lambda found: self.against.setdefault(found.view, []).append(found))
        self.measured.on(Evidence, self._keep_evidence)

    def messages(self) -> list[Message]:
        """Train to the end."""
        with self.clock.replacing():
            return self._messages()

    def _messages(self) -> list[Message]:
        stop = self.run.settings.stop_at
        looks, measured, means = spaced(stop, LOOKS), spaced(stop, MEASUREMENTS), spaced(stop, MEANS)
        kept, changes = replayed(stop, STATES), len(self.run.changes)
        self.pictures.resting = False
        for step in self.run:
            if step.number in kept:
                self.states.keep(self.run, last=True)
            if len(self.run.changes) != changes:
                self.states.note(self.run)
                changes = len(self.run.changes)
            self.points.append(point(step))
            self.mean.push(step.number, step.elbo)
            if step.number in means and (found := self.mean.point(*self._window)):
                self.means.append(found)
            if step.number == stop:
                break
            if step.number in measured:
                self._measure("variance", fine=False)
            if step.number in looks:
                self._look()
        self._measure("variance", fine=True)
        for view in panel_b():
            if view not in ("variance", TIMED):
                self._measure(view, fine=True)
        self._finish()
        return [*self._recorded(), *self._replayed()]

    @property
    def _window(self) -> tuple[int, int]:
        return self.run.data.size, self.run.settings.batch_size

    def _look(self) -> None:
        self.clock.age()
        seen = self.pictures.look()
        for name, datasets in seen.pop("append", {}).items():
            for dataset, columns in datasets.items():
                self.lines.setdefault((name, dataset), []).append(columns)
        self.picture = merged(self.picture, seen)

    def _measure(self, view: str, *, fine: bool) -> None:
        self.clock.age()
        parameter = self.selection.choices[0]
        self.probing.start(
            Request(
                self.run.number, self.run.settings, view, self.names, parameter, (parameter,), fine=fine, budget=1.0
            )
        )
        while self.probing.work is not None:
            if (found := self.probing.slice()) is not None:
                self.measured(found)

    def _keep_evidence(self, message: Evidence) -> None:
        if message.found:
            self.evidence[message.found["view"]] = message
        else:  # a fact about the noise, for the caption
            self.picture = merged(self.picture, message.picture)

    def _finish(self) -> None:
        """The last look, for which the page's worker takes its time, and what it computes beside the training."""
        self.pictures.resting = True
        yardstick = getattr(self.pictures, "yardstick", None)
        if isinstance(yardstick, Yardstick):
            yardstick.thread.join()
        self._look()
        self._speak()
        if self.view.get("a") == EVIDENCE:
            self._weigh()

    def _speak(self) -> None:
        """The facts for the caption as they are when only the charts that the scene opens with are in sight."""
        self.pictures.watched = frozenset(opening(self.view, self.about["views"]))
        self.clock.age()
        spoken: Picture = {"facts": self.pictures.look().get("facts", {})}
        self.picture = merged(self.picture, spoken)

    def _weigh(self) -> None:
        job = EvidenceJob(self.run)
        job.start()
        while job.work is not None:
            if picture := job.slice():
                self.picture = merged(self.picture, picture)

    def _recorded(self) -> list[Message]:
        run, number = self.run, self.run.number
        about = self.about.copy()
        about.pop("choices", None)  # a recording answers no questions
        points = table(self.points)
        whole: list[Any] = [table([], VARIANCE_COLUMNS), *self.variance]
        curves: CurveTables = {
            "elbo": thin(points, 0, ELBO_COLUMNS.index("elbo"), CURVE),
            "mean": table(self.means, MEAN_COLUMNS),
            "variance": np.concatenate(whole),
        }
        started = Started(number=number, settings=vars(run.settings), folder="", curves=curves, about=about)
        append: Charts = {}
        for (name, dataset), parts in self.lines.items():
            append.setdefault(name, {})[dataset] = {
                key: np.concatenate([each[key] for each in parts]) for key in parts[0]
            }
        picture: Picture = {**self.picture, "append": append}
        frame = Frame(
            number=number, points=points[:0], mean=table([], MEAN_COLUMNS), rate=0.0, elbo=self.mean.value(*self._window),
            picture=picture, grid=self.pictures.grid(),
        )  # fmt: skip
        scores = self.pictures.scores(leisure=True)
        ladders = [
            replace(each[-1], rows=np.concatenate([rung.rows for rung in each])) for each in self.against.values()
        ]
        found: list[Message] = _with_fewer_points(started, frame)
        found += [Scores(number=number, grouping=scores)] if scores is not None else []
        return [*found, *ladders, *self.evidence.values()]

    def _replayed(self) -> list[Message]:
        """The kept steps, and what the panels showed at each."""
        states, replay, found = self.states, Replay(self.run, self.states, self.pictures), list[Message]()
        for step in states.steps:
            self.clock.age()
            found.append(_smaller(replay.show(step, self.charts)))
        return [StatesKept(list(states.steps), 0, STATES, states.changes()), *found]


def _with_fewer_points(started: Started, frame: Frame) -> list[Message]:
    """At most `POINTS` data points on the map, evenly taken, and `SIDE`² places of a decoded table: the eye finds no difference."""
    about, picture, grid = started.about.copy(), frame.picture.copy(), frame.grid
    size = len(about.get("rows", ()))
    if not size:
        return [started, frame]
    kept = np.linspace(0, size - 1, min(size, POINTS)).round().astype(int)
    about["rows"] = about["rows"][kept]
    about["static"] = _of_map(about["static"], kept)
    picture["replace"] = _of_map(picture["replace"], kept)
    if grid is not None and "observed" in grid:
        some = np.linspace(0, grid["n"] - 1, SIDE).round().astype(int)
        values = grid["values"].reshape(grid["n"], grid["n"], -1)[np.ix_(some, some)].reshape(SIDE * SIDE, -1)
        grid = {
            **grid,
            "n": SIDE,
            "values": rounded(values, BITS_OF_TABLES),
            "observed": rounded(grid["observed"][kept], BITS_OF_TABLES),
        }
    return [replace(started, about=about), replace(frame, picture=picture, grid=grid)]


def _smaller(shown: Replayed) -> Replayed:
    """The same points of the map as in the last frame, and fewer places of the decoded grid."""
    picture, grid = shown.picture.copy(), shown.grid
    chart, dataset = CLOUD
    size = len(next(iter(picture.get("replace", {}).get(chart, {}).get(dataset, {}).values()), ()))
    if size > POINTS:
        picture["replace"] = _of_map(picture["replace"], np.linspace(0, size - 1, POINTS).round().astype(int))
    if grid is not None:
        pictures = grid["values"].dtype == np.uint8
        side = SIDE_OF_PICTURES if pictures else SIDE_OF_TABLES
        some = np.linspace(0, grid["n"] - 1, side).round().astype(int)
        values = grid["values"].reshape(grid["n"], grid["n"], -1)[np.ix_(some, some)].reshape(side * side, -1)
        values = _fewer_levels(values) if pictures else rounded(values, BITS_OF_STEPS)
        grid = {**grid, "n": side, "values": values}
    return replace(shown, picture=picture, grid=grid)


def _fewer_levels(pictures: Array) -> Array:
    """The nearest of `LEVELS` greys; black and white stay."""
    step = 255 / (LEVELS - 1)
    return np.rint(np.rint(pictures / step) * step).astype(np.uint8)


def _of_map(charts: Charts, kept: Any) -> Charts:
    """The charts with fewer points in the map's cloud."""
    chart, dataset = CLOUD
    if dataset not in charts.get(chart, {}):
        return charts
    cloud = {name: column[kept] for name, column in charts[chart][dataset].items()}
    return {**charts, chart: {**charts[chart], dataset: cloud}}


def opening(view: Mapping[str, str], views: Mapping[str, Sequence[str]]) -> set[str]:
    """The charts that a scene shows at first: those that it names, else the first of each panel."""
    return {view.get(panel) or next(iter(names), "") for panel, names in views.items()}


def record(settings: Settings, names: Sequence[str] = FIRST, view: Mapping[str, str] | None = None) -> list[Message]:
    """The messages of one run to its end, on one thread; `view` is what its scene opens with.

    >>> from elbo_room.widgets.worker.recorder import record
    >>> started, *_ = record({"stop_at": 3})
    >>> started.number
    3
    """
    torch.set_num_threads(1)
    return Recorder(settings, names, view or {}).messages()
