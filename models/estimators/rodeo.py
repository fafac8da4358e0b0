"""RODEO: G_b = (f_b − mean_{d≠b}[f_d + (A h_d)(d)]) s_b + (A h̃_b s)(b), A the discrete Stein operator of q: E_q[(A h)(b)] = 0 for any h.

(A h)(b) = (1/K) Σ_k q(flip k | b₋ₖ) [h(b with k flipped) − h(b)]: one step of a Gibbs sampler, which leaves q as it is. h_b and h̃_b are
the two outputs of a network of the other draws' mean f and of the expansion mean_{d≠b} ∇f(d)·(· − d): no evaluation of f at a flip.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from elbo_room.models.estimators import learned
from elbo_room.models.estimators.double_control_variates import mean_of_others, not_binary, slopes
from elbo_room.models.estimators.estimator import Context, Draw, Estimator
from elbo_room.models.families import Family
from elbo_room.models.settings import rule


@dataclass(frozen=True)
class Rodeo(Estimator):
    """Reinforce leave-one-out with discrete Stein operators; unbiased for Bernoulli (Shi, Zhou, Hwang, Titsias & Mackey 2022).

    The network starts as 0, which is leave-one-out, and descends ‖ĝ‖²; draws use the previous step's. With a network that is linear in
    the expansion it would be the double control variate.
    """

    name: ClassVar[str] = "rodeo"
    label: ClassVar[str] = "RODEO"
    symbol: ClassVar[str] = (
        r"G_b = (f_b − \tfrac{1}{\lit{draws}{B} − 1} \sum_{d ≠ b} (f_d + (A h)_d))\, s_b + (A\, h̃ s)_b"
    )
    help: ClassVar[str] = (
        "Leave-one-out for binary draws, with learned functions whose mean under q is 0 by Stein's identity."
    )
    source: ClassVar[str] = "Shi, Zhou, Hwang, Titsias & Mackey 2022"
    discrete: ClassVar[bool] = True
    least_draws: ClassVar[int] = 2
    independent_draws: ClassVar[bool] = True
    warm_up: ClassVar[int] = 100
    requires: ClassVar[tuple[dict[str, object], ...]] = (
        rule("draws", "RODEO needs at least 2 draws; B is {draws}. Raise B, or choose another estimator.", low=2),
        rule("noise", "RODEO needs independent draws. Draw independently, or choose another.", among=("iid",)),
    )

    def supports(self, family: Family, draws: int) -> str | None:
        """Needs binary draws, two or more."""
        return not_binary(self.label, family) or super().supports(family, draws)

    def evaluations(self, draws: int, size: int) -> int:
        """2B: f at the draws, and f with its gradient there."""
        return 2 * draws

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        """⌊G⌋ · ν with the previous step's network; then one step for the network."""
        cost, memory = context.cost, context.memory
        p, value = draw.family.mean(draw.nu.detach()), draw.value.detach()  # (R, B, M, K)
        score, turn = value - p, 1 - 2 * value  # s, and what flipping adds
        flip = torch.where(value > 0, 1 - p, p) / value.shape[-1]  # q(flip k | rest)/K
        mean, spread = learned.moments(memory, cost)
        each = slopes(draw, context)
        slope = mean_of_others(each)
        here = (slope * value).sum(-1) - mean_of_others((each * value).sum(-1))  # the expansion at the draw, (R, B, M)
        there = here.unsqueeze(-1) + slope * turn  # and at each of its neighbours, (R, B, M, K)
        near = torch.cat([there, here.unsqueeze(-1)], -1) / spread  # (R, B, M, K + 1)
        level = ((mean_of_others(cost) - mean) / spread).unsqueeze(-1).expand_as(near)
        parts = learned.weights(memory, 2, cost, context.generator, outputs=2)
        with torch.enable_grad():
            h, h_tilde = (spread * learned.network(parts, torch.stack([level, near], -1))).unbind(-1)
            rise, rise_tilde = (each[..., :-1] - each[..., -1:] for each in (h, h_tilde))  # (R, B, M, K)
            corrected = cost + (flip * rise).sum(-1)  # f + A h
            stein = score * (flip * rise_tilde).sum(-1, keepdim=True) + flip * turn * h_tilde[..., :-1]  # A(h̃ s)
            gradient = (cost - mean_of_others(corrected)).unsqueeze(-1) * score + stein
            loss = (gradient.mean(1) / spread).square().sum(-1).mean()
            learned.step(memory, torch.autograd.grad(loss, parts))
        learned.remember_moments(memory, cost)
        return draw.carry(gradient.unsqueeze(-2))
