"""A pinwheel in the plane: five bent Gaussian arms, after Johnson et al. 2016; small enough to see everything."""

import math

import torch

from elbo_room.models.data.dataset import Dataset
from elbo_room.models.data.remembered import remembered
from elbo_room.models.data.source import Source

ARMS, PER_ARM, RADIAL, TANGENTIAL, RATE = 5, 100, 0.3, 0.05, 0.25


@remembered
def pinwheel(seed: int = 0) -> Dataset:
    """x (500, 2), centred and scaled to unit standard deviation; the label is the arm."""
    generator = torch.Generator().manual_seed(seed)
    arm = torch.arange(ARMS).repeat_interleave(PER_ARM)  # (N,)
    noise = torch.randn(len(arm), 2, generator=generator) * torch.tensor([RADIAL, TANGENTIAL]) + torch.tensor(
        [1.0, 0.0]
    )  # (N, 2)
    angle = arm * 2 * math.pi / ARMS + RATE * torch.exp(noise[:, 0])  # (N,)
    turn = torch.stack([torch.stack([angle.cos(), -angle.sin()]), torch.stack([angle.sin(), angle.cos()])])  # (2, 2, N)
    x = torch.einsum("ijn,nj->ni", turn, noise)
    x = (x - x.mean(0)) / x.std()
    return Dataset(
        name="pinwheel",
        x=x.contiguous(),
        labels=arm,
        label_names=tuple(f"arm {number}" for number in range(1, ARMS + 1)),
        shape=(2,),
    )


SOURCES = (
    Source("pinwheel", "Pinwheel 2-D", "500 points on five bent arms, computed; 2 features, so everything is visible.", pinwheel,
           models=("deep_generative", "deep_exponential_family")),
)  # fmt: skip
