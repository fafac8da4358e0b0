"""ĝ = (1/B) Σ_b G_b, taken apart: the ε_b, z_b and G_b of the step that a run will make next, without making it.

The step itself may be replayed from a tape, which keeps no draws; here the same noise, batch and parameters go through `estimate`,
and everything that determines the next step is restored afterwards. So the numbers are exactly those of that step.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor

from elbo_room.models.core import Batch
from elbo_room.models.diagnostics.latent import plane
from elbo_room.models.inference.estimate import Estimate, estimate
from elbo_room.models.inference.surrogate_context import numbers_of_evaluation
from elbo_room.models.training.run import Run

MOST_NUMBERS = 2**23  # of all evaluations of log p made at a time


@contextmanager
def undisturbed(run: Run) -> Iterator[None]:
    """Restore the run's random stream, its data order and its gradients afterwards, whatever happens inside."""
    stream, order = run.generator.get_state(), run.order
    gradients = {name: parameter.grad for name, parameter in run.parameters.items()}
    try:
        run.optimizer.clear_gradients()
        yield
    finally:
        run.generator.set_state(stream)
        run.order = order
        for name, parameter in run.parameters.items():
            parameter.grad = gradients[name]


def peek_next_step(run: Run) -> Estimate:
    """The estimate of the next step, draw by draw: bit for bit the one that `next(run)` will use."""
    settings = run.settings
    memory = {part: {key: value.clone() for key, value in kept.items()} for part, kept in run.memory.items()}
    with undisturbed(run):
        return estimate(
            run.model, run.q, run.estimators, run.next_batch(), run.draws, run.generator, memory=memory,
            rao_blackwell=settings.rao_blackwell, noise_kind=run.noise, objective=run.objective,
        )  # fmt: skip


@dataclass(frozen=True)
class Anatomy:
    """One step as seen by q of one data point or of a global site; gradients are of the point's own or the whole objective, in nats."""

    row: int  # of the data; −1: the site is global
    nu: Tensor  # (n_params, K)
    noise: Tensor  # ε_b (B, K)
    value: Tensor  # z_b (B, K)
    gradient: Tensor  # G_b (B, n_params, K)
    batch: Batch  # the data point alone, or for a global site the minibatch
    score: Tensor  # s_b = ∇_ν log q(z_b; ν) (B, n_params, K)

    @property
    def mean(self) -> Tensor:
        """ĝ = (1/B) Σ_b G_b: (n_params, K)."""
        return self.gradient.mean(0)

    @property
    def weights(self) -> Tensor:
        """The w_b with G_b = w_b s_b, (B,): f_b for the score gradient, f_b minus the other draws' mean for leave-one-out."""
        score, gradient = self.score.flatten(1), self.gradient.flatten(1)
        return (score * gradient).sum(1) / score.square().sum(1)


@torch.no_grad()
def anatomy(found: Estimate, run: Run, site: str, at: int) -> Anatomy:
    """The step of `found` for the data point at position `at` of its batch; a global site has only position 0."""
    draw, batch = found.draws[site], found.batch
    if draw.noise is None:
        raise ValueError(f"Site {site!r} was drawn without noise of its own; a step of it cannot be taken apart.")
    nu, value, noise = draw.nu[0, :, at], draw.value[0, :, at], draw.noise[0, :, at]  # (B, …)
    row, alone = -1, batch
    if run.model.sites[site].plate == "local":
        covariates = None if batch.covariates is None else batch.covariates[at : at + 1]
        alone = Batch(batch.x[at : at + 1], batch.rows[at : at + 1], batch.total, covariates=covariates)
        row = int(batch.rows[at])
    gradient = found.draw_gradients(run.model.sites[site])[0, :, at]
    score = draw.family.score(value, nu)
    return Anatomy(row, nu[0].clone(), noise.clone(), value.clone(), gradient.clone(), alone, score)


@torch.no_grad()
def log_joint(
    run: Run, site: str, one: Anatomy, axes: tuple[int, int], low: Tensor, high: Tensor, count: int
) -> Tensor:
    """log p(x_i, z) over a count × count grid in the plane of two axes through μ, rows from low to high of the second: (count²,).

    For a global site: log p(x, w) of all N data points, as estimated from the minibatch.
    """
    z = plane(one.nu[0], axes, low, high, count)  # (count², K)
    if one.row >= 0:
        factors = run.model.factors(one.batch, {site: z[None, :, None]})
        return torch.stack([factor.value[0, :, 0] for factor in factors if factor.value.ndim == 3]).sum(0)
    share = one.batch.total / one.batch.size
    together = max(1, MOST_NUMBERS // numbers_of_evaluation(run.model, one.batch.x.shape[1:], one.batch.size))
    found = []
    for part in z.split(together):
        factors = run.model.factors(one.batch, {site: part[None]})
        values = [factor.value[0] if factor.value.ndim == 2 else share * factor.value[0].sum(-1) for factor in factors]
        found.append(torch.stack(values).sum(0))
    return torch.cat(found)
