"""What the panels need of a conditional model.

The function with its bands and draws, or the decision surface, or predictions against what was observed; how the weights lie against
their prior; the test score; and the chain of one datum.
"""

from typing import Any

import torch
from torch import Tensor

from elbo_room.models.conditional.model import Conditional
from elbo_room.models.data import Dataset
from elbo_room.models.diagnostics.predictive import bands, observed, predict, probabilities, scores
from elbo_room.models.families import PointMass
from elbo_room.models.training.run import Run
from elbo_room.widgets.messages import About, Columns, Explore, Picture
from elbo_room.widgets.painting.views import ONE_STEP
from elbo_room.widgets.worker.pictures.attention import CHART
from elbo_room.widgets.worker.pictures.calibration import calibration
from elbo_room.widgets.worker.pictures.cells import merged
from elbo_room.widgets.worker.pictures.chain import chain_of
from elbo_room.widgets.worker.pictures.curvature import LAPLACE, NONE, Curvature
from elbo_room.widgets.worker.pictures.one_step import OneStep, drawable
from elbo_room.widgets.worker.pictures.protocol import Pictures
from elbo_room.widgets.worker.pictures.weights import WeightPictures, columns

POINTS = 121  # of the curve
CELLS = 36  # of a side of the decision surface
CLOSE = 0.05  # of the range of x: places nearer than that to a data point are among the data
CURVES = 8  # functions drawn from q
DRAWS, FEWEST = 48, 6  # of the weights, for bands and scores; as many as DRAWS for up to SMALL weights
SMALL = 2000
CURVE_SEED, TRAIN, TEST = 1, 0, 1
MOST = 400  # rows of the training part that are scored at every look


def nats(value: float) -> str:
    """A number with a true minus sign, none before a zero."""
    return f"{value:.2f}".replace("-0.00", "0.00").replace("-", "−")


def widest_away(grid: Tensor, spread: Tensor, x: Tensor) -> tuple[float, float]:
    """The largest spread (G,) at places of the grid (G,) that no data point x (N,) is close to, and the place."""
    distance = (grid[:, None] - x).abs().min(1).values
    away = distance > CLOSE * float(x.max() - x.min())
    found, at = torch.where(away, spread, -1.0).max(0)
    return float(found), float(grid[at])


class ConditionalPictures(Pictures):
    """Looks at one run of a conditional model."""

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self.model: Any = run.model
        data = run.data
        self.views: list[str] = []
        self.steps = OneStep(run, "w") if drawable(run, "w") else None
        if not isinstance(self.model, Conditional) or data.y is None:  # a model of a person's own
            return
        self.observed = data.y
        self.classes: bool = self.model.response.classes > 1 or self.model.response.kinds == ("binary",)
        inputs = data.x.shape[1]
        first = "surface" if self.classes and inputs == 2 else "function" if inputs == 1 and not self.classes else "fit"
        self.views = [*([] if self.classes and first == "fit" else [first]), "calibration"]
        self.test = data.test if data.test is not None else data
        self.shown = data.batch(torch.arange(min(data.size, MOST)))
        self.train = Dataset(
            self.shown.x,
            self.shown.y,
            labels=data.labels[:MOST],
            label_names=data.label_names,
            name=data.name,
            shape=data.shape,
        )
        self.datum = int(data.x[:, 0].abs().argmax())
        low, high = data.x.min(0).values, data.x.max(0).values
        self.low, self.high = low - 0.3 * (high - low), high + 0.3 * (high - low)
        self.weights = WeightPictures(run)
        self.curvature, self.seen = Curvature(run, self.model), self.model  # what is drawn from, and predicted with
        self.draws = max(FEWEST, min(DRAWS, DRAWS * SMALL // self.model.space.size))  # a large network is dear to draw
        self.axis = self._axis(data.y)

    def _axis(self, y: Tensor) -> tuple[float, float]:
        """The range of y: what the data need, and room for the bands where y may go on."""
        low, high = float(y.min()), float(y.max())
        room = 0.5 * (high - low)
        kinds = self.model.response.kinds
        if kinds == ("fraction",):
            return 0.0, 1.0
        return (low - room, high + room) if "real" in kinds else (0.0, high + 0.3 * room)

    @property
    def count(self) -> int:
        """How many draws: those of a point mass are all the same; numbers, unlike classes, still need several y for each."""
        alike = isinstance(self.model.posterior, PointMass) and not self.curvature.used
        return 1 if self.classes and alike else self.draws

    def explore(self, wanted: Explore) -> None:
        """Show a point mass with or without the bands of Laplace's approximation; the attention map of this held-out text.

        Raises:
            ValueError: something else was to be explored, which this family or this network does not have.
        """
        if wanted != Explore(bands=wanted.bands, text=wanted.text) or wanted.bands not in (None, NONE, LAPLACE):
            super().explore(wanted)
        if self.views and wanted.bands is not None:
            self.curvature.chosen = wanted.bands
        if self.views and wanted.text is not None:
            self.weights.choose(wanted.text)

    # what stays -----------------------------------------------------------------------------------------------------------------

    def about(self) -> About:
        """What stays the same for the run: data points, cells of the surface, which views there are."""
        data = self.run.data
        told: About = {"static": {}, "labels": {}, "shape": [1, data.x.shape[1]], "size": data.size}
        if not self.views:
            return told
        told["choices"] = self.curvature.choices() | self.weights.choices()
        also = {CHART: self.weights.attends, "network": True, "prior_predictive": True, ONE_STEP: self.steps}
        more = [name for name, can in also.items() if can]
        told["views"] = {"c": [*self.views, *more], "d": self.weights.views}
        if "function" in self.views:
            told["static"]["function"] = {"points": columns(x=data.x[:, 0], y=self.observed)}
        if "surface" in self.views:
            edges = [torch.linspace(float(a), float(b), CELLS + 1) for a, b in zip(self.low, self.high, strict=True)]
            x, y = torch.meshgrid(torch.arange(CELLS), torch.arange(CELLS), indexing="ij")
            x, y = x.flatten(), y.flatten()
            cells = columns(x=edges[0][x], x2=edges[0][x + 1], y=edges[1][y], y2=edges[1][y + 1])
            self.centres = torch.stack([(edges[0][x] + edges[0][x + 1]) / 2, (edges[1][y] + edges[1][y + 1]) / 2], 1)
            points = columns(x=data.x[:, 0], y=data.x[:, 1], label=data.labels)
            told["static"]["surface"] = {"cells": cells, "points": points}
            told["labels"]["surface"] = list(data.label_names)
        return merged(told, self.weights.about())

    # what moves -----------------------------------------------------------------------------------------------------------------

    @torch.no_grad()
    def look(self) -> Picture:
        """Everything that a frame carries of the current q."""
        if not self.views:
            return {}
        found: Picture = {"replace": {}, "params": {}, "append": {}, "facts": {"summaries": {}}}
        if not self.curvature.ready(resting=self.resting):
            return merged(found, *self.weights.look(self.watched))
        self.seen, weights = self.curvature.draws(self.count)
        self.chain = predict(self.seen, self.test.x, weights)  # of the held-out data, once a look
        if self.classes and CHART in self.watched:
            self.weights.say(self.seen, weights)
        first = {
            "function": self._function,
            "surface": self._surface,
            "fit": self._fit,
            "calibration": self._calibration,
        }
        words = first[self.views[0]](found, weights)
        if self.views[0] != "calibration":
            self._calibration(found, weights)
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
        said = f"{held_out} {nats(test.log_density)} nats each ({test.words}), training data {nats(train.log_density)}"
        scale = self.weights.scale()
        learned = "" if scale is None else f"; {self.weights.scale_words()}"
        found["facts"]["sentence"] = f"{said}{learned}; {words}."
        if more := self.curvature.words():
            of = "" if self.resting else f"Step {self.run.number:,}: "  # it may stand for a while
            shorter = f"{of}{said.partition(', training')[0]}; {more}; {words}."
            found["facts"]["sentence"] = shorter if self.curvature.used else f"{more}."
        title = "Function ±2 sd by Laplace" if self.curvature.used else ""
        found["headings"] = {"function": title or "Function, at a point" if self.curvature.choices() else ""}
        found["facts"]["summaries"]["scores"] = f"{said}."
        found["facts"] |= {"test_density": test.log_density, "scale": scale}
        if test.classes:
            found["facts"]["accuracy"] = test.error
        else:
            found["facts"]["rmse"] = test.error
        return merged(found, *self.weights.look(self.watched))

    def _chain(self) -> Columns:
        return chain_of(self.model, self.run.data, self.observed, self.datum, self.weights.mean())

    def _function(self, found: Picture, weights: Tensor) -> str:
        """The curve: mean, ±2 sd of f and of y, and a few functions drawn from q."""
        grid = torch.linspace(float(self.low[0]), float(self.high[0]), POINTS)
        chain = predict(self.seen, grid[:, None], weights)
        mean, sd_f, sd_y = bands(self.seen, chain)
        curves = chain.m[:CURVES]
        line = columns(
            x=grid,
            mean=mean,
            f_low=mean - 2 * sd_f,
            f_high=mean + 2 * sd_f,
            y_low=mean - 2 * sd_y,
            y_high=mean + 2 * sd_y,
        )
        each = torch.arange(CURVES).repeat_interleave(POINTS)
        found["replace"]["function"] = {
            "line": line,
            "draws": columns(x=grid.repeat(CURVES), y=curves.flatten(), draw=each),
            "chain": self._chain(),
        }
        (low, high), (left, right) = self.axis, (float(grid[0]), float(grid[-1]))
        found["params"]["function"] = {"xLow": left, "xHigh": right, "yLow": low, "yHigh": high}
        near = predict(self.seen, self.shown.x, weights).m.std(0, correction=0).median()
        far, at = widest_away(grid, sd_f, self.run.data.x[:, 0])
        place = f"x = {at:.1f}".replace("-", "−")
        if far < 1e-6:
            words = "a point mass knows no uncertainty about f"
        else:
            found["facts"]["band_ratio"] = far / max(float(near), 1e-6)
            words = (
                f"f is known to ±{2 * float(near):.2g} among the data and, away from them, to ±{2 * far:.2g} at {place}"
            )
        found["facts"]["summaries"]["function"] = f"The predicted curve; {words}."
        return words

    def _surface(self, found: Picture, weights: Tensor) -> str:
        """The plane: the most probable class of every cell, and how sure."""
        likely = probabilities(predict(self.seen, self.centres, weights))  # (cells, K)
        best, label = likely.max(-1)
        least = 1 / likely.shape[-1]
        sure = ((best - least) / (1 - least)).clamp(0, 1)
        found["replace"]["surface"] = {"cells": columns(label=label, sure=sure), "chain": self._chain()}
        values = zip(("xLow", "yLow", "xHigh", "yHigh"), [*self.low.tolist(), *self.high.tolist()], strict=True)
        found["params"]["surface"] = dict(values)
        words = f"{float((best < 0.9).float().mean()):.0%} of the plane is undecided (no class reaches 90%)"
        found["facts"]["summaries"]["surface"] = f"The decision surface; {words}."
        return words

    def _fit(self, found: Picture, weights: Tensor) -> str:
        """Held-out y against its prediction, ± 2 sd of y."""
        del weights
        y = observed(self.test)
        mean, _, sd = bands(self.seen, self.chain)
        table = columns(predicted=mean, observed=y, low=mean - 2 * sd, high=mean + 2 * sd)
        low, high = self.axis
        found["replace"]["fit"] = {
            "points": table,
            "diagonal": columns(at=torch.tensor([low, high])),
            "chain": self._chain(),
        }
        found["params"]["fit"] = {"xLow": low, "xHigh": high, "yLow": low, "yHigh": high}
        inside = float(((y - mean).abs() <= 2 * sd).float().mean())
        words = f"{inside:.0%} of them lie within ±2 sd of their prediction"
        found["facts"]["summaries"]["fit"] = f"Predicted against observed; {words}."
        return words

    def _calibration(self, found: Picture, weights: Tensor) -> str:
        """How far the predicted probabilities are those of what happened."""
        found["replace"]["calibration"], words = calibration(
            self.seen, self.test, self.chain, weights, classes=self.classes
        )
        found["params"]["calibration"] = {"xLow": 0, "xHigh": 1, "yLow": 0, "yHigh": 1}
        found["facts"]["summaries"]["calibration"] = f"Calibration; {words}."
        return words
