"""Path with the entropy in closed form: G_b = ∇_ν log p(x, t(ε_b, ν)) + ∇_ν H(q(·; ν)).

For a location-scale q it is the total derivative, draw by draw: −log q(t(ε, ν); ν) = ½ε² + log s + const moves with ν as H does.
"""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from elbo_room.models.estimators.estimator import Context, Draw, Estimator
from elbo_room.models.families import Family


@dataclass(frozen=True)
class AnalyticEntropy(Estimator):
    """Differs from the total derivative only where log q is not a location-scale density: Gamma, Beta (Kucukelbir et al. 2017).

    The analytic form is not always less noisy: for score gradients −log q(z) acts as a control variate, and removing it raises the
    variance.
    """

    name: ClassVar[str] = "analytic_entropy"
    label: ClassVar[str] = "path + entropy"
    symbol: ClassVar[str] = r"G_b = ∇_ν \log p(x, t(ε_b, ν)) + ∇_ν H(q(\cdot\,;\,ν))"
    help: ClassVar[str] = (
        "The entropy's gradient in closed form; for a Gaussian q the same as reparameterisation, draw by draw."
    )
    source: ClassVar[str] = "Kucukelbir et al. 2017"
    path: ClassVar[bool] = True

    def supports(self, family: Family, draws: int) -> str | None:
        """None, or the reason: no path, or no entropy in closed form."""
        if reason := super().supports(family, draws):
            return reason
        if not family.states("entropy"):
            return f"{self.label} needs the entropy in closed form; {family.label} has none here. Choose reparameterisation."
        return None

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        """H(q(·; ν))."""
        return draw.family.entropy(draw.nu).sum(-1)
