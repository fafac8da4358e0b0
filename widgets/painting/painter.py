"""Turns the worker's messages into what the charts draw, and remembers the numbers for the caption."""

from __future__ import annotations

from typing import Any

import numpy as np

from elbo_room.models.probing.variance import OPEN
from elbo_room.models.settings import FIRST_MODEL
from elbo_room.widgets.dispatch import Dispatch
from elbo_room.widgets.messages import (
    Against,
    Array,
    Changed,
    Decoded,
    Evidence,
    Expected,
    Frame,
    Message,
    OfStep,
    Parameters,
    Picture,
    PriorDrawn,
    Replayed,
    Scores,
    Started,
    State,
    Variance,
)
from elbo_room.widgets.painting.elbo_lines import ElboLines
from elbo_room.widgets.painting.latent_painter import LatentPainter
from elbo_room.widgets.painting.measured import Measured
from elbo_room.widgets.painting.slope_guides import slope_guides
from elbo_room.widgets.painting.views import ONE_STEP, all_views
from elbo_room.widgets.screen.layout import Screen
from elbo_room.widgets.screen.text_throttle import TextThrottle
from elbo_room.widgets.theme import MINIBATCH, OF_MINIBATCHES
from elbo_room.widgets.words.evidence_words import sentence
from elbo_room.widgets.words.snapshot import Snapshot

AGAINST = {"variance_against_draws": ("draws", 1, 64), "variance_against_rows": ("rows", 4, 256)}  # x, and its span


def closed(high: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Upper ends as the page takes them: numbers that are finite, `OPEN` where a band is open."""
    return np.minimum(high, OPEN)


class Painter:
    """One screen's charts, fed message by message."""

    def __init__(self, screen: Screen, catalogue: dict[str, Any]) -> None:
        self.screen = screen
        self.names = [*catalogue["estimators"], MINIBATCH]
        labels = {name: part["label"] for name, part in catalogue["estimators"].items()}
        labels[MINIBATCH] = OF_MINIBATCHES.label
        self.facts: dict[str, Any] = {"state": "example", "number": 0, "stop_at": 0, "labels": labels}
        self.facts |= {"evidence": {}, "view": "variance"}
        self.facts["parts"] = catalogue["estimators"]
        self.lines = ElboLines(screen, catalogue, self.facts)
        self.map = LatentPainter(screen)
        self.measured = Measured(self.names)
        self.fact_names: set[str] = set()  # the facts that came from the worker's views of a run
        self.shown = set(self.names)
        self.overlaid: list[Array] = []  # rows of the variance of other runs' estimators, drawn beside this one's
        self.later: dict[str, Picture] = {}  # by view of panel B
        self.summed = TextThrottle(1.0)
        self.draws = Dispatch()
        self.draws.on(Started, self._started)
        self.draws.on(Frame, self._frame)
        self.draws.on(Evidence, self._evidence)
        self.draws.on(Parameters, self._parameters)
        self.draws.on(PriorDrawn, self._prior)
        self.draws.on(Expected, self._expected)
        self.draws.on(Variance, self._variance)
        self.draws.on(Against, self._against)
        self.draws.on(State, self.lines.mark_failure)
        self.draws.on(Changed, self.lines.mark_change)
        self.draws.on(Scores, self.map.show_scores)
        self.draws.on(Decoded, self.map.show_decoded)

    def show(self, message: Message) -> None:
        """Draw one message; kinds without a chart are ignored."""
        if isinstance(message, OfStep):
            self.facts["number"] = message.number
        self.draws(message)

    def _started(self, message: Started) -> None:
        bus, screen, about, settings = self.screen.bus, self.screen, message.about, dict[str, Any](message.settings)
        self.lines.remember(message)
        screen.use(settings.get("model", FIRST_MODEL), about.get("views"))
        for name, chart in screen.charts.items():
            if all_views()[name].of_run:
                bus.clear(chart)
                chart.summary = ""
            if all_views()[name].panel != "b":  # whose headings the explorer writes
                chart.heading = ""
        self.map.begin(message)
        self.later = {}
        self.measured.forget()
        self.lines.forget(message)
        for name in self.fact_names:  # accuracy, λ̂, … of the run before
            self.facts.pop(name, None)
        self.facts |= {
            "variance": {},
            "variance_at": None,
            "started": True,
            "expected": {},  # which view of panel B is being measured, and the seconds until then
            "kl": [],
            "elbo": None,
            "rate": 0.0,
            "remedy": None,
            "summaries": {},
            "sentence": None,
            "weighed": None,
            "one_step": None,
            "theory": None,
            "gaps": None,  # due to the encoder and to the family, nats
            "noiseless": False,
            "evidence": {},  # what panel B's views found, by view
            "parameter": 0,
        }
        self.facts["stop_at"] = settings["stop_at"]
        for name, labels in about["labels"].items():
            screen.chart(name).labels = list(labels)
        for name, datasets in about["static"].items():
            for dataset, columns in datasets.items():
                bus.static(screen.chart(name), dataset, **columns)
        self.lines.draw_earlier()
        self.lines.add(message.curves["elbo"])
        self.lines.add_means(message.curves["mean"])
        self._measured(message.curves["variance"])

    def _frame(self, message: Frame) -> None:
        self.facts |= {"rate": message.rate, "elbo": message.elbo}
        self.lines.add(message.points)
        self.lines.add_means(message.mean)
        self._picture(message.picture)
        self.map.show(message)
        if self.summed.due(self.facts.get("state", "")):
            self.summarise()

    def show_replayed(self, message: Replayed) -> None:
        """The pictures of an earlier step, instead of the newest one's; `summarise` says them."""
        self._picture(message.picture)
        self.map.decoded(message.grid, message.walk)

    def _evidence(self, message: Evidence) -> None:
        if message.found is not None:
            self.facts["evidence"][message.found["view"]] = message.found
        self._picture(message.picture)

    def _picture(self, picture: Picture) -> None:
        """Fill charts by their datasets, set their parameters, and remember the facts."""
        bus, screen = self.screen.bus, self.screen
        self.facts |= picture.get("facts", {})
        self.fact_names |= set(picture.get("facts", {}))
        for name in set(picture.get("replace", {})) - set(screen.charts):
            if all_views()[name].late:  # a view that has not been opened yet is not built for it
                self.later[name] = picture
                return
        for name, values in picture.get("params", {}).items():
            screen.chart(name).set(**values)
        for name, labels in picture.get("names", {}).items():
            screen.chart(name).labels = labels
        for name, words in picture.get("headings", {}).items():
            screen.chart(name).heading = words
        for charts, draw in ((picture.get("replace", {}), bus.replace), (picture.get("append", {}), bus.append)):
            for name, datasets in charts.items():
                for dataset, columns in datasets.items():
                    draw(screen.chart(name), dataset, **columns)
        self.lines.known += picture.get("append", {}).get("elbo", {}).values()

    def look(self, view: str) -> None:
        """A view of panel B is shown: draw what arrived for it while it was hidden."""
        self.facts["view"] = view
        waiting = self.later.pop(view, None)
        if waiting:
            self._picture(waiting)

    def _parameters(self, message: Parameters) -> None:
        """The list of q's parameters, and the one shown."""
        self.facts["parameter"] = message.chosen
        self.screen.offer(message.labels, message.chosen)

    def _prior(self, message: PriorDrawn) -> None:
        """Functions drawn from the prior."""
        self._picture(message.picture)
        self.screen.chart("prior_predictive").summary = message.sentence

    def choose(self, names: list[str]) -> None:
        """Show these estimators only; their measurements are drawn again."""
        self.shown = {*names, MINIBATCH}
        kept = self.measured.tables
        self._forget_variance()
        for rows in kept:
            self._measured(rows)

    def overlay(self, tables: list[Array]) -> None:
        """Draw the variance of other runs' estimators beside this run's, instead of those drawn before."""
        self.overlaid = tables
        self.choose([name for name in self.shown if name != MINIBATCH])

    def _draw_overlaid(self) -> None:
        for place, rows in enumerate(self.overlaid):
            self._draw_variance(np.column_stack([rows[:, :4], np.full(len(rows), len(self.names) + place)]))

    def _expected(self, message: Expected) -> None:
        """A view of panel B is being measured."""
        self.facts["expected"] = {"view": message.chart, "seconds": message.seconds}

    def _forget_variance(self) -> None:
        self.measured.forget()
        self.screen.bus.clear(self.screen.chart("variance"))
        self.facts |= {"variance": {}, "variance_at": None}
        self._draw_overlaid()

    def _variance(self, message: Variance) -> None:
        """Points of the curve; those of one step may come estimator by estimator until it is complete."""
        if message.replaces:  # another parameter's past
            self._forget_variance()
        self._measured(message.rows, complete=message.complete)

    def _measured(self, rows: Array, *, complete: bool = True) -> None:
        self._draw_variance(self.measured.take(rows, self.shown))
        if complete:
            self.facts |= self.measured.facts(str(self.facts.get("state", "")))

    def _draw_variance(self, rows: Array) -> None:
        if len(rows):
            columns = dict(zip(("step", "value", "low", "high", "series"), rows.T, strict=True))
            columns["high"] = closed(columns["high"])
            self.screen.bus.append(self.screen.chart("variance"), "lines", **columns)

    def _against(self, message: Against) -> None:
        column, first, last = AGAINST[message.view]
        bus, chart, rows = self.screen.bus, self.screen.chart(message.view), message.rows
        if not len(rows):
            return
        at, value, low, high, series = rows.T
        if at.min() == first:
            bus.clear(chart)
            guide = slope_guides(value, first, last, message.steeper)
            bus.replace(chart, "guide", **{column: guide.pop("draws"), **guide})
        bus.append(chart, "lines", **{column: at}, value=value, low=low, high=closed(high), series=series)

    def summarise(self) -> None:
        """One sentence per chart for screen readers."""
        facts, screen = self.facts, self.screen
        now = Snapshot.of(facts)
        if now.elbo_words():
            screen.chart("elbo").summary = f"{now.elbo_words()} per data point at step {now.step:,}."
        if now.divergence:
            screen.chart("kl").summary = f"{now.active_words()}."
        for name, words in facts.get("summaries", {}).items():
            screen.chart(name).summary = words
        if facts.get("one_step") and screen.shows(ONE_STEP):
            screen.chart(ONE_STEP).summary = facts["one_step"]
        if facts.get("weighed"):
            screen.chart("log_evidence").summary = str(facts["weighed"])
        if facts.get("variance"):
            best = min(facts["variance"], key=lambda name: facts["variance"][name][0])
            screen.chart("variance").summary = f"Least gradient variance: {facts['labels'][best]}."
        if summary := sentence(facts):
            screen.chart(facts["view"]).summary = summary
