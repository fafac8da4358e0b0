"""What the panels need of a running model, as numpy arrays: cloud, KL per dimension, decoded grid, the data's own pictures."""

import time
from typing import Any

import numpy as np
import torch
from torch import Tensor

from models.diagnostics import THRESHOLD, axes_plane, embedding, kl_per_dimension
from models.families import Normal
from models.inference.run import Run
from widgets.worker.pace import Pace
from widgets.worker.pictures.causes import Causes
from widgets.worker.pictures.exploration import Exploration
from widgets.worker.pictures.manifold import manifold
from widgets.worker.pictures.network import of_deep_generative
from widgets.worker.pictures.positions import merged, over_positions
from widgets.worker.pictures.scores import Scores
from widgets.worker.pictures.walks import Space, changing, raised

GRID = 21
MOST_POINTS = 2000  # of the cloud; more points than a chart can redraw ten times a second
MAPS = frozenset({"latent", "manifold"})  # charts that show the cloud
MANIFOLDS, MANIFOLD_SHARE = 4.0, 0.01  # pictures of the manifold a second, share of the worker's time
Parts = dict[str, Any]


class LatentPictures:
    """Looks at one run. Axes and domain change rarely, so that the eye can follow a point; row i of the cloud is always the same datum."""

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
        self.span = 3.0  # half of the map's side
        self.manifolds = Pace(MANIFOLDS, MANIFOLD_SHARE)
        self.decodes = hasattr(run.model, "decode")
        if self.site:
            self.chosen = Exploration(run, some, self.site)
            self.scored = Scores(data.labels[some], time.perf_counter())
            nothing = torch.zeros(len(some), max(2, self.chosen.size))
            self.space = Space(nothing, nothing, axes_plane((0, 1), nothing.shape[1]))

    @property
    def image(self) -> bool:
        """Whether a datum is drawn as an image rather than as a point in the plane."""
        return self.run.data.shape != (2,)

    def _picture(self, x: Tensor) -> np.ndarray[Any, Any]:
        """Data values as pixels 0–255 over the data's own range, or as they are for points in the plane."""
        if not self.image:
            return x.numpy().astype(np.float32)
        low, high = self.run.data.x.min(), self.run.data.x.max()
        return np.asarray(((x - low) / (high - low).clamp_min(1e-12)).clamp(0, 1).mul(255).round().to(torch.uint8))

    def about(self) -> Parts:
        """What stays the same for the run: labels, names, the shape of a datum, the data's pictures, and what there is to choose."""
        data = self.run.data
        shape = list(data.shape) if len(data.shape) == 2 or not self.image else [1, data.x.shape[1]]
        label, pictures = data.labels[self.rows].numpy().astype(np.float32), self._picture(data.x[self.rows])
        told: Parts = {
            "static": {"latent": {"cloud": {"label": label, "images": pictures}}},
            "labels": {"latent": list(data.label_names)},
            "shape": shape,
            "size": data.size,
            "rows": self.rows.numpy().astype(np.float32),
        }
        if self.site:
            told["choices"] = {"colour": self.chosen.colours.choices, "plane": self.chosen.planes()}
        if not self.image:
            told["static"]["manifold"] = {"data": {"x": pictures[:, 0], "y": pictures[:, 1], "label": label}}
        return merged(told, *([self.drawing.about()] if self.drawing else []))

    def explore(self, **wanted: Any) -> None:
        """Take up what a person chose: see `Exploration.choose`.

        Raises:
            ValueError: there is no such thing here; the sentence says what there is.
        """
        if not self.site:
            raise ValueError("This model has no latent variable of each datum to look at. Choose another view.")
        self.chosen.choose(**wanted)

    @torch.no_grad()
    def look(self) -> Parts:
        """Cloud (x, y, sd of both, their correlation, colour), axes and domain, and KL per dimension, of the current parameters."""
        if not self.site:
            return {}
        nu = self.run.q.nu(self.run.model.sites[self.site], self.batch)  # (M, n_params, K), once a look
        divergence = kl_per_dimension(self.run.model, self.run.q, self.batch, self.site, nu)
        mean, scale = embedding(self.run.model, self.run.q, self.batch, self.site, nu)  # (M, K)
        if mean.shape[1] == 1:
            mean, scale = torch.stack([mean[:, 0], self.jitter], 1), torch.stack([scale[:, 0], scale[:, 0] * 0], 1)
        self.space = Space(mean, scale, self.chosen.plane_now(mean, divergence))
        alive = (divergence >= THRESHOLD).float()
        bars = {"dimension": torch.arange(len(divergence)).float(), "value": divergence, "state": alive}
        seen: Parts = {
            "replace": {"kl": {"bars": {name: column.numpy() for name, column in bars.items()}}},
            "facts": {
                "kl": divergence.tolist(),
                "cause": self.causes.sentence(divergence) if self.causes else None,
                "summaries": {"kl": f"{int(alive.sum())} of {len(alive)} latent dimensions are active."},
            },
        }
        drawn = [self._marked(nu), self._manifold()]
        drawn += [self._map(nu)] if not self.watched or self.watched & MAPS else []
        drawn += [self.drawing.look()] if self.drawing and "network" in self.watched else []
        encoder = getattr(self.run.q.by_site[self.site], "encoder", None)
        return merged(seen, *drawn, *over_positions(encoder, self.run.data, self.watched))

    def _map(self, nu: Tensor) -> Parts:
        shown = self.space.plane
        places = shown.coordinates(self.space.mean)  # (M, 2)
        reach = float(places.abs().quantile(0.995))
        while reach > 0.95 * self.span and self.span < 1e4:
            self.span *= 1.25
        first, second, correlation = shown.spread(self.space.scale)
        colour = self.chosen.colours.look(nu, time.perf_counter())
        cloud = {"x": places[:, 0], "y": places[:, 1], "sx": first, "sy": second}
        cloud |= {"rho": correlation} if self.chosen.share else {}  # else it is 0
        cloud |= {} if self.chosen.colours.name == "label" else {"value": colour.values}  # labels are there already
        params = {
            "domain": [-self.span, self.span, -self.span, self.span],
            "axes": [float(axis) + 1 for axis in self.chosen.axes],
            "principal": self.chosen.share,
            "size": float(self.chosen.size),
            "colour": list(colour.span or ()),
        }
        return {
            "replace": {"latent": {"cloud": {name: column.numpy() for name, column in cloud.items()}}},
            "params": {"latent": params},
            "names": {"latent": list(colour.names)},
        }

    def _marked(self, nu: Tensor) -> Parts:
        """Of the marked data: their KL per dimension beside everybody's, and the picture of their mean z."""
        rows = self.chosen.marked
        family = self.run.model.sites[self.site].family
        divergence = (
            family.divergence_from_standard(nu[rows, :2]).mean(0) if isinstance(family, Normal) and len(rows) else None
        )
        size = 0 if divergence is None else len(divergence)
        ticks = {"dimension": np.arange(size, dtype=np.float32), "value": np.zeros(0, np.float32)}
        if divergence is not None:
            ticks["value"] = divergence.numpy()
        told = {"values": np.zeros(0, np.uint8)}
        if len(rows) and self.decodes:
            told = self._told(self.space.mean[rows].mean(0))
        marks = {"kl": {"marked": ticks}, "latent": {"marked": {"picture": told.pop("values")}}}
        return {"replace": marks, "facts": {"raised": told or None}}

    def _manifold(self) -> Parts:
        now = time.perf_counter()
        if "manifold" not in self.watched or not self.decodes or not self.manifolds.due(now):
            return {}
        with self.manifolds.spending():
            found = manifold(self._decode, self.space.plane, self.span, self._picture, lines=not self.image)
        shown = {"axes": [float(axis) + 1 for axis in self.chosen.axes], "principal": self.chosen.share}
        pictures = list(self.run.data.shape) if len(self.run.data.shape) == 2 else []
        return merged(found, {"params": {"manifold": {**shown, "shape": [float(side) for side in pictures]}}})

    def _decode(self, points: Tensor) -> Tensor:
        """E[x|z] at points of the drawn space, which has a second, empty direction where K is 1."""
        decoded: Tensor = self.run.model.decode(points[:, : self.chosen.size])  # type: ignore[attr-defined]
        return decoded

    def _decoded(self, points: Tensor) -> np.ndarray[Any, Any]:
        return self._picture(self._decode(points))

    @torch.no_grad()
    def decode(self, x: float, y: float, row: int = -1) -> Parts | None:
        """The exact decoded mean at a place of the shown plane, or at a datum's posterior mean: `values` (D,).

        Of a vector also the features that are raised most against the middle of the plane, and how many times (by how much).
        """
        if not self.decodes:
            return None
        return self._told(self.space.place((x, y, row if row < len(self.rows) else -1)))

    def _told(self, z: Tensor) -> Parts:
        """E[x|z] of one z (K,) as a picture, and of a vector its features that are raised most."""
        told = {"values": self._decoded(z[None])[0]}
        if self.image and len(self.run.data.shape) == 1:
            here, middle = self._decode(torch.stack([z, self.space.plane.at]))
            told |= raised(here, middle, self.run.data.feature_names)
        return told

    @torch.no_grad()
    def grid(self) -> Parts | None:
        """A 21 × 21 grid of decoded means over the shown plane, rows from low to high of the second axis."""
        if not self.decodes:
            return None
        ticks = torch.linspace(-self.span, self.span, GRID)
        places = torch.stack([ticks.repeat(GRID), ticks.repeat_interleave(GRID)], 1)
        ends = {"low": [-self.span] * 2, "high": [self.span] * 2}
        return {"n": GRID, **ends, "values": self._decoded(self.space.plane.lift(places))}

    @torch.no_grad()
    def walk(self) -> Parts | None:
        """The stops of the walk that a person asked for: where they stand on the map, and what the decoder makes of them."""
        stops = self.chosen.walks.stops(self.space) if self.site and self.decodes else None
        if stops is None:
            return None
        walks, places = self.chosen.walks, self.space.plane.coordinates(stops)
        told = {"walk": walks.kind, "dimension": walks.dimension, "places": places.numpy()}
        if self.image and len(self.run.data.shape) == 1:
            return told | changing(self._decode(stops), self.run.data.feature_names)
        return told | {"values": self._decoded(stops), "names": []}

    @torch.no_grad()
    def scores(self, *, leisure: bool) -> dict[str, float] | None:
        """ARI, NMI and silhouette of the posterior means against the labels, where there are any; new ones, or None."""
        if not self.site:
            return None
        before, mean = self.scored.newest, self.space.mean[:, : self.chosen.size]
        found = self.scored.look(mean, time.perf_counter(), leisure=leisure)
        return None if found is None or found is before else vars(found)
