"""What the map of the latent space is told beside its columns: decoded pictures, walks, scores, the selection."""

from __future__ import annotations

from typing import Any

import numpy as np

from elbo_room.widgets.messages import Decoded, Frame, Scores, Walk
from elbo_room.widgets.screen.layout import Screen


class LatentPainter:
    """Part of the painter: messages to the map, in order with the frames."""

    screen: Screen
    shape: list[int]

    def _latent(self, message: Frame) -> None:
        """What a frame brings: the decoded grid, of a table with what the page must know of its features, and a walk."""
        if message.grid:
            grid: dict[str, Any] = {**message.grid}
            parts = [grid.pop(name) for name in ("values", "observed") if name in grid]
            self._tell("grid", *parts, shape=self.shape, **grid)
        if message.walk:
            self._walk(message.walk)

    def _tell(self, kind: str, *buffers: Any, **content: Any) -> None:
        self.screen.bus.message({"kind": kind, "chart": "latent", **content}, [each.tobytes() for each in buffers])

    def _walk(self, walk: Walk) -> None:
        """A walk through the latent space: where its stops are, and what the decoder makes of them."""
        places = walk["places"].astype(np.float32)
        about = {"walk": walk["walk"], "dimension": walk["dimension"]}
        self._tell("strip", walk["values"], places, count=len(walk["values"]), shape=self.shape, **about)

    def _scores(self, message: Scores) -> None:
        """How well the embedding separates the labels."""
        found, chart = message.grouping, self.screen.chart("latent")
        scores = [found["ari"], found["nmi"], found["silhouette"]]
        chart.set(scores=scores)
        words = zip(("ARI", "NMI", "silhouette"), scores, strict=True)
        chart.summary = f"Map of the latent space; {', '.join(f'{name} {value:.2f}' for name, value in words)}."

    def mark(self, shown: list[int]) -> None:
        """Show these rows of the cloud as selected; none lets go of all."""
        self._tell("selection", np.asarray(shown, np.float32))

    def _decoded(self, message: Decoded) -> None:
        if message.values is not None:
            self._tell("decoded", message.values, id=message.question)
