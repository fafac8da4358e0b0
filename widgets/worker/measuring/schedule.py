"""When panel B's next measurement begins: at once at the start and after a change, else evenly in time, within a share of a core.

Pure: times come in, decisions go out. `duration` is the time that the whole run takes at its present pace, in seconds.
"""

import math

POINTS, FEWEST = 100, 30  # regular measurements in a run: where they are cheap, and where they are not
SOONEST, LATEST = 0.025, 1.0  # seconds from the start of one to the start of the next, where they are cheap
OWN, SHARED = 0.85, 0.15  # share of the time: on a separate core, and on one that training needs too
QUICKEST, LONGEST = 0.02, 0.5  # target duration of one measurement during training, in seconds
AT_REST = 1.0  # the same while the run is paused or finished: nobody waits, and the band may be narrower


class Schedule:
    """Decides for one run. `share` may change from call to call: a core may become free, or busy."""

    def __init__(self) -> None:
        """The first measurement is due at once."""
        self.share = OWN
        self.changed = True  # what is shown has changed since the last measurement began
        self.began, self.spent = -math.inf, 0.0
        self.step = -1  # that was measured last

    def change(self) -> None:
        """Another estimator, view, parameter or setting: measure at once, before the next regular point."""
        self.changed = True

    def due(self, now: float, step: int, duration: float | None) -> bool:
        """Whether to begin, if no measurement is in progress and the model is being trained."""
        if self.changed:
            return True
        if step == self.step:
            return False
        return now >= self.began + max(self._interval(duration), self.spent / self.share)

    def _interval(self, duration: float | None) -> float:
        return SOONEST if duration is None else min(max(duration / POINTS, SOONEST), LATEST)

    def budget(self, duration: float | None) -> float:
        """Seconds that one measurement may take, so that `FEWEST` of them, and half as many again, fit into the run."""
        if duration is None:
            return LONGEST * self.share
        return min(max(self.share * duration / (1.5 * FEWEST), QUICKEST), LONGEST)

    def begin(self, now: float, step: int) -> None:
        """A measurement of this step begins."""
        self.began, self.step, self.changed = now, step, False

    def end(self, spent: float) -> None:
        """It is complete, and took this many CPU seconds: c of them keep the next one c/share seconds from its beginning."""
        self.spent = spent
