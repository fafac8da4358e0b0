"""Exact coordinate ascent beside a conjugate pair's run: a sweep now and then, until it stands still; its ELBO is a line of panel A."""

import time
from typing import Any

import torch

from models.gamma_poisson import GammaPoisson, Prior
from models.inference.run import Run

PAUSE = 5.0  # times a sweep's own seconds, until the next
SWEEPS, STILL = 400, 1e-5  # relative change of the ELBO below which the yardstick is done


class Yardstick:
    """Gamma–Poisson factorisation of the run's data with the run's priors."""

    def __init__(self, exact: GammaPoisson, total: int) -> None:
        self.exact, self.total = exact, total
        self.level: float | None = None
        self.left, self.due = SWEEPS, 0.0

    def sweep(self) -> float:
        """The ELBO per datum, after one sweep more if it is time."""
        now = time.perf_counter()
        if self.level is None or (self.left and now >= self.due):
            before, self.level = self.level, self.exact.sweep().elbo() / self.total
            still = before is not None and abs(self.level - before) < STILL * abs(self.level)
            self.left = 0 if still else self.left - 1
            self.due = time.perf_counter() + PAUSE * (time.perf_counter() - now)
        return self.level


def yardstick_of(run: Run) -> Yardstick | None:
    """The yardstick of a one-layer Gamma or exponential layer with Gamma weights and counts; None where the pair is not conjugate."""
    s: Any = run.settings
    conjugate = s.depth == 1 and s.layer_1 in ("gamma", "exponential") and s.weights == "gamma"
    if not conjugate or s.response != "poisson":
        return None
    shape = s.layer_shape if s.layer_1 == "gamma" else 1.0
    prior = Prior(shape, shape, s.weight_shape, s.weight_shape / s.prior_scale)
    return Yardstick(GammaPoisson(run.data.x, s.width_1, prior, torch.Generator().manual_seed(s.seed)), run.data.size)
