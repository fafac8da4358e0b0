"""β {E (1/β) log p(x | z) + E log p(z) − E log q(z)}: a weight on the KL is the ELBO of a tempered model, times β.

So no estimator needs to know β: f, pilot draws, f elsewhere and closed-form parts are those of the tempered model, and the weighted
objective's gradient is as unbiased as the ELBO's.
"""

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor

from elbo_room.models.core import Batch, Factor, Model, Site
from elbo_room.models.estimators import Draw, Estimator, NotApplicableError
from elbo_room.models.inference.objective import Objective


class Tempered:
    """A model whose factors outside the KL are divided by β."""

    def __init__(self, model: Model, beta: float) -> None:
        self.model, self.beta = model, beta

    @property
    def sites(self) -> Mapping[str, Site]:
        """The sites of the model."""
        return self.model.sites

    def factors(self, batch: Batch, latents: Mapping[str, Tensor]) -> list[Factor]:
        """The model's factors, the likelihood's and the weights' divided by β.

        Raises:
            NotApplicableError: no factor belongs to the KL, so β has nothing to weight.
        """
        found = self.model.factors(batch, latents)
        if not any(factor.in_kl for factor in found):
            raise NotApplicableError(
                f"β was {self.beta:g}, but no factor of this model is marked as part of the KL (in_kl). "
                "Mark the latent prior's, or set β to 1."
            )
        return [factor if factor.in_kl else replace(factor, value=factor.value / self.beta) for factor in found]


NO_FREE_BITS = (
    "Free bits need the KL of each dimension of {site!r} in closed form; this prior has none. "
    "Set free bits to 0, or choose the normal prior."
)


def refused(model: Model, estimators: Mapping[str, Estimator], objective: Objective) -> str | None:
    """None, or why these estimators, or this model's latent prior, do not work with this objective."""
    prior = getattr(model, "latent_prior", None)
    if objective.free_bits and prior is not None and prior.nu is None:
        return NO_FREE_BITS.format(site=next(iter(model.sites)))
    for estimator in estimators.values():
        if estimator.bound != "elbo" and not objective.plain:
            return (
                f"{estimator.label} maximises a bound without a separate KL, so β, warm-up and free bits have nothing to act on. "
                "Set β to 1 and the others to 0, or choose an ELBO estimator."
            )
    return None


def shortfall(draws: Mapping[str, Draw], factors: list[Factor], free_bits: float) -> Tensor:
    """Σ_k max(λ − KL_k, 0), KL_k in closed form and averaged over the minibatch: (R, B), differentiable in ν.

    Subtracted, it cancels ∇KL_k wherever KL_k < λ, whatever the estimator.

    Raises:
        NotApplicableError: a prior without a closed-form KL.
    """
    total = torch.zeros(())
    for name, draw in draws.items():
        if any(f.value.ndim == 2 and f.on == {name} for f in factors):
            continue  # a global site: free bits are for the dimensions of z
        prior = next((f.prior for f in factors if f.prior is not None and f.on == {name}), None)
        if prior is None or not draw.family.states("divergence"):
            raise NotApplicableError(NO_FREE_BITS.format(site=name))
        divergence = draw.family.divergence(draw.nu, prior).mean(2)  # (R, B, K)
        total = total + (free_bits - divergence).clamp_min(0).sum(-1)
    return total
