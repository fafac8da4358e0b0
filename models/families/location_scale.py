"""ν = (μ, ρ): a location and a scale s = exp ρ, or s = floor + softplus ρ if learned in a response.

A response needs the floor: with a free scale the likelihood is unbounded as s → 0 at a data point.
"""

from dataclasses import dataclass, replace
from typing import ClassVar, Literal, Self

import torch
from torch import Tensor
from torch.nn.functional import softplus

from elbo_room.models.families.family import Family

NARROW = -40.0  # below this log(1 + e^ρ) is e^ρ to the last bit


@dataclass(frozen=True)
class LocationScale(Family):
    """The common part of Normal and Student-t."""

    n_params: ClassVar[int] = 2
    discrete: ClassVar[bool] = False
    scaled: ClassVar[bool] = True
    location_scale: ClassVar[bool] = True
    parameter_symbols: ClassVar[tuple[str, ...]] = ("μ", "log s")
    scale_link: Literal["exp", "softplus"] = "exp"
    floor: float = 0.0

    @property
    def log_scaled(self) -> bool:
        """Whether s = exp ρ."""
        return self.scale_link == "exp" and not self.floor

    def floored(self, floor: float) -> Self:
        """s = floor + softplus ρ."""
        return replace(self, scale_link="softplus", floor=floor)

    def scale(self, raw: Tensor) -> Tensor:
        """The scale s of the raw parameter ρ."""
        scale = raw.exp() if self.scale_link == "exp" else softplus(raw)
        return self.floor + scale if self.floor else scale

    def log_scale(self, raw: Tensor) -> Tensor:
        """log s: ρ itself where s = e^ρ, and where s = log(1 + e^ρ) has become e^ρ; finite, with its derivative, where s underflows."""
        if self.floor:
            return self.scale(raw).log()
        if self.scale_link == "exp":
            return raw
        return torch.where(raw < NARROW, raw, softplus(raw.clamp_min(NARROW)).log())

    def mean(self, nu: Tensor) -> Tensor:
        """μ."""
        return nu[..., 0, :]
