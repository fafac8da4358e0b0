"""Path for the likelihood, KL in closed form: G_b = ∇_ν log p(x | t(ε_b, ν)) − ∇_ν KL(q(·; ν) ‖ p), the VAE's usual form.

It holds only if the prior factor contains this site alone, with q's own family: log p(z) = Σ_k log p(z_k; ν₀). A factor declares its
ν₀ (`Factor.prior`), and the declaration is checked against the factor's value at every estimate (in a run that replays a tape: from time
to time). With a prior whose parameters depend on another site, the closed form would be silently wrong.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor

from elbo_room.models.estimators.estimator import Context, Draw, Estimator, NotApplicableError
from elbo_room.models.families import Family
from elbo_room.models.latent_priors import LATENT_PRIORS
from elbo_room.models.replay.untaped import untaped
from elbo_room.models.settings import rule

if TYPE_CHECKING:
    from elbo_room.models.core import Model


@dataclass(frozen=True)
class AnalyticKL(Estimator):
    """Often, but not always, less noisy than the total derivative; not zero at q = posterior (Kingma & Welling 2014, appendix B)."""

    name: ClassVar[str] = "analytic_kl"
    label: ClassVar[str] = "path + KL"
    symbol: ClassVar[str] = r"G_b = ∇_ν \lit{likelihood}{\log p(x ∣ t(ε_b, ν))} − ∇_ν \lit{kl}{\text{KL}(q\,‖\,p)}"
    help: ClassVar[str] = (
        "Draws only for the likelihood; the KL to the prior, for example a Gaussian, has a closed form."
    )
    source: ClassVar[str] = "Kingma & Welling 2014"
    path: ClassVar[bool] = True
    requires: ClassVar[tuple[dict[str, object], ...]] = (
        rule(
            "latent_prior",
            "The KL to a mixture has no closed form. Choose reparameterisation, or the normal prior.",
            among=[name for name, part in LATENT_PRIORS.items() if part.closed_form],
        ),
    )

    def supports(self, family: Family, draws: int) -> str | None:
        """None, or the reason: no path, or no KL in closed form."""
        if reason := super().supports(family, draws):
            return reason
        if not family.states("divergence"):
            return f"{self.label} needs the KL in closed form; {family.label} has none here. Choose reparameterisation."
        return None

    def refuses(self, model: "Model") -> str | None:
        """None, or the reason: the KL to the model's prior is not known."""
        find = getattr(model, "why_no_divergence", None)
        reason: str | None = find() if find is not None else None
        return reason and f"{self.label.capitalize()} does not apply: {reason}"

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        """−KL − log p(z): cancels the live factor log p(z).

        Raises:
            NotApplicableError: no factor declares the site's prior, or its declaration is wrong.
        """
        factor = context.prior
        if factor is None or factor.prior is None:
            raise NotApplicableError(
                f"{self.label} needs a prior of the same family as q ({draw.family.label}), whose parameters depend on no other latent "
                "variable; this model has none. Choose reparameterisation."
            )
        value = factor.value if factor.value.ndim == 3 else factor.value.unsqueeze(-1)  # (R, B, M)
        with untaped():
            declared = draw.family.log_prob(draw.value.detach(), factor.prior.detach()).sum(-1)  # (R, B, M)
            close = torch.isclose(value.detach(), declared, rtol=1e-4, atol=1e-3)
            known = (
                value.detach().isfinite() & declared.isfinite()
            )  # otherwise the run has diverged, which is reported elsewhere
            fits = bool((close | ~known).all())
        if not fits:
            raise NotApplicableError(
                f"Factor {factor.name!r} declares a prior that does not match its value. Correct its `prior`, or choose reparameterisation."
            )
        return -draw.family.divergence(draw.nu, factor.prior).sum(-1) - value
