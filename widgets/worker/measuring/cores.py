"""Whether there is a core for measuring besides the one that training keeps busy."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

QUOTA = Path("/sys/fs/cgroup/cpu.max")  # "max 100000", or microseconds of CPU in each period of so many
OLD_QUOTA = tuple(Path("/sys/fs/cgroup/cpu") / f"cpu.cfs_{name}_us" for name in ("quota", "period"))
WINDOW = 1.0  # seconds of training between two judgements
PRESSED = 0.75  # of the time that training wants a core: with less it shares its core with others


def cores() -> float:
    """How many cores this process may keep busy at once: by its affinity and its control group's quota."""
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(float(affinity), _quota())


def _quota() -> float:
    try:
        quota, period = QUOTA.read_text().split() if QUOTA.exists() else [path.read_text() for path in OLD_QUOTA]
        return float(quota) / float(period) if quota != "max" and float(quota) > 0 else float("inf")
    except (OSError, ValueError):
        return float("inf")


class Pressure:
    """Whether other work takes the core from training: the CPU time of its steps falls short of their wall time."""

    def __init__(self) -> None:
        self.pressed = False
        self.wall = self.cpu = 0.0

    @contextmanager
    def training(self) -> Iterator[None]:
        """Time one step in this thread."""
        wall, cpu = time.perf_counter(), time.thread_time()
        yield
        self.note(time.perf_counter() - wall, time.thread_time() - cpu)

    def note(self, wall: float, cpu: float) -> None:
        """Record the wall time and the CPU time of a step."""
        self.wall, self.cpu = self.wall + wall, self.cpu + cpu
        if self.wall >= WINDOW:
            self.pressed = self.cpu < PRESSED * self.wall
            self.wall = self.cpu = 0.0
