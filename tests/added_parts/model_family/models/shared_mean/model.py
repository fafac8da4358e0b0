"""z ~ N(0, I), x_n | z ~ N(z, I): the posterior is N(Σ x_n/(N + 1), I/(N + 1))."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from elbo_room.models.core import Batch, Factor, Site
from elbo_room.models.data import Dataset
from elbo_room.models.families import Normal
from elbo_room.models.variational import Global, Posterior

if TYPE_CHECKING:
    from elbo_room.models.shared_mean.settings import Settings


class SharedMean:
    """One global latent variable of D coordinates."""

    def __init__(self, size: int) -> None:
        self.sites: Mapping[str, Site] = {"z": Site("z", "global", (size,), Normal())}
        self.standard = torch.zeros(2, size)

    def factors(self, batch: Batch, latents: Mapping[str, Tensor]) -> list[Factor]:
        """Log p(z), (R, B), and log p(x | z), (R, B, M)."""
        z, family = latents["z"], Normal()  # (R, B, D)
        nu = torch.stack([z, torch.zeros_like(z)], -2).unsqueeze(-3)  # (R, B, 1, 2, D)
        return [
            Factor("log p(z)", family.log_prob(z, self.standard).sum(-1), frozenset({"z"})),
            Factor("log p(x | z)", family.log_prob(batch.x, nu).sum(-1), frozenset({"z"})),
        ]


def build(settings: "Settings", data: Dataset, generator: torch.Generator) -> tuple[SharedMean, Posterior]:
    """The model of these data, and a Gaussian q of its mean."""
    del settings, generator
    model = SharedMean(data.x.shape[1])
    return model, Posterior({"z": Global(model.sites["z"])})
