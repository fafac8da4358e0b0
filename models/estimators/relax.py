"""RELAX: G_b = (f(b) − c(z̃)) s + ∇_a[c(z) − c(z̃)], c(z) = c̄ + ς c_φ(z, ⌊ν⌋): REBAR with a learned c; φ descends Σ_b ‖G_b‖²."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from elbo_room.models.estimators import learned
from elbo_room.models.estimators.estimator import Context, Draw
from elbo_room.models.estimators.rebar import Rebar, coupling


@dataclass(frozen=True)
class Relax(Rebar):
    """Unbiased for Bernoulli and any c; f itself is evaluated only at 0 and 1 (Grathwohl, Choi, Wu, Roeder & Duvenaud 2018).

    The mean of G does not depend on φ, so minimising E‖G‖² minimises the variance. Traps: that is the norm of each draw's G, not of
    their mean; it needs a second derivative of c; draws use the previous step's φ.
    """

    name: ClassVar[str] = "relax"
    label: ClassVar[str] = "RELAX"
    symbol: ClassVar[str] = r"G_b = (f_b − c_φ(z̃_b))\, s_b + ∇_ν [c_φ(z_b) − c_φ(z̃_b)]"
    help: ClassVar[str] = "REBAR with a small network in place of the relaxed f, trained to lower the variance."
    source: ClassVar[str] = "Grathwohl, Choi, Wu, Roeder & Duvenaud 2018"
    warm_up: ClassVar[int] = 100

    def evaluations(self, draws: int, size: int) -> int:
        """B; the network is small."""
        return draws

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        """⌊G⌋ · ν with the previous step's φ; then one step for φ."""
        memory, cost = context.memory, context.cost
        mean, spread = learned.moments(memory, cost)
        z, apart = coupling(draw)
        score = draw.family.score(draw.value, draw.nu).squeeze(-2)  # (R, B, M, K)
        parts = learned.weights(memory, 2 * z.shape[-1], z, context.generator)
        with torch.enable_grad():
            z.requires_grad_()
            inputs = torch.cat([(z / self.temperature).sigmoid(), draw.nu.detach().squeeze(-2)], -1)
            c = mean + spread * learned.network(parts, inputs)  # (R, B, M)
            (slope,) = torch.autograd.grad(c.sum(), z, create_graph=True)
            gradient = (cost - c).unsqueeze(-1) * score + slope * apart  # G_b: (R, B, M, K)
            loss = (gradient / spread).square().sum(-1).mean()
            learned.step(memory, torch.autograd.grad(loss, parts))
        learned.remember_moments(memory, cost)
        return draw.carry(gradient.unsqueeze(-2))
