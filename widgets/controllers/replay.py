"""Replay: the panels show an earlier step, in the caption's words too; training is not affected, and the curves go on growing.

The steps of a run of one's own are drawn by the worker. Those of a scene's recorded run are ready pictures in a file, which is read when
the slider is first moved: nothing waits for torch.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from elbo_room.widgets.actions import Seek
from elbo_room.widgets.messages import Frame, Replayed, ShowState, Started, State, StatesKept
from elbo_room.widgets.painting.elbo_lines import change_word
from elbo_room.widgets.sessions.example import all_knobs, steps_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from elbo_room.widgets.controllers.state import ScreenState
    from elbo_room.widgets.dispatch import Dispatch
    from elbo_room.widgets.messages import Message
    from elbo_room.widgets.painting.painter import Painter
    from elbo_room.widgets.screen.layout import Screen
    from elbo_room.widgets.sessions.session import Session

CUT = ("elbo", "variance")  # charts over the steps, which mark the one that is shown
LIVE = -1


class Recording:
    """The steps of a scene's recorded run."""

    def __init__(self, scene: str, finished: Frame) -> None:
        self.scene, self.finished = scene, finished

    @cached_property
    def steps(self) -> dict[int, Replayed]:
        """What the panels showed at each, in order."""
        return {shown.step: shown for shown in steps_of(self.scene, self.finished)}

    def nearest(self, step: int) -> Replayed:
        """The step nearest to this one."""
        return min(self.steps.values(), key=lambda shown: abs(shown.step - step))

    @property
    def last(self) -> Replayed:
        """The finished run, as the scene opened with it."""
        picture = self.finished.picture.copy()
        picture.pop("append", None)
        return Replayed(self.finished.number, picture, self.finished.grid, self.finished.walk)


class ReplayController:
    """Which step is shown. `hasten` sends what is drawn at once: a slider must not wait for the next tick."""

    def __init__(
        self, state: ScreenState, screen: Screen, painter: Painter, session: Session, hasten: Callable[[], None]
    ) -> None:
        self.state, self.screen, self.painter, self.session, self.hasten = state, screen, painter, session, hasten
        self.wanted: int | None = None  # None: the newest step
        self.recording: Recording | None = None  # while a scene's recorded run is on the screen

    def register(self, actions: Dispatch, messages: Dispatch, drawn: Dispatch) -> None:
        """Handle the slider, the kept states, and the worker's pictures of one; before those who note what the run does."""
        actions.on(Seek, self.seek)
        messages.on(State, self.follow)
        messages.on(StatesKept, self.offer)
        drawn.on(Replayed, self.show)
        drawn.when(Frame, self.refresh)
        drawn.when(Started, self.leave)

    def seek(self, action: Seek) -> None:
        """Show this step, or the newest one again."""
        if self.recording is not None and self.state.phase == "example":
            self._seek_recorded(self.recording, action.step)
            return
        if self.state.run_values is None or self.state.requested:
            return
        self.wanted, self.state.notice = action.step, ""
        if action.step is None:
            self._mark(None)
        self.session.ask(ShowState(action.step))

    def _seek_recorded(self, recording: Recording, step: int | None) -> None:
        """The same in a scene's recorded run."""
        self.wanted, self.state.notice = step, ""
        if step is not None:
            self.show(recording.nearest(step))
            return
        self.painter.show_replayed(recording.last)
        self._mark(None)
        self.painter.summarise()
        self.hasten()

    def follow(self, message: State) -> None:
        """A run that rested and goes on is shown at its newest step; one that trains and pauses keeps what is shown."""
        goes_on = message.state == "running" or message.number > self.painter.facts["number"]
        if self.wanted is not None and self.state.phase != "running" and goes_on:
            self.seek(Seek(None))

    def leave(self) -> None:
        """Another run is on the screen, at its newest step; its states are on their way."""
        self.wanted = self.recording = None
        self._mark(None)
        self.screen.replay.progress("")
        self.screen.replay.offer([], 0, [])

    def record(self, scene: str, message: Message) -> None:
        """A scene's recorded run is drawn, message by message."""
        if type(message) is Frame:
            self.recording = Recording(scene, message)
        if type(message) is StatesKept:
            self.offer(message)

    def offer(self, message: StatesKept) -> None:
        """The steps that can be shown, and where controls were changed."""
        model = str((self.state.held_values or self.state.run_values or self.state.values)["model"])
        knobs = all_knobs()[model]
        changes = [(step, change_word(dict(values), knobs)) for step, values in message.changes]
        recorded = self.state.phase == "example"
        self.screen.replay.offer(message.steps, message.bytes, [each for each in changes if each[1]], recorded=recorded)

    def show(self, message: Replayed) -> None:
        """Draw the step that is wanted; an answer that comes after a person has gone back to the newest one is late."""
        if self.wanted is None:
            return
        self.painter.show_replayed(message)
        self.screen.bus.flush()  # a hand is on the slider: first the pictures, then marks and words
        self._mark(message.step)
        self.painter.summarise()
        self.session.answered()
        self.hasten()

    def refresh(self) -> None:
        """Training goes on meanwhile."""
        if "replayed" in self.painter.facts:
            self.painter.facts["replayed"]["newest"] = self.painter.facts["number"]

    def _mark(self, step: int | None) -> None:
        """The step that the panels show, on the charts over the steps, in the slider and for the caption."""
        for name in CUT:
            chart = self.screen.chart(name)
            if step is not None or chart.params.get("cut", LIVE) != LIVE:
                chart.set(cut=LIVE if step is None else step)
        self.screen.replay.shown = LIVE if step is None else step
        if step is None:
            self.painter.facts.pop("replayed", None)
        else:
            self.painter.facts["replayed"] = self.numbers_at(step)

    def numbers_at(self, step: int) -> dict[str, Any]:
        """The numbers of that step: the ELBO as it was shown then, and the newest variances measured until then."""
        lines, measured = self.painter.lines, self.painter.measured
        at, variance = measured.until(step)
        return {
            "number": step,
            "kept": self.screen.replay.words,
            "newest": self.painter.facts["number"],
            "elbo": next((each for each in (_value_at(lines.means, step), _value_at(lines.drawn, step)) if each), None),
            "variance": variance,
            "variance_at": at,
        }


def _value_at(tables: list[Any], step: int) -> float | None:
    """A curve's value at a step: of its last point until then; None where it begins later."""
    rows = np.concatenate(tables) if tables else np.zeros((0, 2))
    place = int(np.searchsorted(rows[:, 0], step, "right")) - 1
    return None if place < 0 else float(rows[place, 1])
