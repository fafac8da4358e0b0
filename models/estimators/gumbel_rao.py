"""Rao-Blackwellised straight-through: b + ȳ − ⌊ȳ⌋, ∇ȳ = (1/m) Σ_j ∇_ν softmax((ν + g_j)/τ) over noises g_j ~ p(g | b). Biased.

Given the draw b, straight-through's slope still varies with the noise behind it. Its conditional mean has the same mean and no more
variance. The m noises are a lattice that is shifted by the low digits of ε, which do not depend on b.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from elbo_room.models.estimators.gumbel_softmax import GumbelSoftmax
from elbo_room.models.families import Family

HIGH_DIGITS = 2.0**10  # what is above the low digits that shift the lattice


def lattice(noise: Tensor, count: int) -> Tensor:
    """m points for each coordinate, equally spaced from a random start and in another order for each coordinate: (m, …, K)."""
    size = noise.shape[-1]
    start = torch.frac(noise.detach() * HIGH_DIGITS)
    point = torch.arange(count, dtype=noise.dtype).reshape(-1, *[1] * noise.ndim)  # (m, 1, …)
    golden = 0.6180339887498949
    turn = torch.frac(golden * torch.arange(1, size + 1, dtype=noise.dtype))  # (K,)
    step = (point + torch.floor(count * turn)) * (2 * torch.arange(size, dtype=noise.dtype) + 1) / count
    return torch.frac(start + step)


@dataclass(frozen=True)
class GumbelRao(GumbelSoftmax):
    """Straight-through with the noise behind each draw averaged out (Paulus, Maddison & Krause 2021).

    `temperature` τ in (0, 5], `points` m: the bias is straight-through's whatever m is, so a smaller τ, which has less bias, becomes
    affordable.
    """

    name: ClassVar[str] = "gumbel_rao"
    label: ClassVar[str] = "Rao-Blackwell Gumbel (biased)"
    symbol: ClassVar[str] = r"G_b = ∇_ν f(z_b + ȳ_b − ⌊ȳ_b⌋),\quad ȳ_b = \text{E}[σ(z̃ / τ) ∣ z_b]"
    help: ClassVar[str] = "Straight-through with the noise behind a draw averaged out: less variance, the same bias."
    source: ClassVar[str] = "Paulus, Maddison & Krause 2021"
    points: int = 16

    def value(self, family: Family, noise: Tensor, nu: Tensor) -> Tensor:
        """b + ȳ − ⌊ȳ⌋."""
        hard, still = family.transform(noise, nu.detach()), nu.detach()
        wide = (self.points, *hard.shape)
        z = family.conditional(hard.expand(wide), lattice(noise, self.points), still.expand(self.points, *still.shape))
        live = z + (nu - still).squeeze(-2)  # the noise itself does not move with ν
        soft = family.squash(live, self.temperature).mean(0)
        return hard + (soft - soft.detach())
