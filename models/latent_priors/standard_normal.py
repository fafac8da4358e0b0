"""z ~ N(0, λ_z² I_K). A free decoder's first layer absorbs λ_z: with its weights divided by λ_z, p(x | θ) is the same as at λ_z = 1."""

import math
from typing import ClassVar

import torch
from torch import Tensor, nn

from elbo_room.models.families import Normal
from elbo_room.models.latent_priors.prior import COMPONENTS, LatentPrior


class StandardNormalPrior(LatentPrior):
    """The default; the only one whose KL has a closed form per dimension."""

    closed_form: ClassVar[bool] = True
    name: ClassVar[str] = "normal"
    label: ClassVar[str] = "normal"
    symbol: ClassVar[str] = "N(0, λz^2 I)"
    help: ClassVar[str] = "The same round cloud for all data; the KL has a closed form."

    def __init__(
        self,
        size: int,
        x: Tensor,
        encoder: nn.Module | None,
        generator: torch.Generator,
        components: int = COMPONENTS,
    ) -> None:
        super().__init__()
        del x, encoder, generator, components
        self.size = size
        self.scaled(1.0)

    def scaled(self, scale: float) -> None:
        """Set λ_z."""
        self.scale = scale
        self._nu = torch.tensor([[0.0], [math.log(scale)]])

    @property
    def nu(self) -> Tensor:
        """(0, log λ_z)."""
        return self._nu

    def log_prob(self, z: Tensor) -> Tensor:
        """−½ ‖z‖²/λ_z² − K log λ_z − ½ K log 2π."""
        return Normal().log_prob(z, self.nu.to(z.dtype)).sum(-1)

    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        """λ_z ε."""
        return self.scale * torch.randn(count, self.size, generator=generator)
