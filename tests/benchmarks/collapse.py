"""Collapse scenes over seeds: how many of ten behave as their goal states. `python -m tests.benchmarks.collapse [seeds]`."""

import sys

import torch

from elbo_room.models.catalogue import settings_from
from elbo_room.models.diagnostics import active, diagnose, kl_per_dimension
from elbo_room.models.presets import PRESETS
from elbo_room.models.training.run import Run

SCENES = {  # active dimensions out of 8 that the scene's goal names: from, to
    "collapse_threshold": (4, 4),
    "collapse_weight": (1, 6),
    "collapse_cure": (8, 8),
    "collapse_early": (0, 5),
    "warm_up": (6, 8),
}


def behaves(name: str, seed: int) -> tuple[bool, str]:
    """Train the scene; whether its count of active dimensions is what it promises, and what was found."""
    few = {"stop_at": min(PRESETS[name]["settings"]["stop_at"], 1500)}
    run = Run(settings_from(PRESETS[name]["settings"] | few | {"seed": seed}))
    last = list(run)[-100:]
    alive = int(active(kl_per_dimension(run.model, run.q, run.data.whole())).sum())
    kinds = [each.kind for each in diagnose(run.model, run.q, run.data.batch(torch.arange(100)))]
    low, high = SCENES[name]
    dead = f"{kinds.count('exact')} exact, {kinds.count('variational')} variational"
    return low <= alive <= high, f"{alive} active ({dead}), ELBO {sum(step.elbo for step in last) / len(last):.1f}"


def main(seeds: int = 10) -> None:
    """Print a line per seed and a total per scene."""
    torch.set_num_threads(1)
    for name in SCENES:
        found = [behaves(name, seed) for seed in range(1, seeds + 1)]
        for seed, (good, words) in enumerate(found, 1):
            print(f"{name:16s} seed {seed:2d} {'as promised' if good else 'NOT as promised'}: {words}", flush=True)
        print(f"{name:16s} {sum(good for good, _ in found)} of {seeds} seeds behave", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
