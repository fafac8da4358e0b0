"""Priors on the weights of a network. To add one: write its file and add its class to this tuple."""

from typing import Any

from elbo_room.models.priors.ard import ArdEvidencePrior, ArdPrior
from elbo_room.models.priors.evidence import EvidencePrior
from elbo_room.models.priors.fan_in import FanInPrior
from elbo_room.models.priors.horseshoe import HorseshoePrior
from elbo_room.models.priors.hyper import HyperPrior
from elbo_room.models.priors.laplace import LaplacePrior
from elbo_room.models.priors.layers import LayerPrior
from elbo_room.models.priors.normal import NormalPrior
from elbo_room.models.priors.prior import Prior
from elbo_room.models.priors.spike_slab import SpikeSlabPrior
from elbo_room.models.priors.student_t import StudentTPrior
from elbo_room.models.settings import SettingError

PRIORS: dict[str, type[Prior]] = {
    part.name: part
    for part in (
        NormalPrior,
        LayerPrior,
        FanInPrior,
        LaplacePrior,
        StudentTPrior,
        SpikeSlabPrior,
        HorseshoePrior,
        HyperPrior,
        EvidencePrior,
        ArdPrior,
        ArdEvidencePrior,
    )
}


def make_prior(settings: Any, *, point_mass: bool) -> Prior:
    """The chosen prior with its knobs, for the model to bind to its network.

    Raises:
        SettingError: the weights are a point mass, and the joint maximum with this prior is degenerate.
    """
    part = PRIORS[settings.prior]
    if point_mass and part.point_mass:
        raise SettingError("prior", f"Prior: {part.label} does not apply. {part.point_mass}")
    prior = part(settings.prior_scale)
    prior.update(settings)
    return prior


__all__ = ["PRIORS", "NormalPrior", "Prior", "make_prior"]
