"""Priors on the latent z of every data point."""

from elbo_room.models.latent_priors.autoregressive import AutoregressivePrior
from elbo_room.models.latent_priors.mixture import MixturePrior
from elbo_room.models.latent_priors.prior import LatentPrior
from elbo_room.models.latent_priors.standard_normal import StandardNormalPrior
from elbo_room.models.latent_priors.vamp import VampPrior

LATENT_PRIORS: dict[str, type[LatentPrior]] = {
    part.name: part for part in (StandardNormalPrior, MixturePrior, VampPrior, AutoregressivePrior)
}

__all__ = ["LATENT_PRIORS", "AutoregressivePrior", "LatentPrior", "MixturePrior", "StandardNormalPrior", "VampPrior"]
