"""Gumbel-softmax (binary: concrete): b ≈ y = logistic(z/τ), z = a + logistic noise, and G_b = ∇_y f(y) ∇_a y. Biased.

f = log p − log q is the mass function's formula evaluated between 0 and 1, with ⌊ν⌋ in q; it is not the ELBO of the relaxed variable.
"""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from elbo_room.models.estimators.estimator import Context, Draw, Estimator
from elbo_room.models.families import Family


@dataclass(frozen=True)
class GumbelSoftmax(Estimator):
    """The model sees relaxed values: low variance, and a bias that τ trades for it (Jang, Gu & Poole 2017; Maddison, Mnih & Teh 2017).

    `temperature` τ in (0, 5]. Traps: decoder and reported ELBO see y too, which is neither 0 nor 1; do not add a KL between relaxed and
    discrete.
    """

    name: ClassVar[str] = "gumbel_softmax"
    label: ClassVar[str] = "Gumbel-softmax (biased)"
    symbol: ClassVar[str] = r"G_b = ∇_ν f(y_b),\quad y_b = σ(z̃_b / τ)"
    help: ClassVar[str] = "Replaces a binary draw by a smooth one and follows the path: low variance, but biased."
    source: ClassVar[str] = "Jang, Gu & Poole 2017; Maddison, Mnih & Teh 2017"
    discrete: ClassVar[bool] = True
    path: ClassVar[bool] = True
    unbiased: ClassVar[bool] = False
    temperature: float = 0.5

    def supports(self, family: Family, draws: int) -> str | None:
        """Needs a value that is a step function of noisy logits."""
        if not family.states("latent"):
            return f"{self.label} is for Bernoulli latents; these are {family.label}. Choose another estimator."
        return None

    def value(self, family: Family, noise: Tensor, nu: Tensor) -> Tensor:
        """logistic(z/τ), or softmax(z/τ) of a one-hot value; live in ν."""
        return family.squash(family.latent(noise, nu), self.temperature)

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        """−log q(y; ⌊ν⌋)."""
        return -draw.log_q(frozen_nu=True)
