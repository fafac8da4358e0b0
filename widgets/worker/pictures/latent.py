"""What the panels need of a running model, as numpy arrays: cloud, KL per dimension, decoded grid, the data's own pictures."""

from typing import Any

import numpy as np
import torch

from models.diagnostics import THRESHOLD, embedding, kl_per_dimension, plane
from models.inference.run import Run
from models.variational import Amortized
from widgets.worker.pictures.causes import Causes
from widgets.worker.pictures.features import FeaturePictures
from widgets.worker.pictures.network import of_deep_generative
from widgets.worker.pictures.positions import merged, over_positions

GRID, WIDE_GRID = 21, 11  # places a side; of a table of thousands of features, each of which takes as long as a step
WIDE = 4000
MOST_POINTS = 2000  # of the cloud; more points than a chart can redraw ten times a second


class LatentPictures:
    """Looks at one run. Axes and domain change rarely, so that the eye can follow a point."""

    def __init__(self, run: Run) -> None:
        self.run = run
        data = run.data
        some = torch.linspace(0, data.size - 1, min(data.size, MOST_POINTS)).long()
        self.rows = some
        self.batch = data.batch(some)
        self.jitter = torch.rand(len(some), generator=torch.Generator().manual_seed(0)) - 0.5
        self.site = next((name for name, site in run.model.sites.items() if site.plate == "local"), "")
        self.watched: frozenset[str] = frozenset()  # the charts that are in sight
        self.drawing = of_deep_generative(run.model, run.q) if hasattr(run.model, "decoder") else None
        self.causes = Causes(run, self.site) if self.site else None
        factor = dict(run.q.by_site.items()).get(self.site)
        self.factor = factor if isinstance(factor, Amortized) else None
        self.seen = self.factor.seen(self.batch.x) if self.factor else self.batch.x
        self.side = GRID if data.x.shape[1] <= WIDE else WIDE_GRID
        table = len(data.shape) == 1 and self.image and hasattr(run.model, "decode")
        self.features = FeaturePictures(run, some) if table else None
        self.axes = (0, 1)
        self.span = 3.0

    @property
    def image(self) -> bool:
        """Whether a datum is drawn as an image rather than as a point in the plane."""
        return self.run.data.shape != (2,)

    def _picture(self, x: torch.Tensor) -> np.ndarray[Any, Any]:
        """Data values as pixels 0–255 over the data's own range, or as they are for points in the plane and the features of a table."""
        if self.features:
            return self.features(x)
        if not self.image:
            return x.numpy().astype(np.float32)
        low, high = self.run.data.x.min(), self.run.data.x.max()
        return np.asarray(((x - low) / (high - low).clamp_min(1e-12)).clamp(0, 1).mul(255).round().to(torch.uint8))

    def about(self) -> dict[str, Any]:
        """What stays the same for the run: labels, names, the shape of a datum and the data's pictures."""
        data = self.run.data
        shape = list(data.shape) if len(data.shape) == 2 or not self.image else [1, data.x.shape[1]]
        columns = {"label": data.labels[self.rows].numpy().astype(np.float32)}
        if self.features:
            shape = [1, self.features.size]
        else:
            columns["images"] = self._picture(data.x[self.rows])
        told = {
            "static": {"latent": {"cloud": columns}},
            "labels": {"latent": list(data.label_names)},
            "shape": shape,
            "size": data.size,
        }
        return merged(told, *([self.drawing.about()] if self.drawing else []))

    def _choose_axes(self, divergence: torch.Tensor) -> None:
        """Two live dimensions: change only when one shown is collapsed and another is not."""
        alive = [int(k) for k in divergence.argsort(descending=True) if divergence[k] >= THRESHOLD]
        shown = [axis for axis in self.axes if axis < len(divergence)]
        kept = [axis for axis in shown if axis in alive]
        if len(kept) < min(2, len(alive)):
            kept = (kept + [k for k in alive if k not in kept])[:2]
            self.axes = tuple(sorted((kept + [k for k in range(max(2, len(divergence))) if k not in kept])[:2]))  # type: ignore[assignment]

    @torch.no_grad()
    def look(self) -> dict[str, Any]:
        """Cloud (x, y, sx, sy), its axes and domain, and KL per dimension of the current parameters."""
        if not self.site:
            return {}
        nu = self._nu()  # (M, n_params, K), once a look
        divergence = kl_per_dimension(self.run.model, self.run.q, self.batch, self.site, nu)
        self._choose_axes(divergence)
        mean, scale = embedding(self.run.model, self.run.q, self.batch, self.site, nu)  # (M, K)
        near = self.features.neighbours(mean) if self.features else {}
        if mean.shape[1] == 1:
            mean, scale = torch.stack([mean[:, 0], self.jitter], 1), torch.stack([scale[:, 0], scale[:, 0] * 0], 1)
        first, second = self.axes
        reach = float(mean[:, [first, second]].abs().quantile(0.995))
        while reach > 0.95 * self.span and self.span < 1e4:
            self.span *= 1.25
        cloud = {"x": mean[:, first], "y": mean[:, second], "sx": scale[:, first], "sy": scale[:, second]}
        alive = (divergence >= THRESHOLD).float()
        bars = {"dimension": torch.arange(len(divergence)).float(), "value": divergence, "state": alive}
        seen: dict[str, Any] = {
            "replace": {
                "latent": {"cloud": {name: column.numpy() for name, column in cloud.items()}},
                "kl": {"bars": {name: column.numpy() for name, column in bars.items()}},
            },
            "params": {
                "latent": {
                    "domain": [-self.span, self.span, -self.span, self.span],
                    "axes": [float(axis) + 1 for axis in self.axes],
                }
            },
            "facts": {
                **near,
                "kl": divergence.tolist(),
                "cause": self.causes.sentence(divergence) if self.causes else None,
                "summaries": {"kl": f"{int(alive.sum())} of {len(alive)} latent dimensions are active."},
            },
        }
        drawn = [self.drawing.look()] if self.drawing and "network" in self.watched else []
        encoder = getattr(self.run.q.by_site[self.site], "encoder", None)
        return merged(seen, *drawn, *over_positions(encoder, self.run.data, self.watched))

    def _nu(self) -> torch.Tensor:
        """ν of the drawn rows."""
        return (
            self.factor.of_seen(self.seen)
            if self.factor
            else self.run.q.nu(self.run.model.sites[self.site], self.batch)
        )

    def _latent(self, points: torch.Tensor) -> torch.Tensor:
        size = self.run.model.sites[self.site].shape[0]
        return points[:, :size]

    def _center(self) -> torch.Tensor:
        return torch.zeros(max(2, self.run.model.sites[self.site].shape[0]))

    @torch.no_grad()
    def decode(self, x: float, y: float, row: int = -1) -> np.ndarray[Any, Any] | None:
        """The exact decoded mean at a point of the shown plane, the other dimensions at 0, the prior's mean; of a datum, at its own."""
        decoder = getattr(self.run.model, "decode", None)
        if decoder is None:
            return None
        if 0 <= row < len(self.rows):
            nu = self.run.q.nu(self.run.model.sites[self.site], self.run.data.batch(self.rows[row : row + 1]))
            return self._picture(decoder(self.run.model.sites[self.site].family.mean(nu)))[0]
        point = self._center()
        point[self.axes[0]], point[self.axes[1]] = x, y
        return self._picture(decoder(self._latent(point[None])))[0]

    @torch.no_grad()
    def grid(self) -> dict[str, Any] | None:
        """A grid of decoded means (21 × 21; 11 × 11 of a wide table) over the shown plane, rows from low to high of the second axis."""
        decoder = getattr(self.run.model, "decode", None)
        if decoder is None:
            return None
        told = self._features(decoder) if self.features else {}
        low, high = torch.full((2,), -self.span), torch.full((2,), self.span)
        points = plane(self._center(), self.axes, low, high, self.side)
        return {
            "n": self.side,
            "low": low.tolist(),
            "high": high.tolist(),
            "values": self._picture(decoder(self._latent(points))),
            **told,
        }

    def _features(self, decoder: Any) -> dict[str, Any]:
        """Choose the features to show, and say what the page must know of them."""
        assert self.features is not None  # noqa: S101 - who calls has looked
        means, labels = self.run.model.sites[self.site].family.mean(self._nu()), self.run.data.labels[self.rows]
        self.features.choose(decoder(means[self.features.some]))
        classes = labels.unique()
        return self.features.about(decoder(torch.stack([means[labels == each].mean(0) for each in classes])), classes)

    @torch.no_grad()
    def traverse(self, dimension: int, count: int = 9) -> np.ndarray[Any, Any] | None:
        """Decoded means along one dimension from −3 to 3, the others at 0: (count, D)."""
        decoder = getattr(self.run.model, "decode", None)
        if decoder is None or not 0 <= dimension < self.run.model.sites[self.site].shape[0]:
            return None
        points = self._center().repeat(count, 1)
        points[:, dimension] = torch.linspace(-3, 3, count)
        return self._picture(decoder(self._latent(points)))
