"""The decision surface over two inputs: the most probable class of every cell, and how sure."""

import torch

from elbo_room.models.diagnostics.predictive import predict, probabilities
from elbo_room.models.training.run import Run
from elbo_room.widgets.messages import About, Columns, Picture
from elbo_room.widgets.worker.pictures.conditional import ConditionalPictures, Predictions
from elbo_room.widgets.worker.pictures.numbers import columns
from elbo_room.widgets.worker.pictures.posterior import truth_of
from elbo_room.widgets.worker.studies.nuts import Truth

CELLS = 36  # of a side


class Surface(Predictions):
    """For classes that depend on two inputs."""

    subject = "The decision surface"
    seen: tuple[Truth, Columns] | None = None  # what NUTS has found, and the borders under it

    def __init__(self, chart: str, run: Run, pictures: ConditionalPictures) -> None:
        super().__init__(chart, run, pictures)
        ends = zip(pictures.low, pictures.high, strict=True)
        edges = [torch.linspace(float(low), float(high), CELLS + 1) for low, high in ends]
        x, y = torch.meshgrid(torch.arange(CELLS), torch.arange(CELLS), indexing="ij")
        x, y = x.flatten(), y.flatten()
        shown = run.data.in_units(torch.stack(edges, 1))  # (CELLS + 1, 2)
        first, second = shown.unbind(1)
        self.cells = columns(x=first[x], x2=first[x + 1], y=second[y], y2=second[y + 1])
        self.corners = [*shown[0].tolist(), *shown[-1].tolist()]
        self.centres = torch.stack([(edges[0][x] + edges[0][x + 1]) / 2, (edges[1][y] + edges[1][y + 1]) / 2], 1)

    @classmethod
    def applies(cls, run: Run, pictures: ConditionalPictures) -> bool:
        """Whether y is a class and x has two columns."""
        del run
        return pictures.first == "surface"

    def about(self) -> About:
        """The cells, and the data points with their classes."""
        data = self.run.data
        points = columns(x=data.raw()[:, 0], y=data.raw()[:, 1], label=data.labels)
        return {
            "static": {self.chart: {"cells": self.cells, "points": points}},
            "labels": {self.chart: list(data.label_names)},
        }

    def _truth(self) -> Columns:
        """Where the most probable class changes under the draws of NUTS; nothing before it has run."""
        truth = truth_of(self.pictures)
        if truth is None:
            return columns(x=torch.zeros(0), y=torch.zeros(0))
        if self.seen is None or self.seen[0] is not truth:
            likely = probabilities(predict(self.pictures.model, self.centres, truth.weights[::4]))
            label = likely.argmax(-1).reshape(CELLS, CELLS)
            edge = torch.zeros(CELLS, CELLS, dtype=torch.bool)
            edge[1:] |= label[1:] != label[:-1]
            edge[:, 1:] |= label[:, 1:] != label[:, :-1]
            at = self.run.data.in_units(self.centres[edge.flatten()])
            self.seen = truth, columns(x=at[:, 0], y=at[:, 1])
        return self.seen[1]

    def predicted(self) -> tuple[Picture, str]:
        """The plane, and how much of it is undecided."""
        it = self.pictures
        likely = probabilities(predict(it.seen, self.centres, it.drawn_weights))  # (cells, K)
        best, label = likely.max(-1)
        least = 1 / likely.shape[-1]
        sure = ((best - least) / (1 - least)).clamp(0, 1)
        values = zip(("xLow", "yLow", "xHigh", "yHigh"), self.corners, strict=True)
        return {
            "replace": {
                self.chart: {
                    "cells": columns(label=label, sure=sure),
                    "chain": it.chain_columns(),
                    "truth": self._truth(),
                }
            },
            "params": {self.chart: dict(values)},
        }, f"{float((best < 0.9).float().mean()):.0%} of the plane is undecided (no class reaches 90%)"
