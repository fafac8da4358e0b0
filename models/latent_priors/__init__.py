"""Priors on the latent z of every datum."""

from models.latent_priors.autoregressive import AutoregressivePrior
from models.latent_priors.mixture import MixturePrior
from models.latent_priors.prior import LatentPrior
from models.latent_priors.standard_normal import StandardNormalPrior
from models.latent_priors.vamp import VampPrior

LATENT_PRIORS: dict[str, type[LatentPrior]] = {
    part.name: part for part in (StandardNormalPrior, MixturePrior, VampPrior, AutoregressivePrior)
}

__all__ = ["LATENT_PRIORS", "AutoregressivePrior", "LatentPrior", "MixturePrior", "StandardNormalPrior", "VampPrior"]
