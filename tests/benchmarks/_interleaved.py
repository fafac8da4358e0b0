"""CPU time of several tasks side by side: turns of about equal length in random order, and the median over rounds.

A turn is as long as training is compared with the caches: after another work's turn the first few calls find them cold, which would
count a call of one millisecond twice over, and one of a hundred hardly.
"""

import math
import random
import statistics
import time
from collections.abc import Callable, Mapping

CALLS, TURN = 4, 0.05  # calls at least, seconds of CPU about


def cpu_seconds(work: Callable[[], object], calls: int = CALLS) -> float:
    """CPU time a call, all threads of this process; a busy neighbour does not count."""
    start = time.process_time()
    for _ in range(calls):
        work()
    return (time.process_time() - start) / calls


def medians(works: Mapping[str, Callable[[], object]], rounds: int, warm: int = 2) -> dict[str, float]:
    """Milliseconds of each work; the first `warm` rounds are not counted, and determine how many calls a turn has."""
    order, found = random.Random(0), {name: [] for name in works}
    calls = dict.fromkeys(works, CALLS)
    for turn in range(rounds + warm):
        names = list(works)
        order.shuffle(names)
        for name in names:
            spent = cpu_seconds(works[name], calls[name])
            if turn >= warm:
                found[name].append(1e3 * spent)
            else:
                calls[name] = max(CALLS, math.ceil(TURN / max(spent, 1e-6)))
    return {name: statistics.median(spent) for name, spent in found.items()}
