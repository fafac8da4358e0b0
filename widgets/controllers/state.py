"""What is on the screen: settings, run, and what to report. Controllers share it and share nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from elbo_room.models.settings import Values
    from elbo_room.widgets.messages import Recorded
    from elbo_room.widgets.notebook.reruns import Cell
    from elbo_room.widgets.sessions.runs import RunFolder


@dataclass(frozen=True)
class Requested:
    """A start that the worker has not answered yet; until it does, the worker still holds the previous run."""

    folder: RunFolder
    values: Values  # its settings, including live changes
    opened: bool  # it is an earlier run, opened again


@dataclass
class ScreenState:
    """The state of one lab."""

    values: Values  # what the form shows
    own_model: bool  # it trains a model or data of the notebook's own, which no file holds
    # Of the run on the screen; "starting" until the worker holds the run, else a `messages.Phase`.
    phase: str = "example"
    dirty: bool = False  # the form shows settings that only a new run uses
    notice: str = ""  # what the caption begins with
    # What the run on the screen, or the one that is starting, was started with, live changes included.
    run_values: Values | None = None
    # The same for the run that the worker holds; another one while a new run is starting.
    held_values: Values | None = None
    # Of the run that the worker holds; locked, since the worker may save the run at any time.
    folder: RunFolder | None = None
    record: Recorded | None = None  # what makes the run that the worker holds again
    plan: list[tuple[int, Any]] = field(default_factory=list)  # live changes of the next run, with their steps
    requested: dict[str, Requested] = field(default_factory=dict)  # by the path of its folder
    saved_number: int | None = None  # the step that the run is saved up to
    ready: bool = False  # a worker has answered
    cell: Cell | None = None  # that shows this lab, where its runs can be resumed

    def recipe(self) -> tuple[Values, list[tuple[int, Any]]]:
        """First settings and live changes of the run on the screen; of the next one where the form shows other settings."""
        if self.record is None or self.dirty or self.run_values is None or self.requested:
            return self.values, self.plan
        return dict(self.record.initial), self.record.whole

    def if_kept(self, words: str) -> str:
        """These words if the run on the screen can be opened again; empty if there is no run or nothing of it was saved."""
        return words if self.saved_number is not None and not self.own_model else ""
