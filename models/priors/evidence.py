"""Evidence maximisation (MacKay 1992): θ_j ~ N(0, λ²) with λ = argmax log p(data | λ), here of its bound, the ELBO.

λ is a parameter trained together with q. At fixed q its optimum is λ² = Σ_j E_q θ_j²/W; with an exact q the ELBO is the evidence.
"""

import math
from collections.abc import Mapping
from typing import Self

import torch
from torch import Tensor, nn

from elbo_room.models.priors.hyper import NO_POINT_MASS
from elbo_room.models.priors.prior import Prior


class EvidencePrior(Prior):
    """One learned λ for all weights; the knob λ is its initial value."""

    name = "evidence"
    label = "Gaussian, λ by evidence"
    symbol = "N(0, λ̂²)"
    help = "λ is trained with q to raise the ELBO, a bound on the evidence; no hyper-prior."
    point_mass = NO_POINT_MASS

    def bind(self, network: nn.Module) -> Self:
        """Make log λ a parameter."""
        self.log_scale = nn.Parameter(torch.tensor([math.log(self.scale)]))
        return super().bind(network)

    @torch.no_grad()
    def moved(self) -> None:
        """λ̂ = λ."""
        self.log_scale.fill_(math.log(self.scale))

    def scales(self, name: str, latents: Mapping[str, Tensor]) -> Tensor:
        """λ̂."""
        del name, latents
        return self.log_scale.exp()
