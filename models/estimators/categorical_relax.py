"""RELAX for units of S states: G_b = (f(b) − c(z̃)) s + ∇_ν[c(z) − c(z̃)], c(z) = c̄ + ς c_φ(softmax(z/τ), ⌊ν⌋); φ descends Σ_b ‖G_b‖²."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from elbo_room.models.estimators import learned
from elbo_room.models.estimators.categorical_rebar import CategoricalRebar, given_its_draw
from elbo_room.models.estimators.estimator import Context, Draw


@dataclass(frozen=True)
class CategoricalRelax(CategoricalRebar):
    """Unbiased for any c; f itself is evaluated only at one-hot vectors (Grathwohl, Choi, Wu, Roeder & Duvenaud 2018)."""

    name: ClassVar[str] = "categorical_relax"
    label: ClassVar[str] = "categorical RELAX"
    symbol: ClassVar[str] = r"G_b = (f_b − c_φ(z̃_b))\, s_b + ∇_ν [c_φ(z̃) − c_φ(z̃_b)]"
    help: ClassVar[str] = "Categorical REBAR with a small network in place of the relaxed f, trained on the variance."
    source: ClassVar[str] = "Grathwohl, Choi, Wu, Roeder & Duvenaud 2018"
    warm_up: ClassVar[int] = 100

    def evaluations(self, draws: int, size: int) -> int:
        """B; the network is small."""
        return draws

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        """⌊G⌋ · ν with the previous step's φ; then one step for φ."""
        memory, cost = context.memory, context.cost
        mean, spread = learned.moments(memory, cost)
        score = draw.family.score(draw.value, draw.nu).squeeze(-2)  # (R, B, M, K)
        with torch.enable_grad():
            nu = draw.nu.detach().requires_grad_()
            z = given_its_draw(Draw(draw.family, nu, draw.value.detach()), context.generator)
            at = z.detach().requires_grad_()
            parts = learned.weights(memory, 2 * at.shape[-1], at, context.generator)
            inputs = torch.cat([draw.family.squash(at, self.temperature), nu.detach().squeeze(-2)], -1)
            c = mean + spread * learned.network(parts, inputs)  # (R, B, M)
            (slope,) = torch.autograd.grad(c.sum(), at, create_graph=True)
            apart = slope - _along(z, nu, slope)
            gradient = (cost - c).unsqueeze(-1) * score + apart  # G_b: (R, B, M, K)
            loss = (gradient / spread).square().sum(-1).mean()
            learned.step(memory, torch.autograd.grad(loss, parts))
        learned.remember_moments(memory, cost)
        return draw.carry(gradient.unsqueeze(-2))


def _along(z: Tensor, nu: Tensor, slope: Tensor) -> Tensor:
    """(∂z̃/∂ν)ᵀ times the slope, differentiable in the slope: (R, B, M, K)."""
    (found,) = torch.autograd.grad(z, nu, slope, create_graph=True)
    return found.squeeze(-2)
