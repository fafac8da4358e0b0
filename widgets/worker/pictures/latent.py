"""What the panels need of a running model, as numpy arrays: cloud, KL per dimension, decoded grid, the data's own pictures."""

from typing import Any

import numpy as np
import torch

from models.diagnostics import THRESHOLD, embedding, kl_per_dimension, plane
from models.inference.run import Run
from widgets.worker.pictures.causes import Causes, all_alive
from widgets.worker.pictures.network import of_deep_generative
from widgets.worker.pictures.positions import merged, over_positions
from widgets.worker.pictures.principal import principal_of

GRID = 21
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
        self.principal = principal_of(run)
        self.axes = (0, 1)
        self.span = 3.0

    @property
    def image(self) -> bool:
        """Whether a datum is drawn as an image rather than as a point in the plane."""
        return self.run.data.shape != (2,)

    def _picture(self, x: torch.Tensor) -> np.ndarray[Any, Any]:
        """Data values as pixels 0–255 over the data's own range, or as they are for points in the plane."""
        if not self.image:
            return x.numpy().astype(np.float32)
        low, high = self.run.data.x.min(), self.run.data.x.max()
        return np.asarray(((x - low) / (high - low).clamp_min(1e-12)).clamp(0, 1).mul(255).round().to(torch.uint8))

    def about(self) -> dict[str, Any]:
        """What stays the same for the run: labels, names, the shape of a datum and the data's pictures."""
        data = self.run.data
        shape = list(data.shape) if len(data.shape) == 2 or not self.image else [1, data.x.shape[1]]
        columns = {
            "label": data.labels[self.rows].numpy().astype(np.float32),
            "images": self._picture(data.x[self.rows]),
        }
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
        nu = self.run.q.nu(self.run.model.sites[self.site], self.batch)  # (M, n_params, K), once a look
        divergence = kl_per_dimension(self.run.model, self.run.q, self.batch, self.site, nu)
        self._choose_axes(divergence)
        mean, scale = embedding(self.run.model, self.run.q, self.batch, self.site, nu)  # (M, K)
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
                "kl": divergence.tolist(),
                "sentence": all_alive(self.run, divergence),
                "cause": self.causes.sentence(divergence) if self.causes else None,
                "summaries": {"kl": f"{int(alive.sum())} of {len(alive)} latent dimensions are active."},
            },
        }
        told = [self.principal.look(divergence)] if self.principal else []
        drawn = [self.drawing.look()] if self.drawing and "network" in self.watched else []
        encoder = getattr(self.run.q.by_site[self.site], "encoder", None)
        return merged(seen, *told, *drawn, *over_positions(encoder, self.run.data, self.watched))

    def _latent(self, points: torch.Tensor) -> torch.Tensor:
        size = self.run.model.sites[self.site].shape[0]
        return points[:, :size]

    def _center(self) -> torch.Tensor:
        return torch.zeros(max(2, self.run.model.sites[self.site].shape[0]))

    @torch.no_grad()
    def decode(self, x: float, y: float) -> np.ndarray[Any, Any] | None:
        """The exact decoded mean at a point of the shown plane; the other dimensions are at the prior's mean, 0."""
        decoder = getattr(self.run.model, "decode", None)
        if decoder is None:
            return None
        point = self._center()
        point[self.axes[0]], point[self.axes[1]] = x, y
        return self._picture(decoder(self._latent(point[None])))[0]

    @torch.no_grad()
    def grid(self) -> dict[str, Any] | None:
        """A 21 × 21 grid of decoded means over the shown plane, rows from low to high of the second axis."""
        decoder = getattr(self.run.model, "decode", None)
        if decoder is None:
            return None
        low, high = torch.full((2,), -self.span), torch.full((2,), self.span)
        points = plane(self._center(), self.axes, low, high, GRID)
        return {
            "n": GRID,
            "low": low.tolist(),
            "high": high.tolist(),
            "values": self._picture(decoder(self._latent(points))),
        }

    @torch.no_grad()
    def traverse(self, dimension: int, count: int = 9) -> np.ndarray[Any, Any] | None:
        """Decoded means along one dimension from −3 to 3, the others at 0: (count, D)."""
        decoder = getattr(self.run.model, "decode", None)
        if decoder is None or not 0 <= dimension < self.run.model.sites[self.site].shape[0]:
            return None
        points = self._center().repeat(count, 1)
        points[:, dimension] = torch.linspace(-3, 3, count)
        return self._picture(decoder(self._latent(points)))
