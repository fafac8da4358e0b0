"""What the charts of a conditional model have in common: draws from q, what they predict of the held-out data, the test score."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import Tensor

from elbo_room.models.conditional.model import Conditional
from elbo_room.models.diagnostics.predictive import predict, scores
from elbo_room.models.families.support import FRACTION, REAL
from elbo_room.models.training.run import Run
from elbo_room.widgets.messages import About, Columns, Explore, Picture
from elbo_room.widgets.worker.pictures.attention import CHART
from elbo_room.widgets.worker.pictures.cells import merged
from elbo_room.widgets.worker.pictures.chain import chain_of
from elbo_room.widgets.worker.pictures.curvature import LAPLACE, NONE, Curvature
from elbo_room.widgets.worker.pictures.numbers import Numbers, columns
from elbo_room.widgets.worker.pictures.one_step import OneStep, drawable
from elbo_room.widgets.worker.pictures.protocol import Pictures
from elbo_room.widgets.worker.pictures.weights import WeightPictures

DRAWS, FEWEST = 48, 6  # of the weights, for bands and scores; as many as DRAWS for up to SMALL weights
SMALL = 2000
TRAIN, TEST = 0, 1
MOST = 400  # rows of the training part that are scored at every look


def nats(value: float) -> str:
    """A number with a true minus sign, none before a zero."""
    return f"{value:.2f}".replace("-0.00", "0.00").replace("-", "−")


class ConditionalPictures(Pictures):
    """Looks at one run of a conditional model."""

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self.model: Any = run.model
        data = run.data
        self.steps = OneStep(run, "w") if drawable(run, "w") else None
        self.first, self.words = "", ""  # the first of panel C's charts, and what it shows, for the caption
        self.ready = False  # whether there are draws of the current q
        if not isinstance(self.model, Conditional) or data.y is None:  # a user's own model
            return
        self.observed = data.y
        self.classes: bool = self.model.response.classes > 1 or self.model.response.two_classes
        inputs = data.x.shape[1]
        alone = data.shift is None  # a curve of x has no offset
        whole = "surface" if self.classes and inputs == 2 else "function" if inputs == 1 and not self.classes else "fit"
        whole = whole if alone else "fit"
        self.first = "calibration" if self.classes and whole == "fit" else whole
        self.test = data.test if data.test is not None else data
        self.train = data.kept(torch.arange(min(data.size, MOST)))
        self.y_words = f" {data.y_name}" if data.y_name and not self.classes else ""
        self.datum = int(data.x[:, 0].abs().argmax())
        low, high = data.x.min(0).values, data.x.max(0).values
        self.low, self.high = low - 0.3 * (high - low), high + 0.3 * (high - low)
        self.weights = WeightPictures(run)
        self.curvature, self.seen = Curvature(run, self.model), self.model  # what is drawn from, and predicted with
        self.draws = max(FEWEST, min(DRAWS, DRAWS * SMALL // self.model.space.size))  # a large network is costly
        self.axis = self._axis(data.y)

    def _axis(self, y: Tensor) -> tuple[float, float]:
        """The range of y: what the data need, and room for the bands where y may go on."""
        low, high = float(y.min()), float(y.max())
        room = 0.5 * (high - low)
        support = self.model.response.family.support
        if support is FRACTION:
            return 0.0, 1.0
        return (low - room, high + room) if support is REAL else (0.0, high + 0.3 * room)

    @property
    def count(self) -> int:
        """How many draws: those of a point mass are all the same; numbers, unlike classes, still need several y for each."""
        alike = not self.model.posterior.scored and not self.curvature.used
        return 1 if self.classes and alike else self.draws

    def explore(self, wanted: Explore) -> None:
        """Show a point mass with or without the bands of Laplace's approximation; the attention map of this held-out text.

        Raises:
            ValueError: something else was to be explored, which this family or this network does not have.
        """
        if wanted != Explore(bands=wanted.bands, text=wanted.text) or wanted.bands not in (None, NONE, LAPLACE):
            super().explore(wanted)
        if self.first and wanted.bands is not None:
            self.curvature.chosen = wanted.bands
        if self.first and wanted.text is not None:
            self.weights.choose(wanted.text)

    def follow(self, shown: Pictures) -> None:
        """The same bands and the same text."""
        if self.first and isinstance(shown, ConditionalPictures):
            self.curvature.chosen, self.weights.text = shown.curvature.chosen, shown.weights.text

    # what stays -----------------------------------------------------------------------------------------------------------------

    @property
    def absent(self) -> set[str]:
        """Without those that only some networks can fill."""
        able = {CHART: self.weights.attends, "filters": self.weights.filters}
        return super().absent | {name for name, can in able.items() if not can}

    def about(self) -> About:
        """What stays the same for the run, with what can be chosen; of a user's own model only its shape."""
        if not self.first:
            return {"static": {}, "labels": {}, "shape": [1, self.run.data.x.shape[1]], "size": self.run.data.size}
        about = super().about()
        about["choices"] = self.curvature.choices() | self.weights.choices()
        return merged(about, self.weights.about())

    # what moves -----------------------------------------------------------------------------------------------------------------

    @torch.no_grad()
    def look(self) -> Picture:
        """Everything that a frame carries of the current q."""
        if not self.first:
            return {}
        found: Picture = {"replace": {}, "params": {}, "append": {}, "facts": {"summaries": {}}}
        self.ready = self.curvature.ready(resting=self.resting)
        if self.ready:
            self.seen, self.drawn_weights = self.curvature.draws(self.count)
            self.chain = predict(
                self.seen, self.test.x, self.drawn_weights, self.test.shift
            )  # held-out data, once a look
            if self.classes and CHART in self.watched:
                self.weights.say(self.seen, self.drawn_weights)
        parts = self.drawn()
        if self.ready:
            self._scores(found)
        return merged(found, *parts, *self.weights.look(self.watched))

    def _scores(self, found: Picture) -> None:
        """The test score, and the caption, which ends with what the first chart of panel C shows."""
        weights, words = self.drawn_weights, self.words
        test, train = scores(self.seen, self.test, weights, self.chain), scores(self.seen, self.train, weights)
        number = float(self.run.number)
        found["append"]["scores"] = {
            "lines": columns(
                step=torch.tensor([number, number]),
                value=torch.tensor([test.log_density, train.log_density]),
                series=torch.tensor([TEST, TRAIN]),
            )
        }
        held_out = "Held-out data get" if self.run.data.test is not None else "All data, trained on, get"
        scored = f"{held_out} {nats(test.log_density)} nats each ({test.words}{self.y_words}), training data {nats(train.log_density)}"
        scale = self.weights.scale()
        learned = "" if scale is None else f"; {self.weights.scale_words()}"
        found["facts"]["sentence"] = f"{scored}{learned}; {words}."
        if more := self.curvature.words():
            of = "" if self.resting else f"Step {self.run.number:,}: "  # it may stay on the screen for a while
            shorter = f"{of}{scored.partition(', training')[0]}; {more}; {words}."
            found["facts"]["sentence"] = shorter if self.curvature.used else f"{more}."
        found["facts"]["summaries"]["scores"] = f"{scored}."
        found["facts"] |= {"test_density": test.log_density, "scale": scale}
        if test.classes:
            found["facts"]["accuracy"] = test.error
        else:
            found["facts"]["rmse"] = test.error

    def chain_columns(self) -> Columns:
        """The chain of one data point at E_q w."""
        return chain_of(self.model, self.run.data, self.observed, self.datum, self.weights.mean())


class Predictions(Numbers[ConditionalPictures]):
    """Numbers of a chart that shows what q predicts: `pictures` has the draws w (S, P), and the held-out data's m at them."""

    always: ClassVar[bool] = True  # the caption ends with the words of the first
    subject: ClassVar[str]  # what the chart is, for a screen reader

    def look(self) -> Picture:
        """The columns; nothing while there are no draws of the current q."""
        if not self.pictures.ready:
            return {}
        found, words = self.predicted()
        if self.chart == self.pictures.first:
            self.pictures.words = words
        heard: Picture = {"facts": {"summaries": {self.chart: f"{self.subject}; {words}."}}}
        return merged(found, heard)

    def predicted(self) -> tuple[Picture, str]:
        """The columns at the present draws, and what they show, in words."""
        raise NotImplementedError
