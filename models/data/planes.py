"""Classes in the plane, computed: two moons, three spiral arms."""

import math

import torch
from torch import Tensor

from elbo_room.models.data.dataset import Dataset
from elbo_room.models.data.remembered import remembered
from elbo_room.models.data.source import Source

ROWS = 200  # for training; as many are held out


def _plane(name: str, x: Tensor, label: Tensor, names: tuple[str, ...], generator: torch.Generator) -> Dataset:
    """Shuffled, standardised with the training part: x (2N, 2), labels (2N,)."""
    order = torch.randperm(len(x), generator=generator)
    x, label = x[order], label[order]
    x = (x - x[:ROWS].mean(0)) / x[:ROWS].std(0)

    def part(rows: slice, test: Dataset | None = None) -> Dataset:
        y = label[rows].float()
        return Dataset(
            name=name,
            x=x[rows].contiguous(),
            labels=label[rows],
            label_names=names,
            shape=(2,),
            y=y,
            test=test,
            feature_names=("x₁", "x₂"),
        )

    return part(slice(0, ROWS), part(slice(ROWS, None)))


@remembered
def moons(seed: int = 1) -> Dataset:
    """Two interleaving half circles, with noise of .2."""
    generator = torch.Generator().manual_seed(seed)
    label = torch.arange(2 * ROWS) % 2
    angle = torch.rand(2 * ROWS, generator=generator) * math.pi
    upper = torch.stack([angle.cos(), angle.sin()], 1)
    lower = torch.stack([1 - angle.cos(), 0.5 - angle.sin()], 1)
    x = torch.where(label[:, None] == 0, upper, lower) + 0.2 * torch.randn(2 * ROWS, 2, generator=generator)
    return _plane("moons", x, label, ("upper moon", "lower moon"), generator)


@remembered
def spiral(seed: int = 2) -> Dataset:
    """Three arms that wind around each other."""
    generator = torch.Generator().manual_seed(seed)
    label = torch.arange(2 * ROWS) % 3
    radius = torch.rand(2 * ROWS, generator=generator).sqrt()
    noise = 0.18 * torch.randn(2 * ROWS, generator=generator)
    angle = label * 2 * math.pi / 3 + 3.5 * radius + noise
    x = torch.stack([radius * angle.cos(), radius * angle.sin()], 1)
    return _plane("spiral", x, label, ("arm 1", "arm 2", "arm 3"), generator)


SOURCES = tuple(
    Source(load.__name__, label, words, load, symbol, models=("conditional",), kind=kind, axes=axes)
    for load, label, kind, symbol, words, axes in (
        (moons, "Two moons", "binary", "ℝ² → {0,1}", "200 points on two interleaving half circles; computed.", 0),
        (spiral, "Three spiral arms", "classes", "ℝ² → {1,2,3}", "200 points on three arms wound around each other.", 0),
    )
)  # fmt: skip
