"""q over all the weights of a network, one ν for all data: a point (MAP), independent Normals, or a Normal with correlations."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from elbo_room.models.core import Site
from elbo_room.models.families import Family, FullRank, LowRank, Normal, PointMass
from elbo_room.models.settings import rule
from elbo_room.models.variational.global_table import Global

FIRST_LOG_SCALE = -3.0  # narrow: with wide draws a network's output is only noise, and it would not start to learn
RANK = 4
PATHS = ("reparameterization", "path_only", "analytic_entropy")


@dataclass(frozen=True)
class WeightPosterior:
    """A q(w; ν) as a part, for at most `most` weights."""

    name: str
    label: str
    symbol: str
    help: str
    family: Callable[[int], Family]
    most: int = 1_000_000
    requires: tuple[dict[str, object], ...] = ()

    @property
    def drawn(self) -> bool:
        """Whether its weights are random: those of a point mass are not."""
        return self.family(1).scored

    def start(self, site: Site, weights: Tensor, generator: torch.Generator) -> Global:
        """Centred on the network's initial weights (P,), narrow, and with small initial covariances."""
        first = 0.01 * torch.randn(site.family.n_params, *site.shape, generator=generator)
        first[0] = weights
        first[1:2] = FIRST_LOG_SCALE
        return Global(site, first)


WEIGHT_POSTERIORS: dict[str, WeightPosterior] = {
    each.name: each
    for each in (
        WeightPosterior("mean_field", "independent Normals", r"\prod_j N(θ_j;\,μ_j, s_j^2)", "Every weight has its own mean and scale.",
                        lambda size: Normal()),  # noqa: ARG005
        WeightPosterior("point", "point mass (MAP)", "δ(μ)", "One value per weight: maximum a posteriori, no uncertainty.",
                        lambda size: PointMass(),  # noqa: ARG005
                        requires=(rule("estimator", "A point mass has no score. Choose reparameterisation.", among=PATHS),)),
        WeightPosterior("full_rank", "full-rank Normal", "N(μ, L Lᵀ)", "All correlations of the weights; parameters grow as P².",
                        FullRank, 256),
        WeightPosterior("low_rank", "low-rank Normal", r"N(μ, \text{diag}\,s² + WᵀW)",
                        "Four directions in which the weights vary together.",
                        lambda size: LowRank(RANK), 20_000),  # noqa: ARG005
    )
}  # fmt: skip
DECODER_POSTERIORS: dict[str, WeightPosterior] = {
    name: replace(WEIGHT_POSTERIORS[name], requires=()) for name in ("point", "mean_field", "low_rank", "full_rank")
}
