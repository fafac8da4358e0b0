"""What the panels showed at a kept step: the pictures of a copy of the run, whose parameters are set to a kept state.

The run itself is only read, so that training goes on bit for bit as if nobody looked.
"""

import copy
from typing import TypeVar

import torch

from elbo_room.models.training.run import Parts, Run
from elbo_room.widgets.messages import Rendered, Replayed
from elbo_room.widgets.worker.pictures import Pictures, pictures_of
from elbo_room.widgets.worker.pictures.overflow import finite
from elbo_room.widgets.worker.states import KeptStates

T = TypeVar("T")
MOST_RENDERED, FEWEST_RENDERED = 48, 8  # states of a saved page
ROOM = 8_000_000  # bytes of them, before they are compressed


def copied(run: Run) -> Run:
    """A run of a copy of the model and q, with the same data; the two are copied together, for a prior may share q's encoder."""
    model, q = copy.deepcopy((run.model, run.q))
    return Run.of(Parts(run.settings, run.knobs, run.data, model, q, torch.Generator()), run.own)


class Replay:
    """The pictures of a run's kept states, which follow what a person has chosen to see."""

    def __init__(self, run: Run, states: KeptStates, shown: Pictures) -> None:
        self.run, self.states = copied(run), states
        self.pictures = pictures_of(self.run)
        self.pictures.follow(shown)
        self.pictures.findings = shown.findings
        for each in self.pictures.numbers.values():
            each.for_replay()
        self.step = -1  # that is shown

    def show(self, step: int, watched: frozenset[str]) -> Replayed:
        """The pictures of the kept state nearest to a step."""
        place = self.states.nearest(step)
        self.step = self.states.steps[place]
        self._restore(place)
        self.pictures.watched = watched
        picture = finite(self.pictures.look(), self.pictures.about)
        picture.pop("append", None)  # lines over the steps have this one already
        return Replayed(self.step, picture, self.pictures.grid(), self.pictures.walk())

    def _restore(self, place: int) -> None:
        self.states.put(place, self.run.parameters)
        self.run.number = self.step
        wanted, now = self.states.settings_at(self.step), vars(self.run.settings)
        changed = {name: value for name, value in wanted.items() if name in now and now[name] != value}
        if changed:
            self.run.change(**changed)


class Rendering:
    """The kept states of a run drawn one by one, as many as fit into a file."""

    def __init__(self, run: Run, states: KeptStates, shown: Pictures, watched: frozenset[str]) -> None:
        self.replay, self.watched = Replay(run, states, shown), watched
        self.steps = spread(states.steps, MOST_RENDERED)
        self.done = 0

    def slice(self) -> Rendered:
        """The next one."""
        shown = self.replay.show(self.steps[self.done], self.watched)
        self.done += 1
        if self.done == 1 and len(self.steps) > 1:  # as many more as there is room for, by the size of the first
            room = max(FEWEST_RENDERED, ROOM // max(1, _bytes(shown)))
            self.steps = [self.steps[0], *spread(self.steps[1:], room - 1)]
        return Rendered(shown, self.done, len(self.steps))

    @property
    def ended(self) -> bool:
        """Whether all are drawn."""
        return self.done >= len(self.steps)


def spread(steps: list[T], most: int) -> list[T]:
    """At most so many of the steps, with both ends."""
    if len(steps) <= most:
        return list(steps)
    return [steps[round(place * (len(steps) - 1) / (most - 1))] for place in range(most)]


def _bytes(shown: Replayed) -> int:
    """What a state's columns and decoded pictures take."""
    charts = shown.picture.get("replace", {}).values()
    columns = sum(column.nbytes for chart in charts for dataset in chart.values() for column in dataset.values())
    return columns + (shown.grid["values"].nbytes if shown.grid else 0)


__all__ = ["Rendering", "Replay", "copied", "spread"]
