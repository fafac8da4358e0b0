"""Local reparameterisation: h_i = W̄ x_i + √(s² x_i²) ε_i: each data point draws its own sums of a layer, not the weights behind them.

G_b = ∇_ν [Σ_i log p(y_i | h_i(ε_bi, ν)) + log p(t(ε_b, ν)) − log q(t(ε_b, ν); ν)]; prior and entropy use the shared draw of the weights.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import torch

from elbo_room.models.conditional.bayesian_layers import LocalPerturbation, Perturb
from elbo_room.models.estimators.estimator import Draw
from elbo_room.models.estimators.reparameterization import Reparameterization
from elbo_room.models.settings import rule

if TYPE_CHECKING:
    from elbo_room.models.core import Model

NORMALS = rule(
    "posterior",
    "It needs independent Normal weights. Choose those for q(w), or reparameterisation.",
    among=("mean_field",),
)
PLAIN = rule(
    "network",
    "Its layers share weights over positions, so a data point's sums are not independent draws. Choose reparameterisation.",
    among=("feed_forward",),
)


@dataclass(frozen=True)
class LocalReparameterization(Reparameterization):
    """Unbiased, as every data point's term keeps its distribution; the likelihood's noise falls as 1/M (Kingma, Salimans & Welling 2015).

    With one shared draw of the weights, data points covary, and Var ĝ stays at that covariance however large the minibatch is.
    """

    name: ClassVar[str] = "local_reparameterization"
    label: ClassVar[str] = "local reparameterisation"
    symbol: ClassVar[str] = r"h_i = W̄ x_i + \sqrt{s^2 x_i^2}\, ε_i"
    help: ClassVar[str] = (
        "Every data point draws its own sums in each layer, so the noise averages out over a minibatch."
    )
    source: ClassVar[str] = "Kingma, Salimans & Welling 2015"
    for_weights: ClassVar[bool] = True
    requires: ClassVar[tuple[dict[str, object], ...]] = (NORMALS, PLAIN)
    perturb: ClassVar[Perturb] = LocalPerturbation()

    def refuses(self, model: "Model") -> str | None:
        """Only a Bayesian network can draw its weights again for each data point."""
        find = getattr(model, "why_not_per_datum", None)
        if find is None:
            return f"{self.label.capitalize()} is for the weights of a Bayesian network; this model has none. Choose reparameterisation."
        reason: str | None = find()
        return reason and f"{self.label.capitalize()} does not apply: {reason}"

    def wrap_model(self, model: "Model", site: str, draw: Draw, generator: torch.Generator) -> "Model":
        """The model with layers perturbed for each data point."""
        wrapped: Model = model.per_datum(site, draw, self.perturb, generator)  # type: ignore[attr-defined]
        return wrapped
