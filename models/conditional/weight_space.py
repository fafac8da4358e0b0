"""net(x; w) with w one flat vector: the P numbers of all parameters, in `named_parameters` order, under many draws of w at once."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import prod

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap


@contextmanager
def replaced(network: nn.Module, weights: Mapping[str, Tensor]) -> Iterator[nn.Module]:
    """The network with other numbers in its parameters, within the block."""
    own = {name: parameter.data for name, parameter in network.named_parameters()}
    try:
        for name, parameter in network.named_parameters():
            parameter.data = weights[name]
        yield network
    finally:
        for name, parameter in network.named_parameters():
            parameter.data = own[name]


class WeightSpace:
    """A network with external weights: it keeps the architecture and the names, not the numbers.

    Not an `nn.Module`, so invisible to the optimiser: the weights belong to q.
    """

    def __init__(self, network: nn.Module) -> None:
        self.network = network.requires_grad_(requires_grad=False)
        self.shapes = {name: tuple(weight.shape) for name, weight in network.named_parameters()}
        self.sizes = [prod(shape) for shape in self.shapes.values()]

    @property
    def size(self) -> int:
        """P."""
        return sum(self.sizes)

    def first(self) -> Tensor:
        """The network's initial weights: (P,)."""
        return torch.cat([weight.detach().reshape(-1) for weight in self.network.parameters()])

    def named(self, w: Tensor) -> Mapping[str, Tensor]:
        """The parameters by name: w (…, P) → each (…, *its shape)."""
        parts = w.split(self.sizes, -1)
        return {
            name: part.reshape(*w.shape[:-1], *shape)
            for (name, shape), part in zip(self.shapes.items(), parts, strict=True)
        }

    def __call__(self, x: Tensor, w: Tensor) -> Tensor:
        """net(x; w) of M rows under every draw: x (M, …) and w (…, P) → (…, M, outputs)."""
        flat = w.reshape(-1, w.shape[-1])

        def one(weights: Mapping[str, Tensor]) -> Tensor:
            out: Tensor = functional_call(self.network, dict(weights), (x,))
            return out

        out = vmap(one)(self.named(flat))  # (R·B, M, outputs)
        return out.reshape(*w.shape[:-1], *out.shape[1:])
