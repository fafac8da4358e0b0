"""A table on the decode card: the features that the decoder moves most, against their average; of counts, times the average.

A picture of thousands of genes is unreadable and takes megabytes. The F that differ most between the data (counts on the scale of their
square root, √μ, where Poisson noise is the same for all; others in their own standard deviations) say what a place is about.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from elbo_room.models.diagnostics.neighbours import NEAREST, own_neighbours
from elbo_room.models.families.counts import library_size
from elbo_room.models.training.run import Run
from elbo_room.widgets.messages import Facts, Grid

MOST = 40  # features that travel
MARKERS = 3  # features that represent a class
LEAST_COUNT = 0.02  # below it a ratio of counts is noise over noise
ROWS = 300  # data whose decoded means are compared


class FeaturePictures:
    """Which features of one run's data are shown, and what is shown of them."""

    def __init__(self, run: Run, rows: Tensor) -> None:
        data, response = run.data, getattr(run.model, "response", None)
        self.counts = bool(getattr(response, "counts", False))
        self.size = min(MOST, data.x.shape[1])
        self.names = data.feature_names or tuple(f"x{j + 1}" for j in range(data.x.shape[1]))
        self.data, self.rows = data, rows
        self.library = library_size(data.x).clamp_min(1) if getattr(run.model, "library", None) is not None else None
        self.typical = self.library.median() if self.library is not None else torch.ones(1)
        seen = data.x if self.library is None else data.x * (self.typical / self.library)
        self.average, self.spread = seen.mean(0), seen.std(0).clamp_min(1e-6)  # (D,) each
        self.some = torch.linspace(0, len(rows) - 1, min(len(rows), ROWS)).long()
        self.shown = torch.arange(self.size)

    def _seen(self, rows: Tensor, features: Tensor) -> Tensor:
        """Some rows and features of the data as the card compares them: counts as if read at the typical depth."""
        x = self.data.x[rows.unsqueeze(1), features]
        return x if self.library is None else x * (self.typical / self.library[rows])

    def scale(self, values: Tensor) -> Tensor:
        """What is compared: √μ of counts, else standard deviations from the average. (…, D)."""
        return values.clamp_min(0).sqrt() if self.counts else (values - self.average) / self.spread

    def choose(self, decoded: Tensor) -> None:
        """Show the features that vary most between these decoded means (M, D), in the table's own order."""
        if self.size < self.data.x.shape[1]:
            self.shown = self.scale(decoded).std(0).topk(self.size).indices.sort().values

    def __call__(self, x: Tensor) -> np.ndarray[Any, Any]:
        """The shown features of values (M, D)."""
        return x[..., self.shown].detach().numpy().astype(np.float32)

    def neighbours(self, means: Tensor) -> Facts:
        """How far the latent means (M, K) of the drawn rows keep to their label and their batch: facts, and the caption's sentence."""
        words: list[str] = []
        facts: Facts = {}
        covariates = self.data.covariates
        groups = {
            "label": self.data.labels[self.rows] if len(self.data.label_names) > 1 else None,
            "batch": covariates[self.rows].argmax(1) if covariates is not None and covariates.shape[1] > 1 else None,
        }
        for name, group in groups.items():
            if group is not None and len(means) > NEAREST:
                share, chance = own_neighbours(means, group)
                facts["own_label" if name == "label" else "own_batch"] = share
                words.append(f"{share:.0%} share its {name} (chance {chance:.0%})")
        if words:
            facts["sentence"] = f"Of a data point's {NEAREST} neighbours in z, {', '.join(words)}."
        return facts

    def about(self, decoded: Tensor, labels: Tensor) -> Grid:
        """What the page needs in order to read them: names, averages, the data's own values, and the markers of every class.

        `decoded` are the means at each class's average place (C, D), `labels` which classes these are.
        """
        names = [self.names[j] for j in self.shown]
        return {
            "names": names,
            "counts": self.counts,
            "average": self.average[self.shown].tolist(),
            "spread": self.spread[self.shown].tolist(),
            "least": LEAST_COUNT,
            "observed": self._seen(self.rows, self.shown).numpy(),
            "markers": self._markers(decoded, labels) if len(labels) > 1 else [],
        }

    def _markers(self, decoded: Tensor, labels: Tensor) -> list[tuple[int, list[str]]]:
        """A class and its features: those highest above the average of the other classes."""
        scaled = self.scale(decoded)
        others = (scaled.sum(0) - scaled) / (len(scaled) - 1)
        best = (scaled - others).topk(min(MARKERS, scaled.shape[1]), 1).indices
        return [(int(label), [self.names[j] for j in row]) for label, row in zip(labels, best, strict=True)]
