"""The numbers of every step of a run: ELBO, its terms, objective and log p(θ)/N; eight bytes a number."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from elbo_room.models.training.run import Step

FIRST = ("step", "elbo", "objective", "log_prior")


class StepLog:
    """Rows of step, ELBO, objective, log prior and the ELBO's terms, in nats per data point."""

    def __init__(self) -> None:
        self.terms: tuple[str, ...] = ()
        self.numbers = array("d")

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""
        return *FIRST, *self.terms

    def push(self, step: Step) -> None:
        """Add one step."""
        self.terms = self.terms or tuple(step.terms)
        self.numbers.extend((step.number, step.elbo, step.objective, step.log_prior))
        self.numbers.extend(step.terms.get(name, float("nan")) for name in self.terms)

    def table(self) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
        """All steps: (steps, columns)."""
        return np.array(self.numbers, np.float64).reshape(-1, len(self.columns))
