"""z ~ N(0, I_K). Another scale would be absorbed by a free decoder's first layer, so it is fixed at 1."""

from typing import ClassVar

import torch
from torch import Tensor, nn

from elbo_room.models.families import Normal
from elbo_room.models.latent_priors.prior import COMPONENTS, LatentPrior


class StandardNormalPrior(LatentPrior):
    """The default; the only one whose KL has a closed form per dimension."""

    closed_form: ClassVar[bool] = True
    name: ClassVar[str] = "normal"
    label: ClassVar[str] = "standard normal"
    symbol: ClassVar[str] = "N(0, I)"
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

    @property
    def nu(self) -> Tensor:
        """(0, log 1)."""
        return torch.zeros(2, 1)

    def log_prob(self, z: Tensor) -> Tensor:
        """−½ ‖z‖² − ½ K log 2π."""
        return Normal().log_prob(z, self.nu.to(z.dtype)).sum(-1)

    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        """ε."""
        return torch.randn(count, self.size, generator=generator)
