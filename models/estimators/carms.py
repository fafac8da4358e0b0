"""CARMS: ĝ = 1/(B(B − 1)) Σ_{b<d} r_bd (f_b − f_d)(s_b − s_d), the draws jointly antithetic, r_bd = q(z_b) q(z_d)/P(z_b, z_d) unit by unit.

The draws come from a Dirichlet copula, u_b = (1 − e_b/Σe)^{B−1} with e ~ Exponential(1), through the inverse of a permuted cumulative
distribution. P averages over the permutations in which each pair of states is at the two ends once, which keeps P > 0 where it must be.
"""

import itertools
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from elbo_room.models.estimators.estimator import Context, Draw, Estimator
from elbo_room.models.estimators.loorf import not_listed
from elbo_room.models.families import Family
from elbo_room.models.settings import rule


def orders(states: int) -> Tensor:
    """One order of the S states for each pair of ends: (S(S − 1)/2, S)."""
    rows = []
    for first, last in itertools.combinations(range(states), 2):
        rows.append([first, *(state for state in range(states) if state not in (first, last)), last])
    return torch.tensor(rows)


def copula(noise: Tensor) -> Tensor:
    """Independent uniforms (R, B, …) to B ≥ 2 jointly antithetic ones, each uniform by itself."""
    wait = (-torch.log1p(-noise)).clamp_min(torch.finfo(noise.dtype).tiny)
    return (1 - wait / wait.sum(1, keepdim=True)) ** (noise.shape[1] - 1)


def together(p: Tensor, q: Tensor, draws: int) -> Tensor:
    """P(u_b ≤ p, u_d ≤ q) of two of the B: max(0, p^{1/(B−1)} + q^{1/(B−1)} − 1)^{B−1}."""
    root = 1 / (draws - 1)
    return (p**root + q**root - 1).clamp_min(0) ** (draws - 1)


def masses(family: Family, nu: Tensor) -> Tensor:
    """q of every state: ν (…, n_params, K) → (…, S, K)."""
    states = torch.arange(family.n_states, dtype=nu.dtype).unsqueeze(-1)  # (S, 1)
    values = states.expand(*nu.shape[:-2], -1, nu.shape[-1])
    return family.log_prob(values, nu.unsqueeze(-3)).exp()


def intervals(mass: Tensor, order: Tensor) -> tuple[Tensor, Tensor]:
    """Where each state's interval of (0, 1) begins and ends when they are laid out in this order: (…, S, K) each, by state."""
    ordered = mass[..., order, :]
    end = ordered.cumsum(-2) / ordered.sum(-2, keepdim=True)
    start = torch.cat([torch.zeros_like(end[..., :1, :]), end[..., :-1, :]], -2)
    back = order.argsort()
    return start[..., back, :], end[..., back, :]


def joint(mass: Tensor, draws: int) -> Tensor:
    """P(z_b = i, z_d = j) of two of the B draws, averaged over the orders: (…, S, K) → (…, S, S, K)."""
    found = []
    for order in orders(mass.shape[-2]):
        start, end = intervals(mass, order)
        (a, b), (c, d) = (start.unsqueeze(-2), end.unsqueeze(-2)), (start.unsqueeze(-3), end.unsqueeze(-3))
        found.append(together(b, d, draws) + together(a, c, draws) - together(b, c, draws) - together(a, d, draws))
    return torch.stack(found).mean(0)


@dataclass(frozen=True)
class Carms(Estimator):
    """Unbiased for categorical and binary units, with few equal draws and so less noise (Dimitriev & Zhou 2021).

    Two states make it ARMS, independent draws would make it leave-one-out. Equal draws contribute nothing. The cost of P grows as S⁴: a
    handful of states. Of several sites, each has antithetic draws of its own.
    """

    name: ClassVar[str] = "carms"
    label: ClassVar[str] = "CARMS"
    symbol: ClassVar[str] = r"G_b = \tfrac{1}{2(\lit{draws}{B} − 1)} \sum_{d ≠ b} r_{bd}\,(f_b − f_d)\,(s_b − s_d)"
    help: ClassVar[str] = (
        "B jointly antithetic draws of discrete units that seldom agree, weighted so that the mean is exact."
    )
    source: ClassVar[str] = "Dimitriev & Zhou 2021"
    discrete: ClassVar[bool] = True
    least_draws: ClassVar[int] = 2
    independent_draws: ClassVar[bool] = True
    factorised: ClassVar[bool] = True
    requires: ClassVar[tuple[dict[str, object], ...]] = (
        rule("draws", "CARMS needs at least 2 draws; B is {draws}. Raise B, or choose another estimator.", low=2),
        rule(
            "noise", "CARMS makes antithetic draws of its own. Draw independently, or choose another.", among=("iid",)
        ),
    )

    def supports(self, family: Family, draws: int) -> str | None:
        """Needs units whose states can be listed, and two draws or more."""
        return not_listed(self.label, family) or super().supports(family, draws)

    def value(self, family: Family, noise: Tensor, nu: Tensor) -> Tensor:
        """Jointly antithetic draws: each has the law q, and their ε come from the independent ones."""
        if noise.shape[1] < 2:
            return super().value(family, noise, nu)
        order = orders(family.n_states)
        first = noise[:, :1] * len(order)  # the first ε's leading digits choose the order, for all draws of a unit
        chosen = first.long().clamp_max(len(order) - 1)
        uniform = copula(torch.cat([first - chosen, noise[:, 1:]], 1))  # (R, B, M, K)
        mass, found = masses(family, nu.detach()), torch.zeros_like(noise)
        for index, each in enumerate(order):
            steps = mass[..., each, :].cumsum(-2)[..., :-1, :]  # (R, B, M, S − 1, K)
            place = (uniform.unsqueeze(-2) >= steps).sum(-2)
            found = torch.where(chosen == index, each[place].to(found.dtype), found)
        return found

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        """B/(2(B − 1)) · mean over d of ⌊r_bd (f_b − f_d)(s_b − s_d)⌋ · ν."""
        value, cost = draw.value.detach(), context.cost
        count = value.shape[1]
        mass = masses(draw.family, draw.nu.detach()[:, :1])  # (R, 1, M, S, K)
        tiny = torch.finfo(mass.dtype).tiny
        ratio = mass.unsqueeze(-2) * mass.unsqueeze(-3) / joint(mass, count).clamp_min(tiny)  # (R, 1, M, S, S, K)
        states = torch.arange(draw.family.n_states, dtype=value.dtype)[:, None]
        hot = (value.unsqueeze(-2) == states).to(value.dtype)  # (R, B, M, S, K)
        row = torch.einsum("rbmsk,rmstk->rbmtk", hot, ratio.squeeze(1))  # r of each draw against every state
        pair = torch.einsum("rbmtk,rdmtk->rbdmk", row, hot)  # r_bd, (R, B, B, M, K)
        same = (value.unsqueeze(2) == value.unsqueeze(1)).to(value.dtype)
        pair = pair * (1 - same)  # equal draws have equal scores
        weight = pair * (cost.unsqueeze(2) - cost.unsqueeze(1)).unsqueeze(-1)
        score = draw.family.score(draw.value, draw.nu)  # (R, B, M, n_params, K)
        own = weight.sum(2).unsqueeze(-2) * score
        others = torch.einsum("rbdmk,rdmpk->rbmpk", weight, score)
        return draw.carry((own - others) / (2 * (count - 1)))
