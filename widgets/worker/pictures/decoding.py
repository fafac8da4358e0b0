"""What one run's decoder makes of points in its latent space, as the page draws it: pictures, points, or features of a table."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from elbo_room.models.training.run import Run
from elbo_room.widgets.messages import Grid, Walk
from elbo_room.widgets.worker.pictures.features import FeaturePictures
from elbo_room.widgets.worker.pictures.walks import Space, Walks

GRID, WIDE_GRID = 21, 11  # places a side; of a table of thousands of features, each of which takes as long as a step
WIDE = 4000


class Decoding:
    """Decodes for the card, the map's grid and walks; `able` where the model has a decoder at all."""

    def __init__(self, run: Run, rows: Tensor, size: int) -> None:
        data = run.data
        self.run, self.rows, self.size = run, rows, size
        self.able = hasattr(run.model, "decode")
        self.points = data.shape == (2,) or bool(data.bones)  # a data point is drawn as points rather than as an image
        self.low, self.high = data.x.min(), data.x.max()
        table = len(data.shape) == 1 and not self.points and self.able
        self.features = FeaturePictures(run, rows) if table else None
        self.side = GRID if data.x.shape[1] <= WIDE else WIDE_GRID

    @property
    def shape(self) -> list[int]:
        """The shape of a drawn data point: an image's, (D,) of points, (1, F) of the features of a table."""
        if self.features:
            return [1, self.features.size]
        shape = self.run.data.shape
        return list(shape) if len(shape) == 2 or self.points else [1, self.run.data.x.shape[1]]

    def picture(self, x: Tensor) -> np.ndarray[Any, Any]:
        """Data values (…, D) as pixels 0–255 over the data's own range, or as they are where points or features are drawn."""
        if self.features:
            return self.features(x)
        if self.points:
            return x.numpy().astype(np.float32)
        share = (x - self.low) / (self.high - self.low).clamp_min(1e-12)
        return np.asarray(share.clamp(0, 1).mul(255).round().to(torch.uint8))

    def mean(self, z: Tensor) -> Tensor:
        """E[x|z] at points of the drawn space, which has a second, empty direction where K is 1: (M, K) → (M, D)."""
        decoded: Tensor = self.run.model.decode(z[:, : self.size])  # type: ignore[attr-defined]
        return decoded

    def weights(self, count: int, seed: int = 0) -> Tensor | None:
        """Draws of q(θ), (count, P), the same at every look but for q's changes; None where θ is a point."""
        drawn = getattr(self.run.model, "weight_draws", None)
        found: Tensor | None = None if drawn is None else drawn(count, torch.Generator().manual_seed(seed))
        return found

    def each_with_its_own(self, z: Tensor, weights: Tensor) -> Tensor:
        """E[x | z_s, θ_s], every z with its own draw of θ: (S, K) and (S, P) → (S, D)."""
        decoded: Tensor = self.run.model.decode(z[:, None, : self.size], weights)  # type: ignore[attr-defined]
        return decoded[:, 0]

    def under_each(self, z: Tensor, weights: Tensor) -> Tensor:
        """E[x | z, θ_s] of all z under every draw of θ: (M, K) and (S, P) → (S, M, D)."""
        decoded: Tensor = self.run.model.decode(z[:, : self.size], weights)  # type: ignore[attr-defined]
        return decoded

    def __call__(self, z: Tensor) -> np.ndarray[Any, Any]:
        """What is drawn of E[x|z] at points (M, K) of the drawn space."""
        return self.picture(self.mean(z))

    def grid(self, space: Space, means: Tensor, span: float) -> Grid:
        """A grid of decoded means over [−span, span]² of the plane, rows from low to high of the second axis.

        For a table it comes with what the page needs to know about its features, which are chosen again from the data's `means` (M, K).
        """
        extra: Grid = self._table_columns(means) if self.features else {}
        ticks = torch.linspace(-span, span, self.side)
        places = torch.stack([ticks.repeat(self.side), ticks.repeat_interleave(self.side)], 1)
        values = self(space.plane.lift(places))
        return {"n": self.side, "low": [-span] * 2, "high": [span] * 2, "values": values, **extra}

    def _table_columns(self, means: Tensor) -> Grid:
        assert self.features is not None  # noqa: S101 - the caller has checked
        self.features.choose(self.mean(means[self.features.some]))
        labels = self.run.data.labels[self.rows]
        classes = labels.unique()
        return self.features.about(self.mean(torch.stack([means[labels == each].mean(0) for each in classes])), classes)

    def walk(self, walks: Walks, space: Space) -> Walk | None:
        """The stops of the requested walk: where they are on the map, and what the decoder makes of them."""
        stops = walks.stops(space) if self.able else None
        if stops is None:
            return None
        places = space.plane.coordinates(stops).numpy()
        drawn = self.weights(len(stops), walks.seed) if walks.kind == "draws" else None  # draws of q(z, θ)
        values = self(stops) if drawn is None else self.picture(self.each_with_its_own(stops, drawn))
        return {"walk": walks.kind, "dimension": walks.dimension, "places": places, "values": values}
