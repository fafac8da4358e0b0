"""Flipout: W_i = W̄ + (s ∘ ε) ∘ r_i c_iᵀ, one shared ε and each datum's own random signs r_i of the inputs, c_i of the outputs.

The signs leave the law of W_i alone, since ε is symmetric, and make data uncorrelated in all that is odd in ε: the path gradient of a mean
where log p is quadratic, say. What is even in ε, as in the gradient of log s, is still shared.
"""

from dataclasses import dataclass
from typing import ClassVar

from elbo_room.models.conditional.bayesian_layers import FlipoutPerturbation, Perturb
from elbo_room.models.estimators.local_reparameterization import LocalReparameterization


@dataclass(frozen=True)
class Flipout(LocalReparameterization):
    """Unbiased; between one shared draw and local reparameterisation, and it needs no law of the sums (Wen et al. 2018)."""

    name: ClassVar[str] = "flipout"
    label: ClassVar[str] = "Flipout"
    symbol: ClassVar[str] = "W̄ + sε ∘ rcᵀ"
    help: ClassVar[str] = (
        "One draw of the weights, and random signs for each data point: the data's noises hardly know of each other."
    )
    source: ClassVar[str] = "Wen, Vicol, Ba, Tran & Grosse 2018"
    perturb: ClassVar[Perturb] = FlipoutPerturbation()
