"""z ~ Σ_c w_c N(m_c, diag s_c²), C components, w, m and s learned with the decoder (Dilokthanakul et al. 2016)."""

from typing import ClassVar

import torch
from torch import Tensor, nn

from elbo_room.models.latent_priors.prior import COMPONENTS, MixedPrior


class MixturePrior(MixedPrior):
    """Groups of data get separate clouds instead of sharing one; a component can die, as in any mixture."""

    name: ClassVar[str] = "mixture"
    label: ClassVar[str] = "mixture of Gaussians"
    symbol: ClassVar[str] = r"\sum_{c=1}^{C} w_c\, N(m_c, s_c^2)"
    help: ClassVar[str] = "C learned Gaussians: groups may have separate clouds. No closed-form KL."

    def __init__(
        self,
        size: int,
        x: Tensor,
        encoder: nn.Module | None,
        generator: torch.Generator,
        components: int = COMPONENTS,
    ) -> None:
        super().__init__()
        del x, encoder
        self.compared = components * size
        self.logits = nn.Parameter(torch.zeros(components))
        nu = torch.stack([torch.randn(components, size, generator=generator), torch.zeros(components, size)], 1)
        self.table = nn.Parameter(nu)  # (C, 2, K)

    def components(self) -> tuple[Tensor, Tensor]:
        """log softmax of the logits, and ν."""
        return self.logits.log_softmax(0), self.table
