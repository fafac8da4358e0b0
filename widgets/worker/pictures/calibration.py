"""Whether predicted probabilities are those of what happened, on held-out data."""

import torch

from elbo_room.models.diagnostics.predictive import observed, probabilities, ranks, reliability
from elbo_room.widgets.messages import Picture
from elbo_room.widgets.worker.pictures.conditional import Predictions
from elbo_room.widgets.worker.pictures.numbers import columns


class Calibration(Predictions):
    """Classes: predicted against observed frequency. Numbers: how often y falls below each quantile of its prediction."""

    subject = "Calibration"

    def predicted(self) -> tuple[Picture, str]:
        """The points with two standard errors, and how sure the predictions are."""
        it = self.pictures
        if it.classes:
            best, label = probabilities(it.chain).max(-1)
            table = dict(reliability(best, label == observed(it.test)))
            surest = float((best > 0.95).float().mean())
            words = f"{surest:.0%} of them are predicted with more than 95% confidence"
        else:
            rank = ranks(it.seen, it.test, it.drawn_weights)
            level = torch.linspace(0.05, 0.95, 19)
            seen = (rank[None] <= level[:, None]).float().mean(1)
            error = 2 * (level * (1 - level) / len(rank)).sqrt()
            low, high = (seen - error).clamp(0, 1), (seen + error).clamp(0, 1)
            table = {"predicted": level, "observed": seen, "low": low, "high": high}
            words = f"{float(seen[-1] - seen[0]):.0%} of them lie in their central 90% interval"
        datasets = {"points": columns(**table), "diagonal": columns(at=torch.tensor([0.0, 1.0]))}
        return {
            "replace": {self.chart: datasets},
            "params": {self.chart: {"xLow": 0, "xHigh": 1, "yLow": 0, "yHigh": 1}},
        }, words
