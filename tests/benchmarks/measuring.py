"""How panel B is measured in every scene that has a variance: `python lab bench measuring [SCENE …]` prints one table.

A new worker process runs each scene as a page would start it, for 2,000 steps or the scene's own number where that is less. Columns:
seconds from Run to the first point and its step, points in the run, the longest and the median time between two, seconds from a change
of the view to its first picture, and the memory that only the measuring process holds (what a session would save without it). Wall
times depend on the machine's load, which is printed before and after; where training does not get a whole core, measuring is held
to 15 % of the time.
"""

from __future__ import annotations

import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from elbo_room.models.presets import PRESETS
from elbo_room.widgets.messages import (
    Against,
    Evidence,
    Frame,
    MeasureEstimators,
    Message,
    Pause,
    Ready,
    ShowView,
    Start,
    Started,
    State,
    Variance,
)
from elbo_room.widgets.sessions.link import ProcessLink

STEPS, LONGEST = 2000, 240.0  # of a run that are watched; seconds
AT_ONCE, TEXTS_AT_ONCE, POINTS, MEMORY = 1.0, 3.0, 30, 60.0  # the goals: seconds, points in 2,000 steps, MB
TEXTS = ("attention", "verses", "gamma_topics", "gamma_hierarchy")  # scenes of long texts
TURN = "variance_against_rows"  # the view that is chosen at the end


@dataclass(frozen=True)
class Found:
    """What was seen of one scene."""

    scene: str
    steps: int
    seconds: float
    times: tuple[float, ...]  # of the first value at each measured step, from Run on
    first_step: float
    turn: float  # seconds from the choice of a view to its first picture
    private: float  # MB that only the measuring process holds, at most

    def line(self) -> str:
        """One row of the table."""
        inside = [each for each in self.times if each <= self.seconds]
        gaps = [late - early for early, late in zip([0.0, *inside], [*inside, self.seconds], strict=True)]
        soon = inside and inside[0] <= (TEXTS_AT_ONCE if self.scene in TEXTS else AT_ONCE)
        wanted = POINTS * min(1.0, self.steps / STEPS)
        met = soon and self.first_step == 0 and len(inside) >= wanted and self.private <= MEMORY
        first = f"{inside[0]:.2f}" if inside else "–"
        return (
            f"{self.scene:<20} {first:>6} {self.first_step:>5.0f} {len(inside):>7} {self.steps:>6} {self.seconds:>8.1f} {max(gaps):>7.2f} "
            f"{statistics.median(gaps):>7.2f} {self.turn:>7.2f} {self.private:>6.0f}  {'met' if met else 'MISSED'}"
        )


def private(worker: int) -> float:
    """MB of the worker's children that no other process shares."""
    total = 0
    for child in Path(f"/proc/{worker}/task/{worker}/children").read_text().split():
        try:
            pages = Path(f"/proc/{child}/smaps_rollup").read_text()
        except OSError:  # it has just ended
            continue
        total += sum(int(size) for size in re.findall(r"^Private_\w+:\s+(\d+)", pages, re.MULTILINE))
    return total / 1024


def messages(link: ProcessLink, seconds: float) -> Iterator[Message | None]:
    """The worker's messages for this long; None now and then, so that the caller can check the time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        yield from link.receive()
        yield None
        time.sleep(0.004)
        if problem := link.problem():
            raise SystemExit(f"the worker is gone: {problem}")


@contextmanager
def worker() -> Iterator[ProcessLink]:
    """A worker process that nobody has used yet."""
    link = ProcessLink()
    link.start()
    try:
        next(message for message in messages(link, 120.0) if isinstance(message, Ready))
        yield link
    finally:
        link.close()


def measured(scene: str) -> Found:
    """Run one scene in a separate worker, then choose another view."""
    preset = PRESETS[scene]
    settings = {**preset["settings"], "stop_at": min(STEPS, preset["settings"].get("stop_at", STEPS))}
    with worker() as link, tempfile.TemporaryDirectory() as home:
        pid = link.process.pid if link.process else 0
        if "shown" in preset:
            link.send(MeasureEstimators(list(preset["shown"])))
        link.send(ShowView("variance"))
        begin = time.monotonic()
        link.send(Start(settings, f"{home}/run"))
        times: dict[float, float] = {}
        steps, end, most, look, started = 0, 0.0, 0.0, 0.0, False
        for message in messages(link, LONGEST):
            now = time.monotonic() - begin
            started = started or isinstance(message, Started)
            if started and isinstance(message, Variance):
                for row in message.rows:
                    times.setdefault(float(row[0]), now)
            steps = message.number if started and isinstance(message, Frame) else steps
            if now > look:
                most, look = max(most, private(pid or 0)), now + 0.2
            if steps >= STEPS or (started and (isinstance(message, State) and message.state in ("finished", "failed"))):
                end = now
                break
        link.send(Pause())
        turn = time.monotonic()
        link.send(ShowView(TURN))
        for message in messages(link, 60.0):
            evidence = isinstance(message, Evidence) and message.found is not None and message.found["view"] == TURN
            if evidence or (isinstance(message, Against) and message.view == TURN):
                break
        turned = time.monotonic() - turn
    return Found(scene, steps, end or LONGEST, tuple(times.values()), min(times, default=-1.0), turned, most)


def main(scenes: list[str]) -> None:
    """Print the table of these scenes, or of all."""
    print("load before: " + " ".join(f"{load:.1f}" for load in os.getloadavg()))
    print("scene                 first  step  points  steps  seconds longest  median    turn     MB")
    for scene in scenes or [name for name in PRESETS if name != "map"]:  # whose every step sees all data
        print(measured(scene).line(), flush=True)
    print("load after: " + " ".join(f"{load:.1f}" for load in os.getloadavg()))


if __name__ == "__main__":
    main(sys.argv[1:])
