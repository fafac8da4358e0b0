"""Exact coordinate ascent alongside a conjugate pair's run, until it converges; its ELBO is a line of panel A.

It runs in a separate thread, mostly asleep: torch's kernels hold no lock, so that training continues.
"""

import threading
import time
import weakref
from typing import Any

import torch

from elbo_room.models.exact.gamma_poisson import GammaPoisson, Prior
from elbo_room.models.training.run import Run
from elbo_room.widgets.worker.measuring.quiet import QUIET

SWEEPS, STILL = 400, 1e-5  # relative change of the ELBO below which the yardstick is done
REST = 3.0  # times a sweep's own seconds, until the next


class Yardstick:
    """Gamma–Poisson factorisation of the run's data with the run's priors: `level` is its ELBO per data point so far."""

    def __init__(self, exact: GammaPoisson, total: int) -> None:
        self.level, self.sweeps, self.done = exact.elbo() / total, 0, False
        self.thread = threading.Thread(target=_climb, args=(weakref.ref(self), exact, total), daemon=True)
        self.thread.start()


def _climb(owner: "weakref.ref[Yardstick]", exact: GammaPoisson, total: int) -> None:
    """Sweep until nothing changes or the view is hidden."""
    for number in range(1, SWEEPS + 1):
        begin = time.perf_counter()
        with QUIET:
            level = exact.sweep().elbo() / total
        seen = owner()
        if seen is None:
            return
        still = abs(level - seen.level) < STILL * abs(level)
        seen.level, seen.sweeps, seen.done = level, number, still or number == SWEEPS
        if seen.done:
            return
        del seen
        time.sleep(REST * (time.perf_counter() - begin))


def yardstick_of(run: Run) -> Yardstick | None:
    """The yardstick of a one-layer Gamma or exponential layer with Gamma weights and counts; None where the pair is not conjugate."""
    s: Any = run.settings
    model: Any = run.model
    plan, kind = model.plan, model.plan.layers[0][0]
    pair = {kind.density.name, plan.weights.density.name}
    if len(plan.layers) > 1 or pair != {plan.response.family.conjugate}:
        return None
    shape = s.layer_shape if kind.shaped else 1.0
    prior = Prior(shape, shape, s.weight_shape, s.weight_shape / s.prior_scale)
    return Yardstick(GammaPoisson(run.data.x, s.width_1, prior, torch.Generator().manual_seed(s.seed)), run.data.size)
