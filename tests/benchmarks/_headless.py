"""The default run without a page: `python -m tests.benchmarks._headless SECONDS` prints steps per second, and per second of CPU."""

import sys
import time

import torch

from elbo_room.models.deep_generative.settings import Settings
from elbo_room.models.training.run import Run

WARM_UP = 50  # steps


def main(seconds: float) -> None:
    """Train for this long on one thread."""
    torch.set_num_threads(1)
    run = Run(Settings(stop_at=100_000))
    for _ in range(WARM_UP):
        next(run)
    steps, cpu, start = 0, time.process_time(), time.perf_counter()
    while time.perf_counter() - start < seconds:
        next(run)
        steps += 1
    print(steps / (time.perf_counter() - start), steps / (time.process_time() - cpu))


if __name__ == "__main__":
    main(float(sys.argv[1]))
