"""The latent plane as the decoder bends it: a regular grid of z drawn in x-space, or as pictures, shaded by its magnification."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from elbo_room.models.diagnostics import Plane, magnification
from elbo_room.models.training.run import Run
from elbo_room.widgets.messages import About, Params, Picture
from elbo_room.widgets.worker.pace import Pace
from elbo_room.widgets.worker.pictures.cells import merged
from elbo_room.widgets.worker.pictures.latent import LatentPictures
from elbo_room.widgets.worker.pictures.numbers import Numbers

PICTURES, LINES = 13, 25  # a side: of pictures, and of the lines' crossings
LEAST = 1e-12
RATE, SHARE = 4.0, 0.01  # pictures a second, share of the worker's time


def manifold(
    decode: Callable[[Tensor], Tensor], plane: Plane, span: float, draw: Callable[[Tensor], Any], *, lines: bool
) -> Picture:
    """A grid over [−span, span]²: its shade 0 … 1, log √det(W JᵀJ Wᵀ) over its range, and E[x|z] as `draw` makes it, (n², D)."""
    count = LINES if lines else PICTURES
    ticks = torch.linspace(-span, span, count)
    across, up = ticks.repeat(count), ticks.repeat_interleave(count)  # x fastest
    points = plane.lift(torch.stack([across, up], 1))
    size = magnification(decode, points, plane.along).clamp_min(LEAST).log10()
    low, high = size.min(), size.max()
    shade = (size - low) / (high - low).clamp_min(1e-6)
    factor = [10.0 ** float(low), 10.0 ** float(high)]
    sentence = f"The decoder enlarges areas of this plane by factors from {factor[0]:.2g} to {factor[1]:.2g}."
    places = {"across": across.numpy(), "up": up.numpy(), "size": (10**size).numpy()}
    return {
        "replace": {"manifold": {"grid": {"shade": shade.numpy(), "decoded": draw(decode(points)), **places}}},
        "params": {"manifold": {"side": float(count), "domain": [-span, span, -span, span], "factor": factor}},
        "facts": {"summaries": {"manifold": sentence}},
    }


class Manifold(Numbers[LatentPictures]):
    """Looks at the plane that the map shows, as often as its share of the time allows."""

    def __init__(self, chart: str, run: Run, pictures: LatentPictures) -> None:
        super().__init__(chart, run, pictures)
        self.pace = Pace(RATE, SHARE)

    def for_replay(self) -> None:
        """A grid of every step."""
        self.pace = Pace.unlimited()

    @classmethod
    def applies(cls, run: Run, pictures: LatentPictures) -> bool:
        """Whether there is a decoder."""
        del run
        return pictures.decoding.able

    def about(self) -> About:
        """The data drawn with the lines, where they are points in the plane."""
        data, rows = self.run.data, self.pictures.rows
        if data.shape != (2,):
            return {}
        x, y = data.x[rows].numpy().astype(np.float32).T
        return {
            "static": {self.chart: {"data": {"x": x, "y": y, "label": data.labels[rows].numpy().astype(np.float32)}}}
        }

    def look(self) -> Picture:
        """The grid over the plane that the map shows."""
        it = self.pictures
        if not self.pace.due(time.perf_counter()):
            return {}
        with self.pace.spending():
            lines = self.run.data.shape == (2,)
            found = manifold(it.decoding.mean, it.space.plane, it.span, it.decoding.picture, lines=lines)
        sides = self.run.data.shape if len(self.run.data.shape) == 2 else ()
        shown: Params = {"axes": [float(axis) + 1 for axis in it.chosen.axes], "principal": it.chosen.share}
        about: Picture = {"params": {self.chart: {**shown, "shape": [float(side) for side in sides]}}}
        return merged(found, about)
