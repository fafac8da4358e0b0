"""p(z; ψ): the protocol of a prior on a data point's z; ψ is learned together with the decoder."""

import math
from typing import ClassVar

import torch
from torch import Tensor, nn

from elbo_room.models.families import Normal
from elbo_room.models.families.states import draw_states

COMPONENTS = 10  # C of a mixture, unless settings say otherwise


class LatentPrior(nn.Module):
    """One prior on z. A subclass is listed in `elbo_room.models.latent_priors.LATENT_PRIORS` and nowhere else.

    Args of every constructor: `size` K, `x` (N, D) the data, `encoder` q's amortised factor (or None), the run's `generator`,
    `components` C, used by mixtures only.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    symbol: ClassVar[str]
    help: ClassVar[str]
    requires: ClassVar[tuple[dict[str, object], ...]] = ()
    closed_form: ClassVar[bool] = False  # whether the KL from a Gaussian q has one
    mixed: ClassVar[bool] = False  # whether it has C components
    encodes: ClassVar[bool] = False  # whether it asks q's encoder
    compared: int = 0  # numbers that one z is compared with: C·K for a mixture

    scale: float = 1.0  # the z that a picture expects are within a few of these

    def scaled(self, scale: float) -> None:
        """Set the standard deviation λ_z of z under a plain Normal prior; a learned one has no such knob."""

    @property
    def nu(self) -> Tensor | None:
        """ν₀ (2, K or 1) if the prior is Π_k N(z_k; ν₀), so that the KL has a closed form; else None."""
        return None

    def log_prob(self, z: Tensor) -> Tensor:
        """Log density in nats: (…, K) → (…)."""
        raise NotImplementedError

    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        """Draws: (count, K)."""
        raise NotImplementedError


class MixedPrior(LatentPrior):
    """Σ_c w_c N(z; ν_c): a mixture of C Gaussians, wherever its components come from."""

    mixed: ClassVar[bool] = True

    def components(self) -> tuple[Tensor, Tensor]:
        """log w (C,) and ν (C, 2, K)."""
        raise NotImplementedError

    def log_prob(self, z: Tensor) -> Tensor:
        """log Σ_c exp(log w_c + Σ_k log N(z_k; ν_ck))."""
        log_weight, nu = self.components()
        each = Normal().log_prob(z.unsqueeze(-2), nu).sum(-1)  # (…, C)
        return (each + log_weight).logsumexp(-1)

    @torch.no_grad()
    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        """Draw a component each, then a value from it."""
        log_weight, nu = self.components()
        chosen, fine = draw_states(log_weight.exp(), count, generator, replacement=True)
        noise = torch.randn(count, nu.shape[-1], generator=generator, dtype=nu.dtype)
        return torch.where(fine, Normal().transform(noise, nu[chosen]), math.nan)
