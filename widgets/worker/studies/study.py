"""What a study is, and what it has found."""

from collections.abc import Iterator
from typing import Protocol

from elbo_room.models.training.run import Run


class Finding(Protocol):
    """What a study has found of a run at one step."""

    @property
    def number(self) -> int:
        """The step that it is of."""

    @property
    def complete(self) -> bool:
        """Whether the study ends with it; otherwise more is to come."""

    def holds(self, run: Run) -> bool:
        """Whether it is still true of this run: of the same data and settings."""


class Study(Protocol):
    """Something that is found on request."""

    def why_not(self, run: Run) -> str | None:
        """None, or the sentence that says why this run cannot be studied, and what to change."""

    def parts(self, run: Run) -> Iterator[float | Finding]:
        """The share that is done, now and then, and at last what was found."""
