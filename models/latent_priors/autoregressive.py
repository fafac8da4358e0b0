"""p(z; ψ) = Π_k Σ_c w_kc N(z_k; m_kc, s_kc²), where w, m and s are functions of z₁ … z_{k−1}.

A ring, as produced by a joint that turns full circle, is not a mixture of a few round clouds; but given z₁, z₂ has one of two values.
One network computes all conditionals at once: its weights are masked so that the outputs for z_k see earlier dimensions only (MADE,
Germain et al. 2015; mixtures as conditionals, Uria, Murray & Larochelle 2013; as the prior of z, Chen et al. 2017).
"""

import math
from itertools import pairwise
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import linear as affine

from elbo_room.models.families.states import draw_states
from elbo_room.models.latent_priors.prior import COMPONENTS, LatentPrior
from elbo_room.models.networks.linear import linear

WIDTH, HIDDEN = 256, 2  # units of each hidden layer of the network, and layers
SPREAD, SCALE = (
    1.5,
    math.log(0.5),
)  # at first every conditional is C Gaussians of sd ½ between ±1.5, which is nearly N(0, 1)


class MaskedLinear(nn.Module):
    """x ↦ (Θ ∘ mask) x + α, mask (outputs, inputs): an output sees the inputs where its row is 1."""

    def __init__(self, mask: Tensor, generator: torch.Generator) -> None:
        super().__init__()
        self.mask: Tensor
        self.register_buffer("mask", mask)
        self.map = linear(*mask.T.shape, bias=True, gain=1.0, generator=generator)

    def forward(self, x: Tensor) -> Tensor:
        """(…, inputs) → (…, outputs)."""
        return affine(x, self.map.weight * self.mask, self.map.bias)


class AutoregressivePrior(LatentPrior):
    """Follows q through bends, rings and gaps; a draw needs K passes, one per dimension."""

    mixed: ClassVar[bool] = True
    name: ClassVar[str] = "autoregressive"
    label: ClassVar[str] = "autoregressive mixture"
    symbol: ClassVar[str] = "Π Σ w N(z_k | z_<k)"
    help: ClassVar[str] = (
        "Each dimension is a mixture of C Gaussians given the previous ones: it can follow rings and gaps."
    )

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
        self.layout = (size, 3, components)  # w (logits), m and log s of every dimension
        self.compared = size * 3 * components
        dimension = torch.arange(size)
        seen = torch.arange(WIDTH) % max(size - 1, 1)  # the last dimension that a hidden unit sees
        outputs = dimension.repeat_interleave(3 * components)
        degrees = [dimension, *[seen] * HIDDEN]
        hidden = [
            layer
            for before, after in pairwise(degrees)
            for layer in (MaskedLinear((after[:, None] >= before).float(), generator), nn.SiLU())
        ]
        last = MaskedLinear((outputs[:, None] > seen).float(), generator)
        self.network = nn.Sequential(*hidden, last)
        with torch.no_grad():
            last.map.weight.mul_(0.1)
            bias = last.map.bias.view(self.layout)
            bias[:, 1] = SPREAD * torch.linspace(-1, 1, components) if components > 1 else 0.0
            bias[:, 2] = SCALE if components > 1 else 0.0

    def conditionals(self, z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """log w, m and log s of every dimension given those before it: z (…, K) → three of (…, K, C)."""
        logits, mean, log_scale = self.network(z).unflatten(-1, self.layout).unbind(-2)
        return logits.log_softmax(-1), mean, log_scale

    def log_prob(self, z: Tensor) -> Tensor:
        """Σ_k log Σ_c w_kc N(z_k; m_kc, s_kc²)."""
        log_weight, mean, log_scale = self.conditionals(z)
        distance = (z.unsqueeze(-1) - mean) * (-log_scale).exp()
        each = log_weight - log_scale - 0.5 * distance.square()  # (…, K, C)
        return each.logsumexp(-1).sum(-1) - 0.5 * math.log(2 * math.pi) * z.shape[-1]

    @torch.no_grad()
    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        """Ancestral: z₁, then z₂ given z₁, and so on."""
        z = torch.zeros(count, self.layout[0])
        for k in range(self.layout[0]):
            log_weight, mean, log_scale = (each[:, k] for each in self.conditionals(z))  # (count, C)
            chosen, fine = draw_states(log_weight.exp(), 1, generator)
            noise = torch.randn(count, 1, generator=generator)
            drawn = mean.gather(1, chosen) + log_scale.gather(1, chosen).exp() * noise
            z[:, k] = torch.where(fine, drawn, math.nan)[:, 0]
        return z
