"""ARI, NMI and silhouette of the posterior means, computed so rarely that training is not slowed."""

import importlib
import threading

from torch import Tensor

from elbo_room.models.diagnostics import Grouping, grouping
from elbo_room.widgets.worker.measuring.quiet import QUIET
from elbo_room.widgets.worker.pace import Pace

RATE, SHARE = 0.25, 0.003  # times a second, share of the worker's time
FIRST = 2.0  # seconds of training before the first


class Scores:
    """The newest scores of one run. scikit-learn's parts take a second to import: another thread does that."""

    def __init__(self, labels: Tensor, now: float, known: Tensor | None = None) -> None:
        """`known` (M,) tells which rows have a label; the others are left out."""
        self.known = known if known is not None and not bool(known.all()) else None
        self.labels = labels if self.known is None else labels[self.known]
        self.groups = len(self.labels.unique())
        self.pace = Pace(RATE, SHARE)
        self.pace.last = now - 1 / RATE + FIRST
        self.newest: Grouping | None = None
        self.reader = threading.Thread(target=_read, daemon=True, name="elbo-room-scores")

    def look(self, mean: Tensor, now: float, *, leisure: bool) -> Grouping | None:
        """Scores of (M, K); during training only when they are due, otherwise at once."""
        mean = mean if self.known is None else mean[self.known]
        if not leisure and not self.pace.due(now):
            return self.newest
        if not 2 <= self.groups < len(mean) or not bool(mean.isfinite().all()):
            return None
        if self.reader.ident is None:
            self.reader.start()
        if leisure or not self.reader.is_alive():
            self.reader.join()
            with self.pace.spending():
                self.newest = grouping(mean, self.labels)
        return self.newest


def _read() -> None:
    with QUIET:
        for name in ("sklearn.cluster", "sklearn.metrics"):
            importlib.import_module(name)
