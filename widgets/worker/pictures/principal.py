"""Theoretical results for a linear decoder with one σ: lines for panel A, marks for panel D, and a sentence.

The model is probabilistic PCA at every step (Tipping & Bishop 1999), so its log-likelihood is exact; the largest one, the dimensions that
an optimum keeps at the present β and σ, l_i > βσ² (Lucas et al. 2019), and their KL ½ log(l_i/βσ²) follow from the data's eigenvalues.
"""

from typing import Any

import numpy as np
import torch

from elbo_room.models.diagnostics import active as is_active
from elbo_room.models.diagnostics.evidence.known import linear_decoder
from elbo_room.models.diagnostics.latent import unit_of
from elbo_room.models.exact.probabilistic_pca import ProbabilisticPCA, best_elbo, spectrum, subspace_angle
from elbo_room.models.training.run import Run
from elbo_room.widgets.messages import Columns, Picture

MOST_FEATURES = 500  # whose covariance is still decomposed in an instant
HEADING = "KL per dimension; ┃ theory"
EXACT, MAXIMUM = 5, 6  # places in theme.ELBO


class Principal:
    """The closed form of one run's data, and how far the run is from it."""

    def __init__(self, run: Run) -> None:
        self.run, self.begun = run, False
        x = run.data.x.double()
        self.mean, self.eigenvalues, self.vectors = spectrum(x)
        self.covariance = (self.vectors * self.eigenvalues) @ self.vectors.T

    @property
    def beta(self) -> float:
        """The KL's weight at the present step."""
        return self.run.objective.beta

    def look(self, divergence: torch.Tensor) -> Picture:
        """Columns for panels A and D, and the facts; `divergence` (K,) is q's."""
        model = linear_decoder(self.run.model)
        if model is None:
            return {}
        exact = model.average_log_likelihood(self.mean, self.covariance)
        largest = self.largest(model)
        order = divergence.argsort(descending=True)  # the longest bar belongs to the largest eigenvalue
        marks = {"dimension": order.float().numpy(), "value": self.theory(model).float().numpy()}
        return {
            "append": {"elbo": {"lines": self.lines(exact, largest)}},
            "replace": {"kl": {"theory": marks}},
            "headings": {"kl": HEADING},
            "facts": {"theory": self.sentence(model, exact, largest, int(is_active(divergence).sum()))},
        }

    def lines(self, exact: float, largest: float) -> Columns:
        """The next point of both lines; the maximum's begins at step 0."""
        at = float(self.run.number)
        rows = [(at, exact, EXACT), (at, largest, MAXIMUM)]
        if not self.begun:
            rows.insert(0, (0.0, largest, MAXIMUM))
        self.begun = True
        return dict(zip(("step", "value", "series"), np.asarray(rows, np.float32).T, strict=True))

    def largest(self, model: ProbabilisticPCA) -> float:
        """The log-likelihood per data point of the best β, m and, unless it is fixed, σ (which has a floor)."""
        own: Any = self.run.model
        rest = max(float(self.eigenvalues[model.latent_size :].mean()), float(own.response.floor) ** 2)
        return best_elbo(self.eigenvalues, model.latent_size, model.variance if own.fixed_scale else rest)

    def threshold(self, model: ProbabilisticPCA) -> float:
        """βσ²."""
        return self.beta * model.variance

    def theory(self, model: ProbabilisticPCA) -> torch.Tensor:
        """½ log(l_k/βσ²) where positive: (K,), the largest first."""
        return 0.5 * (self.eigenvalues[: model.latent_size] / self.threshold(model)).clamp_min(1).log()

    def sentence(self, model: ProbabilisticPCA, exact: float, largest: float, active: int) -> str:
        """Active dimensions, the eigenvalues on either side of βσ², distance to the closed form, angle to the principal subspace.

        A dimension whose eigenvalue is only just above βσ² is alive in theory and carries less than the threshold all the same.
        """
        threshold, values = self.threshold(model), self.eigenvalues[: model.latent_size]
        alive, name = int((values > threshold).sum()), "βσ²" if self.beta != 1 else "σ²"
        kept = f"l{alive} = {values[alive - 1]:.3f} > " if alive else ""
        lost = f" > l{alive + 1} = {values[alive]:.3f}" if alive < len(values) else ""
        unit = unit_of(self.run.model)
        words = "" if unit == 1 else f"Loadings divided by λ = {unit:.3g} of z give the same p(x). "
        words += (
            f"{active} of {len(values)} dimensions are active, in theory {int(is_active(self.theory(model)).sum())}"
        )
        words += f"; {kept}{name} = {threshold:.3f}{lost}."
        at = " at E θ" if len(self.run.model.sites) > 1 else ""
        words += f" Exact log p(x){at}: {exact:.2f} nats, {max(largest - exact, 0):.2f} below its maximum"
        if alive:
            span = torch.linalg.svd(model.loadings, full_matrices=False).U[:, :alive]
            words += f"; loadings {subspace_angle(span, self.vectors[:, :alive]):.0f}° off the principal axes"
        return f"{words}.".replace("-", "−")


def principal_of(run: Run) -> Principal | None:
    """The closed form, or None where the decoder is not linear, not centred, or too wide."""
    settings: Any = run.settings
    fits = linear_decoder(run.model) is not None and getattr(settings, "intercept", False)
    if not fits or run.data.x.shape[1] > MOST_FEATURES or run.data.x.shape[1] <= settings.latent_size:
        return None
    return Principal(run)


__all__ = ["EXACT", "MAXIMUM", "Principal", "principal_of"]
