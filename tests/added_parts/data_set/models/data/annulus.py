"""An annulus in the plane: 300 points at radius 1 with a standard deviation of .1; computed."""

import math

import torch

from elbo_room.models.data.dataset import Dataset
from elbo_room.models.data.remembered import remembered
from elbo_room.models.data.source import Source

ROWS, SPREAD = 300, 0.1


@remembered
def annulus(seed: int = 0) -> Dataset:
    """X (300, 2); the label is the half of the annulus."""
    generator = torch.Generator().manual_seed(seed)
    angle = torch.rand(ROWS, generator=generator) * 2 * math.pi
    radius = 1 + SPREAD * torch.randn(ROWS, generator=generator)
    x = torch.stack([radius * angle.cos(), radius * angle.sin()], 1)
    half = (angle >= math.pi).long()
    return Dataset(x, labels=half, label_names=("upper half", "lower half"), name="annulus", shape=(2,))


SOURCES = (Source("annulus", "Annulus", "300 points around a circle, computed: no mean lies among its data.", annulus),)
