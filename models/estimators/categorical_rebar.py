"""REBAR for units of S states: G_b = (f(b) − η c(z̃)) s + η ∇_ν[c(z) − c(z̃)], c(z) = f(softmax(z/τ)), z = ν + Gumbel noise, z̃ ~ z | b.

The draw b comes first and z is drawn given it, so z and z̃ may be the same numbers: then ∇_ν c(z) = c'(z), since z moves with ν, and
∇_ν c(z̃) = c'(z) ∂z̃/∂ν, along the conditional law of z given b. One evaluation with gradient serves both.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from elbo_room.models.estimators.estimator import Context, Draw, Estimator
from elbo_room.models.families import Family


def given_its_draw(draw: Draw, generator: torch.Generator | None) -> Tensor:
    """The noisy logits Z behind each draw, drawn given the draw and live in ν: (R, B, M, K)."""
    noise = torch.rand(draw.value.shape, generator=generator, dtype=draw.value.dtype)
    return draw.family.conditional(draw.value.detach(), noise, draw.nu)


@dataclass(frozen=True)
class CategoricalRebar(Estimator):
    """Unbiased for any η and τ > 0; f must be defined, and smooth, between the one-hot vectors (Tucker, Mnih, Maddison et al. 2017).

    `temperature` τ in (0, 5], `strength` η near 1: 0 is the plain score. Binary units are one-hot ones of two states.
    """

    name: ClassVar[str] = "categorical_rebar"
    label: ClassVar[str] = "categorical REBAR"
    symbol: ClassVar[str] = r"G_b = (f_b − η\, c(z̃_b))\, s_b + η\, ∇_ν [c(z̃) − c(z̃_b)]"
    help: ClassVar[str] = "The score of a one-hot draw, corrected by the path gradient of its relaxation: unbiased."
    source: ClassVar[str] = "Tucker, Mnih, Maddison, Lawson & Sohl-Dickstein 2017"
    discrete: ClassVar[bool] = True
    moves: ClassVar[bool] = True
    temperature: float = 0.5
    strength: float = 1.0

    def supports(self, family: Family, draws: int) -> str | None:
        """Needs noisy logits that can be drawn given their state."""
        if not family.states("conditional"):
            return f"{self.label} is for one-hot and Bernoulli latents; these are {family.label}. Choose another estimator."
        return super().supports(family, draws)

    def evaluations(self, draws: int, size: int) -> int:
        """2B: f at the draw, and f with its gradient at the relaxed draw."""
        return 2 * draws

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        """⌊f − η c⌋ log q(⌊b⌋; ν) + η ⌊c'⌋ · (ν − z̃(ν))."""
        z = given_its_draw(draw, context.generator)
        with torch.enable_grad():
            at = z.detach().requires_grad_()
            c = context.at(draw.family.squash(at, self.temperature), live=True)  # (R, B, M)
            (slope,) = torch.autograd.grad(c.sum(), at)
        path = (slope * (draw.nu.squeeze(-2) - z)).sum(-1)
        return (context.cost - self.strength * c.detach()) * draw.log_q(frozen_value=True) + self.strength * path
