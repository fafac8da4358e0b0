"""Natural gradient: η ← η + ρ_t ∇_m L, the gradient in the mean parameters m of q, which is F(η)⁻¹ ∇_η L (Amari 1998).

L is a data point's own ELBO for a local ν_i, the whole ELBO for a global ν. Where q is conjugate to the model, ρ = 1 is the exact
coordinate ascent step (Hoffman, Blei, Wang & Paisley 2013). Parameters that are not a free ν, such as an encoder's or a decoder's weights,
and ν of families without a closed form, make a plain step ν ← ν + ρ_t ĝ.
"""

from typing import ClassVar

import torch

from elbo_room.models.training.optimizers.optimizer import Optimizer


class NaturalGradient(Optimizer):
    """For q in a table, one ν per data point or one for all: Gaussian, Bernoulli, Categorical and Poisson (Khan & Rue 2023)."""

    name: ClassVar[str] = "natural"
    label: ClassVar[str] = "natural gradient"
    symbol: ClassVar[str] = r"F^{−1} ĝ"
    help: ClassVar[str] = (
        "Steps in q's natural parameters, for a q in a table; networks take plain steps. ρ = 1 solves a conjugate model."
    )
    source: ClassVar[str] = "Amari 1998; Hoffman, Blei, Wang & Paisley 2013"

    @torch.no_grad()
    def step(self) -> None:
        """ν ← natural_step(ν, ∇L, ρ); θ ← θ − ρ g elsewhere."""
        for name, (parameter, gradient) in self.moving().items():
            own = self.free.get(name)
            if own is None or not own.family.states("natural_step"):
                parameter.add_(gradient, alpha=-self.step_size)
                continue
            whole = -gradient * (self.rows if own.local else self.total)
            parameter.copy_(own.family.natural_step(parameter, whole, self.step_size))
