"""A run's curves, kept with its checkpoint so that a reload draws them again."""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from models.inference.checkpoint import write_bytes
from models.inference.run import Step
from widgets.history import History

FILE = "history.npz"


def point(step: Step) -> tuple[float, float, float, float, float]:
    """(step, ELBO, log likelihood, −KL, log prior): terms named log p(x…) or log p(y…) are the likelihood, log p(θ…) the prior."""
    likelihood = sum(value for name, value in step.terms.items() if name.startswith(("log p(x", "log p(y")))
    prior = sum(value for name, value in step.terms.items() if name.startswith("log p(θ"))
    return (step.number, step.elbo, likelihood, step.elbo - likelihood - prior, prior)


def table(rows: Any) -> np.ndarray[Any, Any]:
    """Rows of five numbers as float32, (n, 5)."""
    return np.asarray(rows, np.float32).reshape(-1, 5)


class Curves:
    """What is drawn over the steps, thinned where a screen could not show more: rows of `point`, and rows of the probe."""

    def __init__(self) -> None:
        self.elbo = History(("step", "elbo", "likelihood", "kl", "prior"), None, "step", "elbo")
        self.variance = History(("step", "value", "low", "high", "series"), "series", "step", "value")

    def tables(self, waiting: list[tuple[float, ...]] | None = None) -> dict[str, np.ndarray[Any, Any]]:
        """Both as float32 tables; `waiting` are points of the ELBO that have not joined it yet."""
        return {"elbo": np.concatenate([self.elbo.table(), table(waiting or [])]), "variance": self.variance.table()}

    def save(self, folder: Path, waiting: list[tuple[float, ...]]) -> None:
        """Write both tables beside the checkpoint."""
        content = BytesIO()
        np.savez_compressed(content, **self.tables(waiting))  # type: ignore[arg-type]
        write_bytes(folder / FILE, content.getvalue())

    def load(self, folder: Path, number: int) -> None:
        """Read both tables back, up to the checkpoint's step; a missing file leaves them empty."""
        try:
            with np.load(folder / FILE, allow_pickle=False) as tables:
                for name, kept in (("elbo", self.elbo), ("variance", self.variance)):
                    rows = table(tables[name])
                    kept.push(rows[rows[:, 0] <= number])
        except (OSError, ValueError, KeyError, EOFError):
            return
