"""Double control variates: leave-one-out of f + α c, minus α E[c s]: G_b = (f_b + α c_b − mean_{d≠b}(f_d + α c_d)) s_b − α ḡ₋ᵦ p(1 − p).

c_b = ḡ₋ᵦ · (b − p) is the Taylor expansion of f about q's mean p, with the mean slope ḡ₋ᵦ = mean_{d≠b} ∇f(d) of the other draws. It acts
twice: on f itself, with its known mean E[c_b s_b] = ḡ₋ᵦ p(1 − p), and on the baseline, where its mean is zero.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from elbo_room.models.estimators import learned
from elbo_room.models.estimators.estimator import Context, Draw, Estimator
from elbo_room.models.families import Family
from elbo_room.models.settings import rule


def slopes(draw: Draw, context: Context) -> Tensor:
    """∇f at the draws, as if f were defined between 0 and 1: (R, B, M, K)."""
    with torch.enable_grad():
        at = draw.value.detach().requires_grad_()
        (found,) = torch.autograd.grad(context.at(at, live=True).sum(), at)
    return found


def mean_of_others(values: Tensor) -> Tensor:
    """mean_{d≠b}, for every draw b on axis 1."""
    return (values.sum(1, keepdim=True) - values) / (values.shape[1] - 1)


def not_binary(label: str, family: Family) -> str | None:
    """None for a Bernoulli; else the reason."""
    if family.states("latent") and family.n_states == 2:
        return None
    return f"{label}: for Bernoulli latents only; these are {family.label}. Choose leave-one-out."


@dataclass(frozen=True)
class DoubleControlVariates(Estimator):
    """Unbiased for Bernoulli and any α that does not use the draws; α is learned from past estimates (Titsias & Shi 2022).

    f must have a slope at 0 and 1. With α = 0, as in the first estimate, it is leave-one-out; α* is near −1 where f is almost linear.
    """

    name: ClassVar[str] = "double_control_variates"
    label: ClassVar[str] = "double control variates"
    symbol: ClassVar[str] = (
        r"G_b = (f_b + α c_b − \tfrac{1}{\lit{draws}{B} − 1} \sum_{d ≠ b} (f_d + α c_d))\, s_b − α\, \text{E}[c\,s]"
    )
    help: ClassVar[str] = "Leave-one-out for binary draws, with f's slopes at the other draws as a second control."
    source: ClassVar[str] = "Titsias & Shi 2022"
    discrete: ClassVar[bool] = True
    least_draws: ClassVar[int] = 2
    independent_draws: ClassVar[bool] = True
    warm_up: ClassVar[int] = 20
    requires: ClassVar[tuple[dict[str, object], ...]] = (
        rule(
            "draws",
            "Double control variates need at least 2 draws; B is {draws}. Raise B, or choose another estimator.",
            low=2,
        ),
        rule("noise", "Double control variates need independent draws. Draw independently.", among=("iid",)),
    )

    def supports(self, family: Family, draws: int) -> str | None:
        """Needs binary draws, two or more."""
        return not_binary(self.label, family) or super().supports(family, draws)

    def evaluations(self, draws: int, size: int) -> int:
        """2B: f at the draws, and f with its gradient there."""
        return 2 * draws

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        """⌊G⌋ · ν with the α of past estimates; then α* = −E⟨ĝ, C⟩/E‖C‖² is updated, ĝ being leave-one-out and C what α multiplies."""
        cost, memory = context.cost, context.memory
        p, value = draw.family.mean(draw.nu.detach()), draw.value.detach()  # (R, B, M, K)
        score, slope = value - p, mean_of_others(slopes(draw, context))
        control = (slope * score).sum(-1)  # c, (R, B, M)
        plain = (cost - mean_of_others(cost)).unsqueeze(-1) * score
        extra = (control - mean_of_others(control)).unsqueeze(-1) * score - slope * p * (1 - p)
        top, bottom = memory.get("top", cost.new_zeros(())), memory.get("bottom", cost.new_zeros(()))
        alpha = -top / bottom.clamp_min(1e-30)
        g, c = plain.mean(1), extra.mean(1)  # ĝ and C: (R, M, K)
        learned.remember(memory, top=(g * c).sum(-1).mean(), bottom=c.square().sum(-1).mean())
        return draw.carry((plain + alpha * extra).unsqueeze(-2))
