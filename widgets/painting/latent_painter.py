"""Messages to the map of the latent space in addition to its columns: decoded images, walks, scores, the selection."""

from __future__ import annotations

from typing import Any

import numpy as np

from elbo_room.widgets.messages import Columns, Decoded, Frame, Grid, Scores, Started, Walk
from elbo_room.widgets.screen.layout import Screen

Told = tuple[dict[str, Any], list[bytes]]  # a message to the map, and its buffers


def _message(kind: str, *buffers: Any, **content: Any) -> Told:
    return {"kind": kind, "chart": "latent", **content}, [each.tobytes() for each in buffers]


class LatentPainter:
    """Messages to the map, in order with the frames."""

    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        self.shape: list[int] = []  # of what is drawn of a data point
        self.cloud: Columns = {}  # each point's label and picture
        self.rows: list[int] = []  # of the data, in the cloud's order
        self.label_names: list[str] = []
        self.data: str | None = None  # the name of the data

    def begin(self, message: Started) -> None:
        """Another run: nothing is pinned on its map."""
        about, name = message.about, message.settings.get("data")
        latent = self.screen.chart("latent")
        latent.set(scores=[], run=latent.params.get("run", 0) + 1)
        self.shape, self.data = list(about["shape"]), None if name is None else str(name)
        self.cloud = about["static"].get("latent", {}).get("cloud", {})
        self.rows = [int(row) for row in about.get("rows", ())]
        self.label_names = list(about["labels"].get("latent", ()))

    def show(self, message: Frame) -> None:
        """The contents of a frame."""
        self.decoded(message.grid, message.walk)

    def decoded(self, found: Grid | None, walk: Walk | None) -> None:
        """The decoded grid and a walk."""
        for content, buffers in self.messages(found, walk):
            self.screen.bus.message(content, buffers)

    def messages(self, found: Grid | None, walk: Walk | None) -> list[Told]:
        """The decoded grid, for a table with what the page needs to know about its features; and a walk: its stops, decoded."""
        told = []
        if found:
            grid: dict[str, Any] = {**found}
            parts = [grid.pop(name) for name in ("values", "observed") if name in grid]
            told.append(_message("grid", *parts, shape=self.shape, **grid))
        if walk:
            places = walk["places"].astype(np.float32)
            about = {"walk": walk["walk"], "dimension": walk["dimension"]}
            told.append(_message("strip", walk["values"], places, count=len(walk["values"]), shape=self.shape, **about))
        return told

    def _tell(self, kind: str, *buffers: Any, **content: Any) -> None:
        self.screen.bus.message(*_message(kind, *buffers, **content))

    def show_scores(self, message: Scores) -> None:
        """How well the embedding separates the labels."""
        found, chart = message.grouping, self.screen.chart("latent")
        scores = [found["ari"], found["nmi"], found["silhouette"]]
        chart.set(scores=scores)
        words = zip(("ARI", "NMI", "silhouette"), scores, strict=True)
        chart.summary = f"Map of the latent space; {', '.join(f'{name} {value:.2f}' for name, value in words)}."

    def mark(self, shown: list[int]) -> None:
        """Show these rows of the cloud as selected; an empty selection deselects all."""
        self._tell("selection", np.asarray(shown, np.float32))

    def show_decoded(self, message: Decoded) -> None:
        """The answer to a pointer's question."""
        if message.values is not None:
            self._tell("decoded", message.values, id=message.question)
