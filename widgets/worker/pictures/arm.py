"""The robot arm's own pictures: the bones for the decode card, draws from p(x) in two views, and the errors of their links."""

from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from elbo_room.models.data import Dataset
from elbo_room.models.data.robot_arm import NOISE
from elbo_room.models.diagnostics import LINKS, link_errors
from elbo_room.models.training.run import Run
from elbo_room.widgets.messages import About, Columns, Picture
from elbo_room.widgets.worker.pictures.cells import merged
from elbo_room.widgets.worker.pictures.numbers import Numbers
from elbo_room.widgets.worker.pictures.protocol import Pictures

SAMPLES, DRAWN, DOTS = 200, 6, 100  # scored, drawn as arms, dots a link
FAINT = 25  # poses of the data behind them
REACH = 0.04  # metres to either side of a link's length
VIEWS = ((0, 2), (0, 1))  # from the side: x and z; from above: x and y
BAND = (2**0.5, 2**0.5, 1.5**0.5, 2**0.5)  # a link's error under the sensor's noise alone, in its standard deviations


def bones_of(data: Dataset) -> Columns:
    """Pairs of points that a bone joins (−1: the origin), and its median length in the data's unit."""
    points = torch.cat([torch.zeros(data.size, 1, 3), data.x.unflatten(1, (-1, 3))], 1)  # the origin first
    start, end = torch.tensor(data.bones).T
    length = (points[:, end + 1] - points[:, start + 1]).norm(dim=-1).median(0).values
    return {"from": start.float().numpy(), "to": end.float().numpy(), "length": length.numpy()}


def segments(poses: Tensor, data: Dataset, kind: int, wide: float) -> Columns:
    """Bones of poses (S, D) in both views, as places 0 … 1 of their squares."""
    points = torch.cat([torch.zeros(len(poses), 1, 3), poses.unflatten(1, (-1, 3))], 1)  # (S, 1 + points, 3)
    every = data.x.unflatten(1, (-1, 3))
    low, high = every.amin((0, 1)), every.amax((0, 1))
    middle = torch.stack([torch.zeros(()), torch.zeros(()), (low[2] + high[2]) / 2])
    half = 1.04 * torch.maximum(every[..., :2].abs().max(), (high[2] - low[2]) / 2)
    placed = 0.5 + (points - middle) / (2 * half)
    start, end = torch.tensor(data.bones).T + 1
    rows = []
    for place, axes in enumerate(VIEWS):
        ends = [placed[:, at][..., axes].flatten(0, 1) for at in (start, end)]  # (S · bones, 2) each
        rows.append(torch.cat([torch.full((len(ends[0]), 1), place), *ends], 1))
    table = torch.cat(rows).numpy().T
    same = np.ones(table.shape[1], np.float32)
    return dict(zip(("place", "x", "y", "x2", "y2"), table, strict=True)) | {"kind": kind * same, "wide": wide * same}


def arm_part(x: Tensor, data: Dataset) -> Picture:
    """Samples x (S, 15) of an arm on the chart: the first few as arms before poses of the data, and every link's errors."""
    faint = segments(data.x[torch.linspace(0, data.size - 1, FAINT).long()], data, 0, 1.0)
    arms = segments(x[:DRAWN], data, 1, 1.8)
    rows, dots = len(LINKS), len(x[:DOTS])
    height = (np.arange(rows) + 0.5) / rows
    spread = np.linspace(-0.28, 0.28, dots) / rows
    places = np.clip(0.5 + link_errors(x[:DOTS]).error.numpy() / (2 * REACH), 0, 1)  # (dots, links)
    wide = NOISE * np.array(BAND) / REACH  # half of ±2 sd
    off = 1000 * link_errors(x).error  # (S, links), millimetres
    words: list[tuple[float, ...]] = [(0, 0, 0, 0), (1, 0, 0, 1)]
    words += [(2, 0, at, 2 + k) for k, at in enumerate(height)]
    words += [(3, at, 1.08, 2 + rows + k) for k, at in enumerate((0, 0.5, 1))]
    ends = f"{1000 * REACH:.0f}"
    datasets: dict[str, dict[str, Any]] = {
        "frames": {"place": [0, 1], "x": [0, 0], "y": [0, 0], "x2": [1, 1], "y2": [1, 1]},
        "bones": {name: np.concatenate([faint[name], column]) for name, column in arms.items()},
        "bands": {"x": 0.5 - wide, "x2": 0.5 + wide, "y": height - 0.4 / rows, "y2": height + 0.4 / rows},
        "errors": {"x": places.ravel(), "y": (height + spread[:, None]).ravel()},
        "words": dict(zip(("place", "x", "y", "index"), np.array(words).T, strict=True)),
        "links": {
            "index": 2 + np.arange(rows),
            "error": off.square().mean(0).sqrt(),
            "median": off.abs().median(0).values,
            "noise": 1000 * NOISE * np.array(BAND),
        },
    }
    floats = {
        name: {key: np.asarray(each, np.float32) for key, each in columns.items()} for name, columns in datasets.items()
    }
    names = ["from the side", "from above", *LINKS, f"−{ends}", "0", f"+{ends}"]
    return {"replace": {"arm": floats}, "names": {"arm": names}}


class ArmPicture(Numbers[Pictures]):
    """Draws from p(x) of one run, always with the same random numbers, so that they move only as the model does."""

    always: ClassVar[bool] = True  # the links' error is in the caption

    @classmethod
    def applies(cls, run: Run, pictures: Pictures) -> bool:
        """Whether the data have bones, and the model draws x."""
        del pictures
        return len(run.data.bones) > 0 and hasattr(run.model, "sample")

    def about(self) -> About:
        """Bones for the card."""
        return {"static": {"latent": {"bones": bones_of(self.run.data)}}}

    @torch.no_grad()
    def look(self) -> Picture:
        """The links' root mean square error for the caption; where the chart is in sight, everything on it."""
        x = self.run.model.sample(SAMPLES, torch.Generator().manual_seed(0))  # type: ignore[attr-defined]
        errors = link_errors(x)
        off, bound = 1000 * errors.root_mean_square, 1000 * NOISE * (sum(each**2 for each in BAND) / len(BAND)) ** 0.5
        sentence = (
            f"Links of samples from p(x) miss their lengths by {off:.0f} mm (root mean square), half of them by less than "
            f"{1000 * errors.median:.0f} mm; the sensor's noise alone would give {bound:.0f} and {0.6745 * bound:.0f}."
        )
        picture: Picture = {"facts": {"link_error": off, "sentence": sentence, "summaries": {self.chart: sentence}}}
        return merged(picture, arm_part(x, self.run.data)) if self.chart in self.pictures.watched else picture
