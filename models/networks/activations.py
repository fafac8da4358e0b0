"""Numbers that a network's layers hold for one data point: Σ over linear maps of (inputs + outputs) × positions, and attention maps."""

from math import prod

from torch import nn

from elbo_room.models.networks.positions import OverPositions
from elbo_room.models.networks.token_attention import TokenAttention


def activations(network: object) -> int:
    """That sum for any module: a network over T positions applies its layers at each, but its output and feature attention once.

    A map of token attention has heads · T² numbers. The sum is 0 for what is no module.
    """
    if not isinstance(network, nn.Module):
        return 0
    found = 0
    for name, part in network.named_modules():
        if isinstance(part, nn.Linear):
            found += (part.in_features + part.out_features) * _positions(network, name)
        if isinstance(part, TokenAttention):
            found += len(part.hidden) * part.heads * prod(part.slices[:-1]) ** 2
    return found


def _positions(network: nn.Module, name: str) -> int:
    """At how many positions the map of this name is applied."""
    path = name.split(".")
    for depth, child in enumerate(path):
        owner = network.get_submodule(".".join(path[:depth]))
        if isinstance(owner, OverPositions):
            return 1 if child in ("out", "attention") else prod(owner.slices[:-1])
    return 1
