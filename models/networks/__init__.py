"""Networks: parameterised functions f(x; θ): (…, P) → (…, D), and the elements they are built from."""

from math import prod

import torch

from elbo_room.models.limits import too_many_weights
from elbo_room.models.networks.activation import ACTIVATIONS, Activation
from elbo_room.models.networks.architecture import Architecture
from elbo_room.models.networks.convolution import Convolution, Convolution2D
from elbo_room.models.networks.feature_attention import ATTENTIONS, FeatureAttention
from elbo_room.models.networks.feed_forward import FeedForward
from elbo_room.models.networks.layered import Layered
from elbo_room.models.networks.norm import NORMS
from elbo_room.models.networks.pooling import POOLINGS
from elbo_room.models.networks.positions import OverPositions
from elbo_room.models.networks.recurrence import CELLS, Recurrence
from elbo_room.models.networks.token_attention import TokenAttention
from elbo_room.models.settings import SettingError

Network = FeedForward | Convolution | Recurrence | TokenAttention
NETWORKS: dict[str, type[Network]] = {
    part.name: part for part in (FeedForward, Convolution, Convolution2D, Recurrence, TokenAttention)
}


def build_network(
    settings: object, input_shape: tuple[int, ...], outputs: int, generator: torch.Generator, *, padded: bool = False
) -> Network:
    """f(x; θ) of the kind named in settings (or an `Architecture`): flat (…, P) → (…, D), P the product of `input_shape`.

    Shapes: (P,) a table's row, (T, C) a sequence of T slices, (H, W) an image. Initial weights come from `generator` alone; the network
    may run under `torch.func.functional_call` and `vmap` over draws of its weights. `padded`: positions at which a data point is 0 are
    past its end, and a network over positions gives the same result as for the data point without them.

    Raises:
        ValueError: a network over positions was requested for data without positions.
        SettingError: feature attention, which has P² weights, would be too large for this machine.
    """
    kind, features = Architecture.of(settings), prod(input_shape)
    if kind.attention != "none" and (reason := too_many_weights(features**2 + features, "Feature attention's")):
        raise SettingError("attention", f"{reason} Choose no attention, or data with fewer features than {features:,}.")
    network = NETWORKS[kind.network].of_shape(tuple(input_shape), outputs, kind, generator)
    network.padded = padded and isinstance(network, OverPositions)
    return network


__all__ = [
    "ACTIVATIONS", "ATTENTIONS", "CELLS", "NETWORKS", "NORMS", "POOLINGS", "Activation", "Architecture", "Convolution",
    "Convolution2D", "FeatureAttention", "FeedForward", "Layered", "Network", "Recurrence", "TokenAttention", "build_network",
]  # fmt: skip
