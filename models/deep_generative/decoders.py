"""Maps from z to the response's parameters: a network, or a map that is identifiable by construction."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from elbo_room.models.networks import Architecture, FeedForward
from elbo_room.models.networks.gradient_map import IdentifiableDecoder
from elbo_room.models.networks.picture_decoder import PictureDecoder
from elbo_room.models.settings import rule

Shape = tuple[int, ...]
Build = Callable[[int, int, Architecture, torch.Generator, float, Shape], nn.Module]


@dataclass(frozen=True)
class DecoderKind:
    """A kind of decoder as a part; `build(inputs, outputs, architecture, generator, the data's scale, their shape)` makes it."""

    name: str
    label: str
    symbol: str
    help: str
    build: Build
    uses: tuple[str, ...]  # the network knobs that it uses
    requires: tuple[dict[str, object], ...] = ()
    own_depth: bool = False  # its number of layers does not depend on the number of hidden layers
    ordered: int = 0  # how many axes of a data point must be ordered


def _network(
    inputs: int, outputs: int, kind: Architecture, generator: torch.Generator, scale: float, shape: Shape
) -> nn.Module:
    del scale, shape
    return FeedForward(inputs, outputs, kind, generator)


def _picture(
    inputs: int, outputs: int, kind: Architecture, generator: torch.Generator, scale: float, shape: Shape
) -> nn.Module:
    del scale
    return PictureDecoder(inputs, outputs, shape, kind, generator)


def _identifiable(
    inputs: int, outputs: int, kind: Architecture, generator: torch.Generator, scale: float, shape: Shape
) -> nn.Module:
    del shape
    return IdentifiableDecoder(inputs, outputs, kind.width, kind.depth, generator, scale)


DECODERS: dict[str, DecoderKind] = {
    each.name: each
    for each in (
        DecoderKind("network", "network", "dec(z; θ)", "Any map; it may learn to ignore a dimension of z.", _network,
                    FeedForward.uses),
        DecoderKind(
            "convolution", "convolution", "Θ ∗∗ up(z)", "Small maps that grow into an image: the same windows everywhere.",
            _picture, ("activation", "intercept", "channels"), own_depth=True, ordered=2,
        ),
        DecoderKind(
            "gradient_map", "identifiable (convex)", "∇ψ₂(Q ∇ψ₁(z))",
            "Gradients of input-convex networks: one-to-one for any weights, so the likelihood is never flat in z.", _identifiable,
            ("width", "depth"), own_depth=True,
            requires=(rule("scale_head", "An identifiable decoder outputs means only. Choose one σ for the response.", among=("shared",)),),
        ),
    )
}  # fmt: skip
