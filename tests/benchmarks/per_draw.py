"""What does every draw's gradient cost? `python -m tests.benchmarks.per_draw`: CPU time of a step with taps against
the mean alone.

Both take the default model's gradient at the same ν and noise; interleaved in random order, one thread. Goal: a
median ratio ≤ 1.2.
"""

import random
import statistics
import time
from collections.abc import Callable

import torch

from elbo_room.models.deep_generative.settings import Settings
from elbo_room.models.estimators import ESTIMATORS, Estimator
from elbo_room.models.families import Normal
from elbo_room.models.inference.estimate import draw_noise, estimate
from elbo_room.models.training.run import Run

GOAL, ROUNDS = 1.2, 200


def mean_only(run: Run, estimator: Estimator, draws: int, noise: torch.Tensor, rows: torch.Tensor) -> None:
    """The same surrogate without taps: ν is broadcast, never expanded or kept, and only encoder and decoder get
    gradients.
    """
    batch, family = run.data.batch(rows), Normal()
    nu = run.q.nu(run.model.sites["z"], batch)
    z = family.transform(noise, nu) if estimator.path else family.transform(noise, nu.detach())
    first, fit, prior = (factor.value for factor in run.model.factors(batch, {"z": z}))
    frozen = nu.detach() if estimator.name == "path_only" else nu
    log_q = family.log_prob(z, frozen).sum(-1)
    cost = (first + fit - log_q).detach()
    if estimator.name == "leave_one_out":
        cost = cost - (cost.sum(1, keepdim=True) - cost) / (draws - 1)
    term = -log_q if estimator.path else cost * log_q
    (-(first + fit + term).sum() / (batch.size * draws) - prior.sum() / (batch.total * draws)).backward()


def seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def compare(name: str, draws: int) -> float:
    """The median over rounds of CPU time with taps / without."""
    run, estimator = Run(Settings()), ESTIMATORS[name]()
    generator = torch.Generator().manual_seed(0)
    rows = torch.arange(run.settings.batch_size)
    noise = draw_noise(run.model, run.data.batch(rows), 1, draws, generator, torch.float32)

    def tapped() -> None:
        run.optimizer.clear_gradients()
        found = estimate(run.model, run.q, {"z": estimator}, run.data.batch(rows), draws, generator, noise=noise)
        found.draw_gradients(run.model.sites["z"])

    def plain() -> None:
        run.optimizer.clear_gradients()
        mean_only(run, estimator, draws, noise["z"], rows)

    ratios, order = [], random.Random(0)
    for turn in range(ROUNDS + 20):
        first_tapped = order.random() < 0.5
        pair = [seconds(work) for work in ((tapped, plain) if first_tapped else (plain, tapped))]
        if turn >= 20:
            ratios.append(pair[0] / pair[1] if first_tapped else pair[1] / pair[0])
    return statistics.median(ratios)


def main() -> None:
    """Print the ratios."""
    torch.set_num_threads(1)
    for draws in (4, 64):
        for name in ("score", "leave_one_out", "reparameterization", "path_only"):
            ratio = compare(name, draws)
            print(
                f"B = {draws:2d}  {name:20s} {ratio:.2f}×  {'within' if ratio <= GOAL else 'above'} the goal of {GOAL}×"
            )


if __name__ == "__main__":
    main()
