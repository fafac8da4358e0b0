"""Reparameterisation, total derivative: G_b = ∇_ν [log p(x, t(ε_b, ν)) − log q(t(ε_b, ν); ν)], the lecture notes' first line."""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from elbo_room.models.estimators.estimator import Context, Draw, Estimator


@dataclass(frozen=True)
class Reparameterization(Estimator):
    """z = t(ε, ν) is differentiated; for a location-scale q this equals the analytic-entropy form draw by draw (Kingma & Welling 2014)."""

    name: ClassVar[str] = "reparameterization"
    label: ClassVar[str] = "reparameterisation"
    symbol: ClassVar[str] = r"G_b = ∇_ν [\log p(x, t(ε_b, ν)) − \log q(t(ε_b, ν);\,ν)]"
    help: ClassVar[str] = (
        "Follows the gradient of log p through z = μ + σε; needs continuous latents and a differentiable model."
    )
    source: ClassVar[str] = "Kingma & Welling 2014; Rezende, Mohamed & Wierstra 2014"
    path: ClassVar[bool] = True

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        """−log q(t(ε, ν); ν), live in both places; the factors themselves are live."""
        return -draw.log_q_drawn()
