"""Doubly reparameterised: ∇_ν L_B = E Σ_b w̃_b² (∂log w_b/∂z_b) ∂t/∂ν, ν stopped in log q; θ keeps Σ_b w̃_b ∇_θ log p.

The score hidden in ∇_ν log w_b is itself reparameterised, which subtracts (w̃ − w̃²) times the path. The second w̃ is a hook on the
draw: it scales the gradient that flows back into ν and leaves the decoder's unchanged.
"""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from elbo_room.models.estimators.estimator import Context, Draw, Estimator
from elbo_room.models.settings import rule


@dataclass(frozen=True)
class Dreg(Estimator):
    """Signal-to-noise rises as √B where IWAE's falls; no variance at q = posterior (Tucker, Lawson, Gu & Maddison 2019).

    The rise requires weights with finite moments: it does not appear when q is narrower than the posterior.
    """

    name: ClassVar[str] = "dreg"
    label: ClassVar[str] = "doubly reparameterised"
    symbol: ClassVar[str] = r"ĝ = \sum_{b=1}^{\lit{draws}{B}} w̃_b^2\, ∇_z \log w_b\, ∇_ν t(ε_b, ν)"
    help: ClassVar[str] = (
        "The same bound as importance weighting, without its noise: the signal of ν grows with the draws."
    )
    source: ClassVar[str] = "Tucker, Lawson, Gu & Maddison 2019"
    path: ClassVar[bool] = True
    bound: ClassVar[str] = "iwae"
    independent_draws: ClassVar[bool] = True
    factorised: ClassVar[bool] = True  # a path through two sites would be multiplied by w̃ twice
    requires: ClassVar[tuple[dict[str, object], ...]] = (
        rule(
            "structure",
            "A path through two layers of a top-down q would be weighted twice. Choose importance weighting, or independent layers.",
            among=("product",),
        ),
        rule("noise", "Doubly reparameterised needs independent draws. Draw independently.", among=("iid",)),
    )

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        """−⌊B w̃_b⌋ log q(t(ε_b, ν); ⌊ν⌋), and w̃_b times everything that flows back through t."""
        weights = context.weights
        assert weights is not None  # noqa: S101 - `bound` guarantees it
        share = (weights / weights.shape[1]).unsqueeze(-1)  # w̃, (R, B, M, 1)
        draw.value.register_hook(lambda slope: slope * share)
        return -weights * draw.log_q(frozen_nu=True)
