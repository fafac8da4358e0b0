"""A run's curves, kept with its checkpoint so that a reload draws them again."""

from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from elbo_room.models.estimators import ESTIMATORS
from elbo_room.models.probing.minibatch import MINIBATCH
from elbo_room.models.training.checkpoint import write_bytes
from elbo_room.models.training.run import Step
from elbo_room.widgets.messages import CurveTables
from elbo_room.widgets.wire.history import History
from elbo_room.widgets.wire.history_file import (
    ELBO_COLUMNS,
    FILE,
    MEAN_COLUMNS,
    SERIES,
    VARIANCE_COLUMNS,
    Table,
    read,
    table,
)

RECENT_COLUMNS = ("step", "elbo")
FEWEST, MOST = 20, 200  # steps of a window: draws are noisy, and a mean over very many reflects the distant past


def point(step: Step) -> tuple[float, float, float, float, float, float]:
    """(step, ELBO, log likelihood, −KL, log p(θ)/N, objective); the likelihood are the terms named log p(x…) or log p(y…)."""
    likelihood = sum(value for name, value in step.terms.items() if name.startswith(("log p(x", "log p(y")))
    return (step.number, step.elbo, likelihood, step.elbo - likelihood, step.log_prior, step.objective)


class RunningMean:
    """The mean ELBO over the last pass through the data, W = ⌈N/M⌉ steps within `FEWEST` and `MOST`; none before W steps were made.

    A mean over steps t − W + 1, …, t is the ELBO of their middle, t − (W − 1)/2, and is drawn there: of a straight line it is the line.
    """

    def __init__(self, points: Iterable[tuple[float, float]] = ()) -> None:
        """Resume a run from these saved points (step, ELBO)."""
        self.kept = deque(points, maxlen=MOST)

    def push(self, number: int, elbo: float) -> None:
        """Add one step."""
        self.kept.append((number, elbo))

    def window(self, size: int, batch_size: int) -> int:
        """W, for N data points and minibatches of M."""
        return min(MOST, max(FEWEST, -(-size // min(batch_size, size))))

    def point(self, size: int, batch_size: int) -> tuple[float, float] | None:
        """(middle of the window, mean in nats per data point), or None while fewer than W steps are known."""
        steps = self.window(size, batch_size)
        if not self.kept or self.kept[0][0] > (begin := self.kept[-1][0] - steps + 1):
            return None
        inside = [elbo for number, elbo in self.kept if number >= begin]
        return self.kept[-1][0] - (steps - 1) / 2, sum(inside) / len(inside)

    def value(self, size: int, batch_size: int) -> float | None:
        """The ELBO that is shown as a number: the mean, or the last step's own while there is none."""
        found = self.point(size, batch_size)
        return found[1] if found else self.kept[-1][1] if self.kept else None


class Curves:
    """What is drawn over the steps, thinned where a screen could not show more: rows of `point`, and rows of the probe."""

    def __init__(self) -> None:
        self.recent: Table = table([], RECENT_COLUMNS)  # the last steps of a resumed run
        self.elbo = History(ELBO_COLUMNS, None, "step", "elbo")
        self.mean = History(MEAN_COLUMNS, None, "step", "value")
        self.variance = History(VARIANCE_COLUMNS, "series", "step", "value")

    def tables(self, waiting: Any = (), mean: Any = ()) -> CurveTables:
        """All as float32 tables; `waiting` are points of the ELBO, and `mean` of its mean, that have not joined it yet."""
        return {
            "elbo": np.concatenate([self.elbo.table(), table(waiting)]),
            "mean": np.concatenate([self.mean.table(), table(mean, MEAN_COLUMNS)]),
            "variance": self.variance.table(),
        }

    def save(self, folder: Path, waiting: Any, mean: Any, recent: Any = ()) -> None:
        """Write the tables next to the checkpoint, and the recent steps (step, ELBO) that the running mean goes on from."""
        write_bytes(folder / FILE, self.packed_later(waiting, mean, recent)())

    def packed_later(self, waiting: Any, mean: Any, recent: Any = ()) -> Callable[[], bytes]:
        """The content of that file in two parts: copy the tables now, and pack the copy whenever the result is called."""
        also = {"recent": table(list(recent), RECENT_COLUMNS), SERIES: np.array([*ESTIMATORS, MINIBATCH])}
        return partial(_packed, self.tables(waiting, mean), also)

    def load(self, folder: Path, number: int) -> None:
        """Read the tables back, up to the checkpoint's step; what is missing or damaged stays empty."""
        try:
            tables = read(folder, [*ESTIMATORS, MINIBATCH])
            for name, kept in (("elbo", self.elbo), ("variance", self.variance), ("mean", self.mean)):
                rows = table(tables[name], kept.names)
                kept.push(rows[rows[:, 0] <= number])
        except (OSError, ValueError, KeyError, EOFError):
            return
        recent = table(tables.get("recent", self.elbo.table()[:, :2]), RECENT_COLUMNS)
        self.recent = recent[recent[:, 0] <= number]


def _packed(tables: CurveTables, also: dict[str, Table]) -> bytes:
    content = BytesIO()
    np.savez_compressed(content, **tables, **also)  # type: ignore[arg-type]
    return content.getvalue()
