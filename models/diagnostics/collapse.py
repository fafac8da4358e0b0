"""Posterior collapse, measured: KL_k = (1/N) Σ_i KL(q(z_ik) ‖ N(0, 1)); a dimension is collapsed when KL_k < 0.01 nats."""

import torch
from torch import Tensor

from models.core import Batch, Model
from models.families import Normal
from models.variational import Posterior

THRESHOLD = 0.01  # nats per datum


@torch.no_grad()
def kl_per_dimension(model: Model, q: Posterior, batch: Batch, site: str = "z", nu: Tensor | None = None) -> Tensor:
    """Average KL of every latent dimension from its standard normal prior, in nats: (K,); `nu` saves asking q again."""
    family = model.sites[site].family
    if not isinstance(family, Normal):
        raise ValueError(
            f"KL per dimension is known for Normal latents; site {site!r} is {family.label}. Look at its factors instead."
        )
    return family.divergence_from_standard(q.nu(model.sites[site], batch) if nu is None else nu).mean(0)


def active(divergence: Tensor) -> Tensor:
    """Which dimensions carry information: (K,) bool."""
    return divergence >= THRESHOLD
