"""Plain MAP of a classifier: argmax_θ Σ_i log p(y_i | softmax(f(x_i; θ))) + log N(θ; 0, λ²), by Adam with a falling step."""

import math

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from elbo_room.models.networks import Architecture, Network, build_network


def fit(
    x: Tensor, y: Tensor, shape: tuple[int, ...], architecture: Architecture, *,
    scale: float, steps: int, step_size: float, seed: int, batch: int = 128, padded: bool = False,
) -> Network:  # fmt: skip
    """The network at its MAP; `scale` is λ. The step falls to zero along a cosine (Loshchilov and Hutter 2017)."""
    generator = torch.Generator().manual_seed(seed)
    network = build_network(architecture, shape, int(y.max()) + 1, generator, padded=padded)
    optimizer = torch.optim.Adam(network.parameters(), step_size)
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = step_size * (1 + math.cos(math.pi * step / steps)) / 2
        rows = torch.randint(len(x), (batch,), generator=generator)
        weights = torch.cat([p.reshape(-1) for p in network.parameters()])
        prior = -0.5 * weights.square().sum() / scale**2
        loss = cross_entropy(network(x[rows]), y[rows]) - prior / len(x)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return network


@torch.no_grad()
def right(network: Network, x: Tensor, y: Tensor) -> int:
    """The number of correct classes."""
    return int((network(x).argmax(-1) == y).sum())
