"""Whether predicted probabilities are those of what happened, on held-out data."""

import torch
from torch import Tensor

from elbo_room.models.conditional.model import Conditional
from elbo_room.models.data import Dataset
from elbo_room.models.diagnostics.predictive import observed, probabilities, ranks, reliability
from elbo_room.models.responses import Chain
from elbo_room.widgets.messages import Datasets
from elbo_room.widgets.worker.pictures.weights import columns


def calibration(
    model: Conditional, test: Dataset, chain: Chain, weights: Tensor, *, classes: bool
) -> tuple[Datasets, str]:
    """Classes: predicted against observed frequency. Numbers: how often y falls below each quantile of its prediction."""
    if classes:
        best, label = probabilities(chain).max(-1)
        table = dict(reliability(best, label == observed(test)))
        surest = float((best > 0.95).float().mean())
        words = f"{surest:.0%} of them are predicted with more than 95% confidence"
    else:
        rank = ranks(model, test, weights)
        level = torch.linspace(0.05, 0.95, 19)
        seen = (rank[None] <= level[:, None]).float().mean(1)
        error = 2 * (level * (1 - level) / len(rank)).sqrt()
        low, high = (seen - error).clamp(0, 1), (seen + error).clamp(0, 1)
        table = {"predicted": level, "observed": seen, "low": low, "high": high}
        words = f"{float(seen[-1] - seen[0]):.0%} of them lie in their central 90% interval"
    drawn = {"points": columns(**table), "diagonal": columns(at=torch.tensor([0.0, 1.0]))}
    return drawn, words
