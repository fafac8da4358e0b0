"""Held-out y against its prediction, ±2 sd of y."""

import torch

from elbo_room.models.diagnostics.predictive import bands, observed, predict
from elbo_room.models.training.run import Run
from elbo_room.widgets.messages import Columns, Picture
from elbo_room.widgets.worker.pictures.conditional import ConditionalPictures, Predictions
from elbo_room.widgets.worker.pictures.numbers import columns
from elbo_room.widgets.worker.pictures.posterior import truth_of
from elbo_room.widgets.worker.studies.nuts import Truth


class Fit(Predictions):
    """For numbers that depend on many inputs."""

    subject = "Predicted against observed"
    seen: tuple[Truth, torch.Tensor] | None = None  # what NUTS has found, and the predictions under it

    @classmethod
    def applies(cls, run: Run, pictures: ConditionalPictures) -> bool:
        """Whether y is a number and x has several columns."""
        del run
        return pictures.first == "fit"

    def predicted(self) -> tuple[Picture, str]:
        """A point a held-out data point, and the share of them within their bands."""
        y = observed(self.pictures.test)
        mean, _, sd = bands(self.pictures.seen, self.pictures.chain)
        table = columns(predicted=mean, observed=y, low=mean - 2 * sd, high=mean + 2 * sd)
        low, high = self.pictures.axis
        diagonal = columns(at=torch.tensor([low, high]))
        inside = float(((y - mean).abs() <= 2 * sd).float().mean())
        datasets = {
            "truth": self._truth(y),
            "points": table,
            "diagonal": diagonal,
            "chain": self.pictures.chain_columns(),
        }
        return {
            "replace": {self.chart: datasets},
            "params": {self.chart: {"xLow": low, "xHigh": high, "yLow": low, "yHigh": high}},
        }, f"{inside:.0%} of them lie within their prediction ±2 sd, {self._width(sd)}"

    def _truth(self, y: torch.Tensor) -> Columns:
        """Predictions under the draws of NUTS; empty before it has run."""
        truth, test = truth_of(self.pictures), self.pictures.test
        if truth is None:
            return columns(predicted=y[:0], observed=y[:0])
        if self.seen is None or self.seen[0] is not truth:
            self.seen = truth, predict(self.pictures.model, test.x, truth.weights, test.shift).m.mean(0)
        return columns(predicted=self.seen[1], observed=y)

    def _width(self, sd: torch.Tensor) -> str:
        """The half width of the prediction interval, in y's units."""
        low, high = (f"{2 * float(each):.3g}" for each in (sd.min(), sd.max()))
        return f"±{high if low == high else f'{low} to ±{high}'}{self.pictures.y_words}"
