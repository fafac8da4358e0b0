"""What theory says of a linear decoder with one σ: lines for panel A, marks for panel D, and a sentence.

The model is probabilistic PCA at every step (Tipping & Bishop 1999), so its log-likelihood is exact; the largest one, the dimensions that
an optimum keeps at the present β and σ, l_i > βσ² (Lucas et al. 2019), and their KL ½ log(l_i/βσ²) follow from the data's eigenvalues.
"""

from typing import Any

import numpy as np
import torch

from models.diagnostics.known_evidence import linear_decoder
from models.inference.run import Run
from models.probabilistic_pca import ProbabilisticPCA, best_elbo, spectrum, subspace_angle

MOST_FEATURES = 500  # whose covariance is still decomposed in an instant
HEADING = "KL per latent dimension, and ┃ in theory ½ log(l/βσ²)"
LABELS = ("largest possible, closed form", "exact, at present")


class Principal:
    """The closed form of one run's data, and how far the run is from it."""

    def __init__(self, run: Run) -> None:
        self.run = run
        x = run.data.x.double()
        self.mean, self.eigenvalues, self.vectors = spectrum(x)
        self.covariance = (self.vectors * self.eigenvalues) @ self.vectors.T

    @property
    def beta(self) -> float:
        """The KL's weight at the present step."""
        return self.run.objective.beta

    def look(self, divergence: torch.Tensor) -> dict[str, Any]:
        """Columns for panels A and D, and the facts; `divergence` (K,) is q's."""
        model = linear_decoder(self.run.model)
        if model is None:
            return {}
        exact = model.average_log_likelihood(self.mean, self.covariance)
        largest = self.largest(model)
        with torch.no_grad():  # the curve holds the weights' prior too
            prior = self.run.model.prior.log_prob(dict(self.run.model.decoder.named_parameters()))  # type: ignore[attr-defined]
        shift = float(prior) / self.run.data.size
        levels = {
            "value": np.array([largest + shift, exact + shift], np.float32),
            "index": np.arange(2, dtype=np.float32),
        }
        theory = self.theory(model)
        order = divergence.argsort(descending=True)
        marks = {"dimension": order.numpy().astype(np.float32), "value": theory.numpy().astype(np.float32)}
        return {
            "replace": {"elbo": {"levels": levels}, "kl": {"theory": marks}},
            "headings": {"kl": HEADING},
            "facts": {"sentence": self.sentence(model, exact, largest), "cause": None},
        }

    def largest(self, model: ProbabilisticPCA) -> float:
        """The log-likelihood per datum of the best β, m and, unless it is fixed, σ (which has a floor)."""
        own: Any = self.run.model
        least = float(own.response.floor) ** 2
        variance = (
            model.variance if own.fixed_scale else max(float(self.eigenvalues[model.latent_size :].mean()), least)
        )
        return best_elbo(self.eigenvalues, model.latent_size, variance)

    def threshold(self, model: ProbabilisticPCA) -> float:
        """βσ²."""
        return self.beta * model.variance

    def theory(self, model: ProbabilisticPCA) -> torch.Tensor:
        """½ log(l_k/βσ²) where positive: (K,), the largest first."""
        return 0.5 * (self.eigenvalues[: model.latent_size] / self.threshold(model)).clamp_min(1).log()

    def sentence(self, model: ProbabilisticPCA, exact: float, largest: float) -> str:
        """Distance to the closed form, angle to the principal subspace, and the eigenvalues on either side of βσ²."""
        threshold, values = self.threshold(model), self.eigenvalues[: model.latent_size]
        alive, name = int((values > threshold).sum()), "βσ²" if self.beta != 1 else "σ²"
        words = f"Exact log p(x) is {exact:.2f} nats, {max(largest - exact, 0):.2f} below the largest possible"
        if alive:
            span = torch.linalg.svd(model.loadings, full_matrices=False).U[:, :alive]
            angle = subspace_angle(span, self.vectors[:, :alive])
            words += f"; the loadings are {angle:.0f}° off the principal subspace"
        if alive == len(values):
            why = f"all {alive} dimensions live: the last eigenvalue l{alive} = {values[-1]:.3f} > {name} = {threshold:.3f}"
        else:
            kept = f"l{alive} = {values[alive - 1]:.3f} > " if alive else ""
            why = f"{alive} of {len(values)} dimensions live: {kept}{name} = {threshold:.3f} > l{alive + 1} = {values[alive]:.3f}"
        return f"{words}. Theory: {why}.".replace("-", "−")


def principal_of(run: Run) -> Principal | None:
    """The closed form, or None where the decoder is not linear, not centred, or too wide."""
    settings: Any = run.settings
    fits = linear_decoder(run.model) is not None and getattr(settings, "intercept", False)
    if not fits or run.data.x.shape[1] > MOST_FEATURES or run.data.x.shape[1] <= settings.latent_size:
        return None
    return Principal(run)
