"""The studies of the run on the screen: at most one in progress, and what the finished ones have found, until it is no longer true."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from elbo_room.models.training.run import Run
from elbo_room.widgets.messages import Studying
from elbo_room.widgets.worker.faults import reason
from elbo_room.widgets.worker.studies import STUDIES
from elbo_room.widgets.worker.studies.job import begin

if TYPE_CHECKING:
    from elbo_room.widgets.messages import Message
    from elbo_room.widgets.worker.studies.job import Job
    from elbo_room.widgets.worker.studies.study import Finding

GONE = "The data or the settings have changed, so what was found for the others is gone. Press the button to find it again."
DROPPED = "The data or the settings have changed, so it was cancelled. Press the button to begin again."


class StudyDesk:
    """Begins, follows and ends studies."""

    def __init__(self, send: Callable[[Message], None]) -> None:
        self.send = send
        self.name = ""
        self.job: Job | None = None
        self.findings: dict[str, Finding] = {}

    @property
    def patience(self) -> float | None:
        """Seconds that the worker's loop may rest; None: nothing is in progress."""
        return None if self.job is None else self.job.patience

    def begin(self, name: str, run: Run) -> None:
        """Begin this study of the run at its present step, instead of one in progress.

        Raises:
            ValueError: there is no such study, or this run cannot be studied so.
        """
        if name not in STUDIES:
            raise ValueError(f"The study was {name!r}; choose one of: {', '.join(STUDIES)}.")
        if why := STUDIES[name].why_not(run):
            raise ValueError(why)
        self.cancel()
        self.name, self.job = name, begin(STUDIES[name], run)
        self.send(Studying(name, 0.0))

    def cancel(self, sentence: str = "") -> None:
        """End the one in progress, if there is one."""
        if self.job is not None:
            self.job.close()
            self.job = None
            self.send(Studying(self.name, None, sentence))

    def work(self) -> bool:
        """Take what is new; whether something was found."""
        found = False
        if self.job is None:
            return False
        for answer in self.job.answers():
            if isinstance(answer, float):
                self.send(Studying(self.name, answer))
                continue
            if isinstance(answer, Exception):
                self.cancel(f"It failed ({reason(answer)}). The run itself goes on.")
                return False
            self.findings[self.name], found = answer, True
            if answer.complete:
                self.cancel()
                break
        return found

    def review(self, run: Run) -> None:
        """There is another run, or other data or settings of the model: what no longer holds goes."""
        self.cancel(DROPPED)
        for name, found in list(self.findings.items()):
            if not found.holds(run):
                del self.findings[name]
                self.send(Studying(name, None, GONE))

    def close(self) -> None:
        """End with the worker."""
        if self.job is not None:
            self.job.close()
            self.job = None
