"""g(u) = c u + ∇ψ(u), ψ input-convex: h₁ = s(W₁u + b₁), h_ℓ = s(P_ℓ h_{ℓ−1} + W_ℓ u + b_ℓ), ψ = p·h_L, P_ℓ and p > 0, s = softplus.

ψ is convex (Amos, Xu & Kolter 2017), so the Jacobian c I + ∇²ψ is symmetric and at least c: g is one-to-one and onto, a Brenier map
(Wang, Blei & Cunningham 2021). ∇ψ is written out explicitly, backwards from p, so training needs no autograd pass inside another.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from elbo_room.models.networks.linear import linear

SLOPE = 1.0  # c of either map


class GradientMap(nn.Module):
    """(…, S) → (…, S), strictly monotone: (u − v)·(g(u) − g(v)) ≥ c ‖u − v‖²."""

    def __init__(self, size: int, width: int, depth: int, generator: torch.Generator, slope: float) -> None:
        super().__init__()
        self.slope = slope
        self.small = math.log(math.expm1(4 / width))  # its softplus is 4/width: initial slopes of order one
        self.direct = nn.ModuleList(
            linear(size, width, bias=True, gain=1.0, generator=generator) for _ in range(max(depth, 1))
        )
        self.across = nn.ParameterList(nn.Parameter(torch.zeros(width, width)) for _ in self.direct[1:])
        self.out = nn.Parameter(torch.zeros(width))

    def positive(self, raw: Tensor) -> Tensor:
        """softplus(raw + small): 4/width where raw is 0, which is also where a prior N(0, λ²) on raw has its peak."""
        return softplus(raw + self.small)

    def forward(self, u: Tensor) -> Tensor:
        """c u + ∇ψ(u)."""
        before = self.direct[0](u)
        steep = [before.sigmoid()]  # s'(a_ℓ) = logistic(a_ℓ)
        for layer, raw in zip(self.direct[1:], self.across, strict=True):
            before = layer(u) + softplus(before) @ self.positive(raw).T
            steep.append(before.sigmoid())
        back = self.positive(self.out) * steep[-1]  # ∂ψ/∂a_L, (…, width)
        found = self.slope * u + back @ self.direct[-1].weight
        for depth in range(len(self.across) - 1, -1, -1):
            back = (back @ self.positive(self.across[depth])) * steep[depth]
            found = found + back @ self.direct[depth].weight
        return found


class IdentifiableDecoder(nn.Module):
    """f(z) = σ̂ g₂(Q g₁(z)) + α, g₁ and g₂ gradient maps, Q (D, K) with orthonormal columns, σ̂ the data's scale: injective.

    Its likelihood is never flat in z, whatever the weights, so every z is identifiable (Wang, Blei & Cunningham 2021). The paper's β is I
    with zeros below; a learned Q gives the same guarantee, and the slopes c keep f from becoming flat in the limit.
    """

    def __init__(
        self, inputs: int, outputs: int, width: int, depth: int, generator: torch.Generator, scale: float = 1.0
    ) -> None:
        super().__init__()
        if inputs > outputs:
            raise ValueError(
                f"The latent size was {inputs} with {outputs} outputs; an identifiable decoder needs at least as many outputs. "
                "Choose a smaller latent size, or the plain network."
            )
        self.scale = scale
        self.first = GradientMap(inputs, width, depth, generator, SLOPE)
        self.frame = nn.Parameter(torch.randn(outputs, inputs, generator=generator))
        self.second = GradientMap(outputs, width, depth, generator, SLOPE)
        self.intercept = nn.Parameter(torch.zeros(outputs))

    def forward(self, z: Tensor) -> Tensor:
        """(…, K) → (…, D)."""
        basis = torch.linalg.qr(self.frame).Q  # (D, K)
        return self.scale * self.second(self.first(z) @ basis.T) + self.intercept
