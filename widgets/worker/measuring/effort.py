"""How many replicates of each estimator fit into the time of one measurement, from what they took before."""

from collections.abc import Sequence

LEAST = 8  # replicates: with fewer, a variance estimate is too noisy
LADDER_BUDGET = 8.0  # times the budget of one measurement: what a ladder may take


class Effort:
    """CPU seconds per replicate, by estimator and B."""

    def __init__(self) -> None:
        self.seconds: dict[tuple[str, int], float] = {}

    def note(self, name: str, draws: int, replicates: int, seconds: float) -> None:
        """Record that this many replicates took this many seconds."""
        self.seconds[name, draws] = seconds / replicates

    def knows(self, draws: int) -> bool:
        """Whether any estimator has been timed at this B."""
        return any(at == draws for _, at in self.seconds)

    def slowest(self, draws: int) -> float:
        """Seconds per replicate of the slowest estimator that has been timed at this B."""
        return max((seconds for (_, at), seconds in self.seconds.items() if at == draws), default=1e-3)

    def replicates(self, names: Sequence[str], draws: int, most: int, budget: float) -> int:
        """R, the same for all these estimators; one that has not been timed is assumed as slow as the slowest that has."""
        slowest = self.slowest(draws)
        each = sum(self.seconds.get((name, draws), slowest) for name in names)
        return max(LEAST, min(most, int(budget / max(each, 1e-9))))
