"""ReinMax: b + y − ⌊y⌋, y = 2 π₁ − ½ π₀ with π₀ = mean(ν) and π₁ the mean at logits ⌊η₁ − ν⌋ + ν, where π₁ = ½ (π_τ + b). Biased.

E f(b) is a sum of differences f(s) − f(s'); Heun's method takes each from the slopes at both ends, ½ (f'(s) + f'(s')), where
straight-through takes one. It is exact where f is quadratic in each unit.
"""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from elbo_room.models.estimators.gumbel_softmax import GumbelSoftmax
from elbo_room.models.families import Family


@dataclass(frozen=True)
class ReinMax(GumbelSoftmax):
    """Straight-through of second order, without second derivatives: true draws for the model (Liu, Dong, Gao & Zhou 2023).

    `temperature` τ in (0, 5]: 1 is Heun's method itself, and the paper's choice is 1 or above. For a binary unit the slope f'(b) is
    weighted by (1 − p)/2 where b = 1 and by p/2 where b = 0.
    """

    name: ClassVar[str] = "reinmax"
    label: ClassVar[str] = "ReinMax (biased)"
    symbol: ClassVar[str] = r"G_b = ∇_ν f(z_b + y_b − ⌊y_b⌋),\quad y = 2π_1 − \tfrac12 π_0"
    help: ClassVar[str] = "Straight-through of second order: exact for a quadratic f, biased for others."
    source: ClassVar[str] = "Liu, Dong, Gao & Zhou 2023"
    temperature: float = 1.0

    def value(self, family: Family, noise: Tensor, nu: Tensor) -> Tensor:
        """b + y − ⌊y⌋."""
        hard, still = family.transform(noise, nu.detach()), nu.detach()
        middle = 0.5 * (family.squash(still.squeeze(-2), self.temperature) + hard)  # π₁
        apart = (family.natural(middle) - still.squeeze(-2)).unsqueeze(-2)
        soft = 2 * family.mean(apart + nu) - 0.5 * family.mean(nu)
        return hard + (soft - soft.detach())
