"""Learned quadratic control variate: G_b = path_b − ξ (∇f̂(z_b) − E_q ∇f̂), f̂(z) = βᵀ(z − μ) + ½ (z − μ)ᵀ diag(h) (z − μ).

β and h are least squares of ∇_z log p on (1, δ), δ = z − μ, over past estimates; ξ = E[⟨path, c⟩]/E‖c‖², c = ∇f̂ − E ∇f̂, likewise. All
three start at 0 and are moving averages of *past* draws: the current draw is learned from in the backward pass, after it has been
corrected.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from elbo_room.models.estimators.estimator import Context, Draw, Estimator
from elbo_room.models.estimators.quadratic_miller import centered, not_normal
from elbo_room.models.families import Family

DECAY = 0.9


@dataclass(frozen=True)
class QuadraticSurrogate(Estimator):
    """No second derivatives and no extra evaluation: it learns from past gradients (Geffner & Domke 2020, here by least squares).

    One f̂ serves all data of a site, so it helps most where the site is global or the data points' posteriors have the same shape.
    """

    name: ClassVar[str] = "quadratic_surrogate"
    label: ClassVar[str] = "path − learned quadratic"
    symbol: ClassVar[str] = (
        r"G_b = g_b − ξ\,(∇f̂(z_b) − \lit{variational posterior}{\text{E}_q} ∇f̂),\quad g_b = ∇_ν f(t(ε_b, ν))"
    )
    help: ClassVar[str] = "A quadratic approximation of log p, learned step by step; its noise is known and subtracted."
    source: ClassVar[str] = "Geffner & Domke 2020"
    path: ClassVar[bool] = True
    warm_up: ClassVar[int] = 20

    def supports(self, family: Family, draws: int) -> str | None:
        """None, or the reason: only a Gaussian q has this closed form."""
        return super().supports(family, draws) or not_normal(self.label, family)

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        """H(q) − ξ ⌊∇f̂ − E ∇f̂⌋ · ν, and a hook that reads ∇_z log p in the backward pass."""
        mean, raw = draw.nu.detach().unbind(-2)
        noise, variance = draw.value.detach() - mean, torch.exp(2 * raw)  # (R, B, M, K)
        kept, nil = context.memory, torch.zeros_like(noise[0, 0, 0])
        weight, first, cross, square, top, bottom = (
            kept.get(name, nil) for name in ("weight", "slope", "cross", "square", "top", "bottom")
        )
        slope, curvature = first / weight.clamp_min(1e-30), cross / square.clamp_min(1e-30)  # β and h, (K,)
        extra = centered(slope, curvature, noise, variance)  # (R, B, M, 2, K)
        xi = top.sum() / bottom.sum().clamp_min(1e-30)
        share = (
            context.share
        )  # alone: a hook that holds the context holds its own tensor, and neither would ever be freed

        def learn(flow: Tensor) -> None:
            gradient = -flow / share  # ∇_z log p, (R, B, M, K)
            off = (
                gradient - slope
            )  # centred by the estimate from past draws: E c = 0 keeps the mean, and the noise falls
            path = torch.stack([off, gradient * noise - curvature * variance], -2)
            news = (torch.ones_like(gradient), gradient, gradient * noise, noise.square(), (path * extra).sum(-2))
            names = ("weight", "slope", "cross", "square", "top")
            for name, value in (*zip(names, news, strict=True), ("bottom", extra.square().sum(-2))):
                kept[name] = DECAY * kept.get(name, nil) + (1 - DECAY) * value.detach().flatten(0, 2).mean(0)

        draw.value.register_hook(learn)
        return draw.family.entropy(draw.nu).sum(-1) - xi * draw.linear(extra)
