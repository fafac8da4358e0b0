"""REBAR: G_b = (f(b) − η c(z̃)) s + η ∇_a[c(z) − c(z̃)], c(z) = f(logistic(z/τ)), z = a + logistic noise, b = 1[z > 0], z̃ ~ z | b.

z and z̃ share their uniform, so z̃ = z numerically (the paper's coupling) and ∇_a[c(z) − c(z̃)] = c'(z) (1 − ∂z̃/∂a): one evaluation with
gradient serves both. At a fixed uniform, 1 − ∂z̃/∂a = (1 − p)/(1 − ε) where b = 1, p/ε where b = 0.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from elbo_room.models.estimators.estimator import Context, Draw, Estimator
from elbo_room.models.families import Family


def coupling(draw: Draw) -> tuple[Tensor, Tensor]:
    """The noisy logit z (R, B, M, K) behind each binary draw, and 1 − ∂z̃/∂a of its coupled z̃ given that draw."""
    nu, noise = draw.nu.detach(), draw.own_noise()
    p, tiny = draw.family.mean(nu), torch.finfo(noise.dtype).tiny
    below = (1 - p) / (1 - noise).clamp_min(tiny)
    return draw.family.latent(noise, nu), torch.where(draw.value > 0, below, p / noise.clamp_min(tiny))


@dataclass(frozen=True)
class Rebar(Estimator):
    """Unbiased for Bernoulli and any η, τ > 0; f must be defined, and smooth, between 0 and 1 (Tucker, Mnih, Maddison et al. 2017).

    `temperature` τ in (0, 5]: as τ → 0, c becomes f(b) itself and its gradient explodes. `strength` η near 1: 0 is the plain score.
    Traps: the term with s is detached as a whole; c is one fixed function of z, so ν inside it is ⌊ν⌋.
    """

    name: ClassVar[str] = "rebar"
    label: ClassVar[str] = "REBAR"
    symbol: ClassVar[str] = r"G_b = (f_b − η\, c(z̃_b))\, s_b + η\, ∇_ν [c(z_b) − c(z̃_b)]"
    help: ClassVar[str] = "The score of a binary draw, corrected by the path gradient of its relaxation: unbiased."
    source: ClassVar[str] = "Tucker, Mnih, Maddison, Lawson & Sohl-Dickstein 2017"
    discrete: ClassVar[bool] = True
    moves: ClassVar[bool] = True
    temperature: float = 0.5
    strength: float = 1.0

    def supports(self, family: Family, draws: int) -> str | None:
        """Needs a binary value of a logit."""
        if not family.states("latent") or family.n_states != 2:
            return f"{self.label} is for Bernoulli latents; these are {family.label}. Choose another estimator."
        return super().supports(family, draws)

    def evaluations(self, draws: int, size: int) -> int:
        """2B: f at the draw, and f with its gradient at the relaxed draw."""
        return 2 * draws

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        """⌊f − η c⌋ log q(⌊b⌋; ν) + ⌊η c' (1 − ∂z̃/∂a)⌋ · ν."""
        z, apart = coupling(draw)
        with torch.enable_grad():
            z.requires_grad_()
            c = context.at((z / self.temperature).sigmoid(), live=True)  # (R, B, M)
            (slope,) = torch.autograd.grad(c.sum(), z)
        path = draw.carry((self.strength * slope * apart).unsqueeze(-2))
        return (context.cost - self.strength * c.detach()) * draw.log_q(frozen_value=True) + path
