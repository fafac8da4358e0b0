"""Full Taylor control variate: G_b = path_b − (g̃_b − E g̃) with the whole Hessian H of log p at q's mean, not its diagonal alone.

With δ = s ε: g̃_μ = g₀ + H δ, g̃_{log s} = (g₀ + H δ) δ, E g̃ = (g₀, diag(H) s²), so that g̃ − E g̃ = (H δ, g₀ δ + (H δ) δ − diag(H) s²).
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from elbo_room.models.estimators.estimator import Context, Draw
from elbo_room.models.estimators.quadratic_miller import QuadraticMiller, whole_hessian


@dataclass(frozen=True)
class QuadraticMillerFull(QuadraticMiller):
    """For a posterior with correlations, where the diagonal explains little: K Hessian-vector products, K² numbers (Miller et al. 2017).

    A quadratic log p leaves no noise at all, whatever its correlations.
    """

    name: ClassVar[str] = "quadratic_miller_full"
    label: ClassVar[str] = "path − Taylor's, full Hessian"
    symbol: ClassVar[str] = r"G_b = g_b − (g̃_b − \lit{variational posterior}{\text{E}_q}\, g̃),\quad g̃ = g_0 + H δ"
    help: ClassVar[str] = (
        "Subtracts the noise of a quadratic expansion with all its correlations; the Hessian is K by K."
    )

    def numbers(self, size: int) -> int:
        """The Hessian, and the rows that it is put together from."""
        return 2 * size**2

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        """H(q) − ⌊g̃ − E g̃⌋ · ν."""
        nu = draw.nu.detach()
        mean, raw = nu.unbind(-2)
        variance = torch.exp(2 * raw)  # (R, B, M, K)
        noise = draw.value.detach() - mean
        slope, hessian = whole_hessian(nu[:, :1] if context.alone else nu, context)  # (R, B or 1, M, K [, K])
        along = (hessian @ noise.unsqueeze(-1)).squeeze(-1)  # H δ
        diagonal = hessian.diagonal(dim1=-2, dim2=-1)
        extra = torch.stack([along, slope * noise + along * noise - diagonal * variance], -2)
        return draw.family.entropy(draw.nu).sum(-1) - draw.linear(extra)
