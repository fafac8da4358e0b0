"""Flipout: W_i = W̄ + (s ∘ ε) ∘ r_i c_iᵀ, one shared ε and random signs for each data point, r_i of the inputs and c_i of the outputs.

The signs do not change the distribution of W_i, since ε is symmetric, and decorrelate data points in all that is odd in ε: the path
gradient of a mean where log p is quadratic, for example. What is even in ε, as in the gradient of log s, is still shared.
"""

from dataclasses import dataclass
from typing import ClassVar

from elbo_room.models.conditional.bayesian_layers import FlipoutPerturbation, Perturb
from elbo_room.models.estimators.local_reparameterization import LocalReparameterization


@dataclass(frozen=True)
class Flipout(LocalReparameterization):
    """Unbiased; between one shared draw and local reparameterisation, and it works without the sums' distribution (Wen et al. 2018)."""

    name: ClassVar[str] = "flipout"
    label: ClassVar[str] = "Flipout"
    symbol: ClassVar[str] = r"W_i = W̄ + (s ∘ ε) ∘ r_i c_i^{\top}"
    help: ClassVar[str] = (
        "One draw of the weights, and random signs for each data point: the noise of different points is almost uncorrelated."
    )
    source: ClassVar[str] = "Wen, Vicol, Ba, Tran & Grosse 2018"
    perturb: ClassVar[Perturb] = FlipoutPerturbation()
