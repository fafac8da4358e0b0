"""CPU time of several works side by side: a few calls of each a round, in random order, and the median over rounds."""

import random
import statistics
import time
from collections.abc import Callable, Mapping

CALLS = 4  # in a row, as training makes them: the first after another work finds cold caches


def cpu_seconds(work: Callable[[], object]) -> float:
    """CPU time a call, all threads of this process; a busy neighbour does not count."""
    start = time.process_time()
    for _ in range(CALLS):
        work()
    return (time.process_time() - start) / CALLS


def medians(works: Mapping[str, Callable[[], object]], rounds: int, warm: int = 2) -> dict[str, float]:
    """Milliseconds of each work; the first `warm` rounds are not counted."""
    order, found = random.Random(0), {name: [] for name in works}
    for turn in range(rounds + warm):
        names = list(works)
        order.shuffle(names)
        for name in names:
            spent = cpu_seconds(works[name])
            if turn >= warm:
                found[name].append(1e3 * spent)
    return {name: statistics.median(spent) for name, spent in found.items()}
