"""The numbers of one chart: the class that a chart's `VIEW` names computes its columns, several times a second while it is in sight."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

import numpy as np
from torch import Tensor

from elbo_room.models.training.run import Run
from elbo_room.widgets.messages import About, Picture
from elbo_room.widgets.painting.views import all_views

if TYPE_CHECKING:
    from elbo_room.widgets.worker.pictures.protocol import Pictures

P = TypeVar("P", bound="Pictures")


class Numbers(Generic[P]):
    """Computes one chart's columns from a run and from what its family's pictures have in common, `pictures`."""

    always: ClassVar[bool] = False  # whether it is looked at out of sight, too, for the caption

    def __init__(self, chart: str, run: Run, pictures: P) -> None:
        self.chart, self.run, self.pictures = chart, run, pictures

    @classmethod
    def applies(cls, run: Run, pictures: P) -> bool:
        """Whether this run can fill the chart; else the panel does not list it."""
        del run, pictures
        return True

    def for_replay(self) -> None:
        """From now on each look is of another step: whatever is drawn only now and then is drawn at once, or not at all."""

    def about(self) -> About:
        """What stays the same for the run: `static` columns and `labels`."""
        return {}

    def look(self) -> Picture:
        """The columns of the current parameters, by chart and dataset, and what else a `Picture` has."""
        raise NotImplementedError


@cache
def numbers_of(model: str) -> dict[str, type[Numbers[Pictures]]]:
    """The classes that the charts of a family of models name, by chart."""
    found = {}
    for name, view in all_views().items():
        if view.numbers and (not view.models or model in view.models):
            module, kind = view.numbers.split(".")
            found[name] = getattr(import_module(f"{__package__}.{module}"), kind)
    return found


def columns(**values: Tensor) -> dict[str, np.ndarray[Any, Any]]:
    """Tensors as float32 columns."""
    return {name: value.detach().float().numpy() for name, value in values.items()}


def roomy(span: float, needed: float) -> float:
    """A range that grows in steps, so that axes move rarely."""
    while needed > span and span < 1e6:
        span *= 1.25
    return span
