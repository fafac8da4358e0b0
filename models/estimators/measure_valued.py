"""Measure-valued: ∂_θ E f = c (E f(z⁺) − E f(z⁻)): the density's derivative split into two densities, one coordinate at a time."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from elbo_room.models.estimators.estimator import Context, Draw, Estimator
from elbo_room.models.estimators.one_at_a_time import replaced
from elbo_room.models.families import Family


@dataclass(frozen=True)
class MeasureValued(Estimator):
    """Unbiased for any f, smooth or not; z⁺ and z⁻ share their randomness (Pflug 1989; Mohamed, Rosca, Figurnov & Mnih 2020).

    Normal: Rayleigh pairs for μ, double-sided Maxwell against normal for s; Bernoulli: 1 against 0; Poisson: z + 1 against z. For
    f = (z − k)² the coupled pair has variance (16/π − 4)δ² for μ. Trap: the constant 1/(s√2π).
    """

    name: ClassVar[str] = "measure_valued"
    label: ClassVar[str] = "measure-valued"
    symbol: ClassVar[str] = r"G_b = c\,(f(z_b^+) − f(z_b^−))"
    help: ClassVar[str] = (
        "A difference of f at two coupled draws for each parameter: low variance, 4 evaluations per coordinate."
    )
    source: ClassVar[str] = "Pflug 1989; Mohamed, Rosca, Figurnov & Mnih 2020"
    moves: ClassVar[bool] = True

    @classmethod
    def group(cls) -> str:
        """Neither a score nor a path."""
        return "Weak derivatives"

    def supports(self, family: Family, draws: int) -> str | None:
        """Needs the family's weak derivatives."""
        if not family.states("weak_derivatives"):
            return f"{self.label.capitalize()} needs a weak derivative; {family.label} declares none. Choose another estimator."
        return super().supports(family, draws)

    def evaluations(self, draws: int, size: int) -> int:
        """B (1 + 4K) for a Normal: the draw, and a pair for each of its 2K parameters (2K for one-parameter families)."""
        return draws * (1 + 4 * size)

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        """Σ_θ Σ_k ⌊c (f(z⁺) − f(z⁻))⌋ θ_k(ν)."""
        pairs = draw.family.weak_derivatives(draw.value, draw.nu, context.generator)
        ends = torch.stack([end for pair in pairs for end in (pair.plus, pair.minus)], 2)  # (R, B, 2P, M, K)
        plus, minus = replaced(draw, context, ends.detach()).unflatten(2, (-1, 2)).unbind(3)  # (R, B, P, M, K)
        constant = torch.stack([pair.constant for pair in pairs], 2)
        parameter = torch.stack([pair.parameter for pair in pairs], 2)
        return ((constant * (plus - minus)).detach() * parameter).sum((2, -1))
