"""θ_j ~ N(0, λ²): log p(θ) = −Σ_j θ_j²/(2λ²) − W log λ − ½ W log 2π.

The notes' gradient has −λθ (and later θ/N); the derivative of this log density is −θ/λ². The constants count because λ moves.
"""

import math
from collections.abc import Mapping
from typing import Any, Self

import torch
from torch import Tensor, nn

from models.core import Site

HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)


class NormalPrior:
    """N(0, λ²) on every weight; λ is a standard deviation and may change while a run goes on."""

    def __init__(self, scale: float = 1.0) -> None:
        self.scale = scale
        self.shapes: dict[str, tuple[int, ...]] = {}

    def bind(self, network: nn.Module) -> Self:
        """Take up the parameters of this network, by name and shape; returns the prior itself."""
        self.shapes = {name: tuple(parameter.shape) for name, parameter in network.named_parameters()}
        return self

    def update(self, settings: Any) -> None:
        """Take up the live knob λ."""
        self.scale = settings.prior_scale

    @property
    def sites(self) -> Mapping[str, Site]:
        """No latent scales."""
        return {}

    def log_prob(self, weights: Mapping[str, Tensor]) -> Tensor:
        """Log density of all the weights together, in nats, of the leading axes of `weights`."""
        leads = {name: weights[name].shape[: weights[name].ndim - len(shape)] for name, shape in self.shapes.items()}
        flat = torch.cat([weights[name].reshape(*lead, -1) for name, lead in leads.items()], -1)  # (…, W)
        return -0.5 * flat.square().sum(-1) / self.scale**2 - flat.shape[-1] * (math.log(self.scale) + HALF_LOG_2PI)

    @torch.no_grad()
    def density(self, value: Tensor, name: str) -> Tensor:
        """The density of one weight of a parameter at each value (G,): the same for all."""
        del name
        return (-0.5 * (value / self.scale).square() - HALF_LOG_2PI).exp() / self.scale
