"""What the worker asks of the pictures of a run; a family of models overrides what it has beyond the numbers of its charts."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from elbo_room.models.training.run import Run
from elbo_room.widgets.messages import About, Array, Explore, Grid, Grouping, Picture, Walk
from elbo_room.widgets.painting.views import ONE_STEP, all_views, views_of
from elbo_room.widgets.worker.pictures.cells import merged
from elbo_room.widgets.worker.pictures.numbers import Numbers, numbers_of
from elbo_room.widgets.worker.pictures.one_step import OneStep

if TYPE_CHECKING:
    from elbo_room.widgets.worker.pictures.generated import Generated
    from elbo_room.widgets.worker.studies.study import Finding

Attempt = Callable[[str, Callable[[], Picture]], Picture | None]  # of a part by its name on the screen


class Pictures:
    """What panels C and D show of one run, as numbers: those that its charts name, and in a subclass what a family has in common.

    `look` is called several times a second while the run trains and must cost little; `watched` and `resting` decide how much.
    """

    steps: OneStep | None = None  # breaks steps down, where one can be drawn
    generated: Generated | None = None  # draws from p(x), where the family can draw

    def __init__(self, run: Run) -> None:
        self.run = run
        self.watched: frozenset[str] = frozenset()  # the charts that are in sight
        self.resting = True  # training waits, so that a look may take its time
        self.findings: dict[str, Finding] = {}  # what studies have found of this run, by their names
        self.attempt: Attempt = lambda _, look: (
            look()
        )  # the worker's suspends a picture that fails and lets the others continue

    def follow(self, shown: Pictures) -> None:
        """Take over what a person chose to see in these pictures of the same kind of run."""

    @property
    def axes(self) -> tuple[int, int]:
        """The two dimensions in which a step is drawn."""
        return 0, 1

    @cached_property
    def numbers(self) -> dict[str, Numbers[Pictures]]:
        """By chart, what fills it, of those that this run can fill."""
        kinds = numbers_of(self.run.settings.model).items()
        return {name: kind(name, self.run, self) for name, kind in kinds if kind.applies(self.run, self)}

    @property
    def absent(self) -> set[str]:
        """The charts of its family that this run cannot fill."""
        found = numbers_of(self.run.settings.model).keys() - self.numbers.keys()
        return found if self.steps else {*found, ONE_STEP}

    def about(self) -> About:
        """What stays the same for the run; asked for once."""
        about: About = {"static": {}, "labels": {}, "shape": [1, self.run.data.x.shape[1]], "size": self.run.data.size}
        about["views"] = views_of(self.run.settings.model, self.absent)
        return merged(about, *(each.about() for each in self.numbers.values()))

    def look(self) -> Picture:
        """What a frame shows of the current parameters."""
        nothing: Picture = {"replace": {}}
        return merged(nothing, *self.drawn())

    def drawn(self) -> list[Picture]:
        """The numbers of the charts that are in sight, and of those whose facts are always wanted."""
        seen = {name: each for name, each in self.numbers.items() if each.always or name in self.watched}
        drawn = [self.attempt(f"picture '{all_views()[name].word}'", each.look) for name, each in seen.items()]
        return [each for each in drawn if each is not None]

    def explore(self, wanted: Explore) -> None:
        """Show the run from another side from now on.

        Raises:
            ValueError: this run has no such side; the sentence lists what there is.
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
        """New scores of the map against the labels; at once when resting, otherwise only when they are due."""
        del leisure
        return None
