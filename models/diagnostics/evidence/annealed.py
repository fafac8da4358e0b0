"""Annealed importance sampling: log p(x) from below, by C chains per data point from base to posterior over T temperatures.

log w = Σ_t (β_t − β_{t−1}) [log p(x, z_{t−1}) − log base(z_{t−1})], z_t ~ HMC at β_t (Neal 2001; Wu, Burda, Salakhutdinov & Grosse
2017). E w = p(x), so E log (1/C) Σ w ≤ log p(x). The step sizes are found beforehand by separate chains, and stay fixed while the
weights are computed: a step size that depends on its own chain would invalidate the bound.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor

from elbo_room.models.core import Batch, Model
from elbo_room.models.diagnostics.evidence.hmc import LONGEST, Path
from elbo_room.models.diagnostics.evidence.importance import Interval, log_evidence
from elbo_room.models.probing.probe import frozen
from elbo_room.models.variational import Posterior

ACCEPTED = 0.8  # target acceptance rate of the step sizes
GAIN = 0.15  # how much one temperature can change the log step size
Found = TypeVar("Found")
SCOUTS = 8  # chains that search for step sizes


@dataclass(frozen=True)
class Schedule:
    """Temperatures 0 = β_0 < … < β_T = 1 and the step size of each data point at each."""

    betas: tuple[float, ...]
    step_sizes: Tensor  # (T + 1, M)
    accepted: float  # share of the scouts' moves


def temperatures(count: int) -> tuple[float, ...]:
    """β_t = ½ (1 − cos π t/T): small steps at either end, where the density changes most."""
    angle = torch.arange(count + 1, dtype=torch.float64) * torch.pi / count
    return tuple((0.5 * (1 - angle.cos())).tolist())


def scouting(path: Path, count: int, generator: torch.Generator) -> Iterator[Schedule | None]:
    """Find the step sizes on the way up; yields None at each temperature and finally the schedule.

    Raises:
        ValueError: fewer than one temperature.
    """
    if count < 1:
        raise ValueError(f"{count} temperatures were requested; annealing needs 1 or more, ideally a few hundred.")
    here, betas = path.start(SCOUTS, generator), temperatures(count)
    log_size = torch.full((path.nu.shape[0],), LONGEST, dtype=path.nu.dtype).log()  # (M,)
    sizes, chances = [log_size.exp()], []
    for beta in betas[1:]:
        here, chance = path.move(here, beta, log_size.exp(), generator)
        log_size = (log_size + GAIN * (chance.mean(0) - ACCEPTED)).clamp_max(torch.tensor(LONGEST).log())
        sizes.append(log_size.exp())
        chances.append(float(chance.mean()))
        yield None
    yield Schedule(betas, torch.stack(sizes), sum(chances) / len(chances))


def forward(path: Path, schedule: Schedule, chains: int, generator: torch.Generator) -> Iterator[Tensor | None]:
    """Chains from base up to the posterior; yields None at each temperature and finally log w (C, M)."""
    here, betas = path.start(chains, generator), schedule.betas
    log_w = torch.zeros_like(here.base)
    for t in range(1, len(betas)):
        log_w = log_w + (betas[t] - betas[t - 1]) * (here.joint - here.base)
        if t + 1 < len(betas):
            here, _ = path.move(here, betas[t], schedule.step_sizes[t], generator)
        yield None
    yield log_w


def backward(
    path: Path, schedule: Schedule, exact: Tensor, chains: int, generator: torch.Generator
) -> Iterator[Tensor | None]:
    """Chains from one exact draw of each posterior (M, K) down to base; yields None at each temperature and finally −log w' (C, M).

    E w' = 1/p(x), so −log (1/C) Σ w' is an upper bound of log p(x) in expectation.
    """
    here, betas = path.at(exact.expand(chains, *exact.shape)), schedule.betas
    log_w = torch.zeros_like(here.base)
    for t in range(len(betas) - 1, 0, -1):
        here, _ = path.move(here, betas[t], schedule.step_sizes[t], generator)
        log_w = log_w + (betas[t] - betas[t - 1]) * (here.joint - here.base)
        yield None
    yield log_w


def annealing(path: Path, chains: int, temperatures: int, generator: torch.Generator) -> Iterator[Tensor | None]:
    """Scouting, then the way up: None at each temperature of both, and finally log w (C, M)."""
    schedule = None
    for found in scouting(path, temperatures, generator):
        schedule = found
        yield None
    if schedule is not None:
        yield from forward(path, schedule, chains, generator)


def last(steps: Iterator[Found | None]) -> Found:
    """The final value of an iterator that yields None after each slice of its work."""
    *_, found = steps
    return found  # type: ignore[return-value]


def annealed_log_weights(
    model: Model,
    q: Posterior,
    batch: Batch,
    generator: torch.Generator,
    *,
    chains: int = 16,
    temperatures: int = 200,
    base: str = "q",
) -> Tensor:
    """log w of C chains for each of M data points: (C, M); their `log_mean` is log p(x) from below."""
    with frozen(model, q):
        path = Path(model, q, batch, base)
        return last(annealing(path, chains, temperatures, generator))


def annealed_evidence(
    model: Model,
    q: Posterior,
    batch: Batch,
    generator: torch.Generator,
    *,
    chains: int = 16,
    temperatures: int = 200,
    base: str = "q",
) -> Interval:
    """The average of log p(x) over M data points, from below, with its interval due to the chains; nats per data point.

    Raises:
        ValueError: a site is global or not Normal.
    """
    log_w = annealed_log_weights(model, q, batch, generator, chains=chains, temperatures=temperatures, base=base)
    return log_evidence(log_w, generator)
