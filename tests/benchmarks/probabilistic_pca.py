"""Probabilistic PCA by black box VI against its closed form, for the whole table of known answers.

`python -m tests.benchmarks.probabilistic_pca` trains a linear decoder and a linear encoder by path-only gradients and prints, next to the
closed form: the fitted log-likelihood per data point, its ELBO, σ², the subspace angle; and with σ² fixed the active dimensions and KL.
"""

import math
import time
from dataclasses import dataclass

import torch
from torch import Tensor

from elbo_room.models.data import digits, from_array
from elbo_room.models.deep_generative.settings import Settings
from elbo_room.models.diagnostics import kl_per_dimension
from elbo_room.models.diagnostics.evidence.known import linear_decoder
from elbo_room.models.exact.probabilistic_pca import ProbabilisticPCA, fit, subspace_angle
from elbo_room.models.training.run import Run

TABLES = {"iris": (1, 2), "wine": (2, 5), "diabetes": (2, 5), "digits": (2, 5)}
FIXED = (0.05, 0.2)  # σ² of the digits divided by 16, K = 20
ALIVE = 0.003  # nats: the weakest live dimension has .0064, at l = .2026 and σ² = .2; a dead one goes to 0
# Step size and share of the steps. Near its threshold a dimension grows or dies at a rate of |l/σ² − 1|: that takes long steps.
SHORT = ((0.01, 0.4), (0.003, 0.3), (0.001, 0.3))
LONG = ((0.02, 0.5), (0.005, 0.3), (0.001, 0.2))


def standardised(name: str) -> Tensor:
    """One of scikit-learn's tables, columns of mean 0 and variance 1; columns that never move are left out (61 live pixels)."""
    from sklearn import datasets

    rows = torch.tensor(getattr(datasets, f"load_{name}")().data, dtype=torch.float64)
    rows = rows[:, rows.std(0) > 0]
    return (rows - rows.mean(0)) / rows.std(0, correction=0)


@dataclass(frozen=True)
class Fitted:
    """What a run found, and the closed form of the same data; nats per data point."""

    known: ProbabilisticPCA
    found: ProbabilisticPCA
    log_likelihood: float  # exact, of the model found
    elbo: float
    divergence: Tensor  # (K,)
    seconds: float

    @property
    def active(self) -> int:
        """Directions that the loadings found keep, ½ log(1 + s²/σ²) > 0 for their singular values s.

        Two columns may share a direction that is hardly alive, at no cost; so columns are not counted.
        """
        return int((self.found.divergence() > ALIVE).sum())

    @property
    def angle(self) -> float:
        """The largest angle between the subspaces of the live dimensions, in degrees."""
        alive = int(self.known.active().sum())
        own = torch.linalg.svd(self.found.loadings, full_matrices=False).U[:, :alive]
        return subspace_angle(own, self.known.loadings[:, :alive])


def fitted(x: Tensor, size: int, steps: int, variance: float | None = None, seed: int = 7) -> Fitted:
    """Train on rows x (N, D), all of them at every step, with σ learned or fixed; the weights' prior is as good as flat."""
    start = time.perf_counter()
    head = {"scale_head": "shared"} if variance is None else {"scale_head": "fixed", "sigma": math.sqrt(variance)}
    settings = Settings(
        depth=0, latent_size=size, prior_scale=100.0, batch_size=2000, draws=1, estimator="path_only", seed=seed, stop_at=1, **head,
    )  # fmt: skip
    run = Run(settings, from_array(x))
    done = 0.0
    for step_size, share in SHORT if variance is None else LONG:
        done += share
        run.change(step_size=step_size, stop_at=max(1, round(done * steps)))
        elbos = [step.elbo for step in run]
    found = linear_decoder(run.model)
    if found is None:
        raise ValueError("The decoder of these settings is not linear. Check them.")
    divergence = kl_per_dimension(run.model, run.q, run.data.whole()).double()
    exact, last = float(found.log_likelihood(x).mean()), elbos[-100:]
    return Fitted(
        fit(x, size, variance), found, exact, sum(last) / len(last), divergence, time.perf_counter() - start
    )  # fmt: skip


def main() -> None:
    """Print both tables."""
    torch.set_num_threads(1)
    print("log-likelihood per datum      closed form   BBVI: exact    its ELBO   σ² closed   BBVI   angle°    s")
    for name, sizes in TABLES.items():
        x = standardised(name)
        for size in sizes:
            one = fitted(x, size, 3000)
            best = float(one.known.log_likelihood(x).mean())
            print(
                f"{name:10s} K = {size:2d}            {best:12.4f} {one.log_likelihood:12.4f} {one.elbo:12.4f}"
                f"   {one.known.variance:.5f} {one.found.variance:.5f} {one.angle:6.2f} {one.seconds:6.1f}",
                flush=True,
            )
    print("\ndigits/16, K = 20, σ² fixed   active: theory, BBVI   KL: theory, BBVI      ELBO: theory, BBVI")
    x = digits().x.double()
    for variance in FIXED:
        one = fitted(x, 20, 12_000, variance)
        known = one.known
        counts = f"{int(known.active().sum()):12d} {one.active:5d}"
        nats = f"{float(known.divergence().sum()):10.5f} {float(one.divergence.sum()):9.5f}"
        bounds = f"{float(known.log_likelihood(x).mean()):10.5f} {one.elbo:10.5f}"
        print(f"σ² = {variance:4.2f}                    {counts}   {nats}   {bounds}   {one.seconds:.0f} s", flush=True)


if __name__ == "__main__":
    main()
