"""NVIL: G_b = (f_b − c̄ − ς c_φ(x)) s_b: a baseline learned from past steps; φ descends (f − c̄ − ς c_φ(x))², c̄ and ς are f's moments."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from elbo_room.models.estimators import learned
from elbo_room.models.estimators.estimator import Context, Draw, Estimator


@dataclass(frozen=True)
class Nvil(Estimator):
    """Neural variational inference and learning: unbiased for any q, even at B = 1 (Mnih & Gregor 2014).

    Traps: a moving average that includes the current f is biased; the baseline lags after λ changes. A global site has no x: only c̄.
    """

    name: ClassVar[str] = "nvil"
    label: ClassVar[str] = "NVIL"
    symbol: ClassVar[str] = r"G_b = (f_b − c̄ − ς\, c_φ(x))\, s_b"
    help: ClassVar[str] = "A baseline predicted by a small network from each data point: works at B = 1, but lags."
    source: ClassVar[str] = "Mnih & Gregor 2014"
    warm_up: ClassVar[int] = 50

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        """⌊f − c̄ − ς c_φ(x)⌋ log q(⌊z⌋; ν), with the previous step's c̄, ς and φ; then one step for each."""
        cost, memory = context.cost, context.memory
        mean, spread = learned.moments(memory, cost)
        baseline = mean
        if context.x is not None and draw.nu.shape[2] == len(context.x):
            parts = learned.weights(memory, context.x.shape[-1], cost, context.generator)
            with torch.enable_grad():
                guess = learned.network(parts, context.x.to(cost.dtype))  # (M,)
                loss = ((cost - mean) / spread - guess).square().mean()
                learned.step(memory, torch.autograd.grad(loss, parts))
            baseline = mean + spread * guess.detach()
        learned.remember_moments(memory, cost)
        return (cost - baseline) * draw.log_q(frozen_value=True)
