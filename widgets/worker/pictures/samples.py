"""Draws from p(x) beside real data: as pictures, as points, feature by feature, or as the words that stand out."""

import time

from elbo_room.models.training.run import Run
from elbo_room.widgets.messages import About, Picture
from elbo_room.widgets.worker.pictures.numbers import Numbers
from elbo_room.widgets.worker.pictures.protocol import Pictures

SLOW = 1.0  # seconds between two sets of draws


class Samples(Numbers[Pictures]):
    """Always with the same noise, so that draws move and do not jump while the model learns."""

    def __init__(self, chart: str, run: Run, pictures: Pictures) -> None:
        super().__init__(chart, run, pictures)
        self.next, self.slow = 0.0, SLOW

    def for_replay(self) -> None:
        """Draws of every step."""
        self.slow = 0.0

    @classmethod
    def applies(cls, run: Run, pictures: Pictures) -> bool:
        """Whether the family can draw x."""
        del run
        return pictures.generated is not None

    def about(self) -> About:
        """The names of rows, and the data's words."""
        assert self.pictures.generated is not None  # noqa: S101 - it applies
        return {"labels": {self.chart: self.pictures.generated.labels}}

    def look(self) -> Picture:
        """New draws, when they are due."""
        if time.perf_counter() < self.next or self.pictures.generated is None:
            return {}
        drawn = self.pictures.generated.draw()
        self.next = time.perf_counter() + self.slow
        return {
            "replace": {self.chart: drawn},
            "names": {self.chart: self.pictures.generated.labels},
            "facts": {"summaries": {self.chart: self.pictures.generated.sentence}},
        }
