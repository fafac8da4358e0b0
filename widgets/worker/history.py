"""A run's curves, kept with its checkpoint so that a reload draws them again."""

from collections import deque
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from elbo_room.models.inference.checkpoint import write_bytes
from elbo_room.models.inference.run import Step
from elbo_room.widgets.history import History

FILE = "history.npz"
FEWEST, REMEMBERED = 20, 1000  # steps that a mean is over at least, once they were made, and at most


def point(step: Step) -> tuple[float, float, float, float, float]:
    """(step, ELBO, log likelihood, −KL, log prior): terms named log p(x…) or log p(y…) are the likelihood, log p(θ…) the prior."""
    likelihood = sum(value for name, value in step.terms.items() if name.startswith(("log p(x", "log p(y")))
    prior = sum(value for name, value in step.terms.items() if name.startswith("log p(θ"))
    return (step.number, step.elbo, likelihood, step.elbo - likelihood - prior, prior)


def table(rows: Any, columns: int = 5) -> np.ndarray[Any, Any]:
    """Rows of so many numbers as float32, (n, columns)."""
    return np.asarray(rows, np.float32).reshape(-1, columns)


class RunningMean:
    """The mean ELBO over the last pass through the data, when each datum came once, and over a few steps at least, for draws are noisy."""

    def __init__(self, points: Iterable[tuple[float, float]] = ()) -> None:
        """Take up a run of which these points (step, ELBO) were kept."""
        self.kept = deque(points, maxlen=REMEMBERED)

    def push(self, number: int, elbo: float) -> None:
        """One step more."""
        self.kept.append((number, elbo))

    def value(self, size: int, batch_size: int) -> float | None:
        """Nats per datum, for N data and minibatches of M: the mean over ⌈N/M⌉ steps, but 20 at least and 1000 at most."""
        if not self.kept:
            return None
        steps = max(FEWEST, -(-size // min(batch_size, size)))
        begin, total, count = self.kept[-1][0] - steps, 0.0, 0
        for number, elbo in reversed(self.kept):
            if number <= begin:
                break
            total, count = total + elbo, count + 1
        return total / count


class Curves:
    """What is drawn over the steps, thinned where a screen could not show more: rows of `point`, and rows of the probe."""

    def __init__(self) -> None:
        self.elbo = History(("step", "elbo", "likelihood", "kl", "prior"), None, "step", "elbo")
        self.mean = History(("step", "value"), None, "step", "value")
        self.variance = History(("step", "value", "low", "high", "series"), "series", "step", "value")

    def tables(self, waiting: Any = (), mean: Any = ()) -> dict[str, np.ndarray[Any, Any]]:
        """All as float32 tables; `waiting` are points of the ELBO, and `mean` of its mean, that have not joined it yet."""
        return {
            "elbo": np.concatenate([self.elbo.table(), table(waiting)]),
            "mean": np.concatenate([self.mean.table(), table(mean, 2)]),
            "variance": self.variance.table(),
        }

    def save(self, folder: Path, waiting: Any, mean: Any) -> None:
        """Write the tables beside the checkpoint."""
        content = BytesIO()
        np.savez_compressed(content, **self.tables(waiting, mean))  # type: ignore[arg-type]
        write_bytes(folder / FILE, content.getvalue())

    def load(self, folder: Path, number: int) -> None:
        """Read the tables back, up to the checkpoint's step; what is missing stays empty."""
        try:
            with np.load(folder / FILE, allow_pickle=False) as tables:
                for name, kept in (("elbo", self.elbo), ("variance", self.variance), ("mean", self.mean)):
                    rows = table(tables[name], len(kept.names))
                    kept.push(rows[rows[:, 0] <= number])
        except (OSError, ValueError, KeyError, EOFError):
            return
