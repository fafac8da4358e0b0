"""What the worker asks of the pictures of a run; a family of models overrides what it has."""

from __future__ import annotations

from abc import ABC, abstractmethod

from elbo_room.models.training.run import Run
from elbo_room.widgets.messages import About, Array, Explore, Grid, Grouping, Picture, Walk
from elbo_room.widgets.worker.pictures.one_step import OneStep


class Pictures(ABC):
    """What panels C and D show of one run, as numbers; one subclass a family of models.

    `look` is called several times a second while the run trains and must cost little; `watched` and `resting` say what is worth its time.
    """

    steps: OneStep | None = None  # takes steps apart, where one can be drawn

    def __init__(self, run: Run) -> None:
        self.run = run
        self.watched: frozenset[str] = frozenset()  # the charts that are in sight
        self.resting = True  # training waits, so that a look may take its time

    @property
    def axes(self) -> tuple[int, int]:
        """The two dimensions in which a step is drawn."""
        return 0, 1

    @abstractmethod
    def about(self) -> About:
        """What stays the same for the run; asked for once."""

    @abstractmethod
    def look(self) -> Picture:
        """What a frame shows of the current parameters."""

    def explore(self, wanted: Explore) -> None:
        """Show the run from another side from now on.

        Raises:
            ValueError: this run has no such side; the sentence says what there is.
        """
        del wanted
        raise ValueError("This model has no map of a latent space. Choose a deep generative model.")

    def grid(self) -> Grid | None:
        """Decoded means over the plane of the map, where there is one."""
        return None

    def walk(self) -> Walk | None:
        """The walk through the latent space that was asked for."""
        return None

    def decode(self, x: float, y: float, row: int = -1) -> Array | None:
        """The decoded mean at a place of the map, or at the mean of q of its `row`."""
        del x, y, row
        return None

    def scores(self, *, leisure: bool) -> Grouping | None:
        """New scores of the map against the labels; at leisure at once, else only when they are due."""
        del leisure
        return None
