"""The predicted curve of one input: its mean, ±2 sd of f and of y, and a few functions drawn from q."""

import torch
from torch import Tensor

from elbo_room.models.diagnostics.predictive import bands, predict
from elbo_room.models.training.run import Run
from elbo_room.widgets.messages import About, Columns, Facts, Picture
from elbo_room.widgets.worker.pictures.conditional import ConditionalPictures, Predictions
from elbo_room.widgets.worker.pictures.numbers import columns
from elbo_room.widgets.worker.pictures.posterior import truth_of
from elbo_room.widgets.worker.studies.nuts import Truth

POINTS = 121  # of the curve
CLOSE = 0.05  # of the range of x: places nearer than that to a data point are among the data
CURVES = 8  # functions drawn from q


def widest_away(grid: Tensor, spread: Tensor, x: Tensor) -> tuple[float, float]:
    """The largest spread (G,) at places of the grid (G,) that no data point x (N,) is close to, and the place."""
    distance = (grid[:, None] - x).abs().min(1).values
    away = distance > CLOSE * float(x.max() - x.min())
    found, at = torch.where(away, spread, -1.0).max(0)
    return float(found), float(grid[at])


class Function(Predictions):
    """For numbers that depend on one input."""

    subject = "The predicted curve"
    seen: tuple[Truth, Tensor, Tensor] | None = None  # what NUTS has found, and E f and sd f under it

    @classmethod
    def applies(cls, run: Run, pictures: ConditionalPictures) -> bool:
        """Whether y is a number and x has one column."""
        del run
        return pictures.first == "function"

    def about(self) -> About:
        """The data points."""
        points = columns(x=self.run.data.raw()[:, 0], y=self.pictures.observed)
        return {"static": {self.chart: {"points": points}}}

    def _truth(self, grid: Tensor, across: Tensor) -> Columns:
        """f under the draws of NUTS: E f ± 2 sd; empty before it has run."""
        truth = truth_of(self.pictures)
        if truth is None:
            return columns(x=across[:0], low=across[:0], middle=across[:0], high=across[:0])
        if self.seen is None or self.seen[0] is not truth:
            f = predict(self.pictures.model, grid[:, None], truth.weights).m
            self.seen = truth, f.mean(0), f.std(0)
        _, mean, sd = self.seen
        return columns(x=across, low=mean - 2 * sd, middle=mean, high=mean + 2 * sd)

    def predicted(self) -> tuple[Picture, str]:
        """The curve, and how well f is known among the data and away from them."""
        it = self.pictures
        grid = torch.linspace(float(it.low[0]), float(it.high[0]), POINTS)
        chain = predict(it.seen, grid[:, None], it.drawn_weights)
        mean, sd_f, sd_y = bands(it.seen, chain)
        across = self.run.data.in_units(grid[:, None])[:, 0]
        line = columns(
            x=across,
            mean=mean,
            f_low=mean - 2 * sd_f,
            f_high=mean + 2 * sd_f,
            y_low=mean - 2 * sd_y,
            y_high=mean + 2 * sd_y,
        )
        each = torch.arange(CURVES).repeat_interleave(POINTS)
        draws = columns(x=across.repeat(CURVES), y=chain.m[:CURVES].flatten(), draw=each)
        (low, high), (left, right) = it.axis, (float(across[0]), float(across[-1]))
        title = "Function ±2 sd by Laplace" if it.curvature.used else ""
        near = predict(it.seen, it.train.x, it.drawn_weights).m.std(0, correction=0).median()
        far, at = widest_away(grid, sd_f, self.run.data.x[:, 0])
        name = (
            self.run.data.feature_names[0] if self.run.data.scale is not None and self.run.data.feature_names else "x"
        )
        place = f"{name} = {float(self.run.data.in_units(torch.tensor([at]))[0]):.3g}".replace("-", "−")
        facts: Facts = {}
        words = "a point mass knows no uncertainty about f"
        if far >= 1e-6:
            facts["band_ratio"] = far / max(float(near), 1e-6 * it.model.unit)
            words = (
                f"f is known to ±{2 * float(near):.2g} among the data and, away from them, to ±{2 * far:.2g} at {place}"
            )
        parts = {"line": line, "draws": draws, "chain": it.chain_columns(), "truth": self._truth(grid, across)}
        return {
            "replace": {self.chart: parts},
            "params": {self.chart: {"xLow": left, "xHigh": right, "yLow": low, "yHigh": high}},
            "headings": {self.chart: title or "Function, at a point" if it.curvature.choices() else ""},
            "facts": facts,
        }, words
