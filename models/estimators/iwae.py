"""IWAE: L_B = E log (1/B) Σ_b w_b, w = p(x, z)/q(z; ν); its gradient is ĝ = Σ_b w̃_b ∇_ν log w_b, w̃ = softmax_b log w_b.

The weights belong to one data point: log Σ exp runs over its draws before anything is summed over the data. As ĝ = (1/B) Σ_b G_b, the
tap holds G_b = B w̃_b ∇ log w_b.
"""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from elbo_room.models.estimators.estimator import Context, Draw, Estimator


@dataclass(frozen=True)
class Iwae(Estimator):
    """Unbiased for L_B, tighter with every draw; but ν's signal-to-noise falls as 1/√B (Rainforth et al. 2018).

    Path only must not be used here: the dropped score term has mean zero under q, not under the weights.
    """

    name: ClassVar[str] = "iwae"
    label: ClassVar[str] = "importance weighted"
    symbol: ClassVar[str] = r"ĝ = \sum_{b=1}^{\lit{draws}{B}} w̃_b\, ∇_ν \log w_b,\quad w_b = p(x, z_b) / q(z_b;\,ν)"
    help: ClassVar[str] = (
        "Maximises log (1/B) Σ w, a bound that tightens with more draws; the gradient of ν drowns in noise as B grows."
    )
    source: ClassVar[str] = "Burda, Grosse & Salakhutdinov 2016"
    path: ClassVar[bool] = True
    bound: ClassVar[str] = "iwae"

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        """−⌊B w̃_b⌋ log q(t(ε_b, ν); ν); the factors carry the same weight."""
        return -context.weights * draw.log_q()  # type: ignore[operator]
