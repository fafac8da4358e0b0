"""Panel B's measurements of one run: when, where (a process next to the worker, otherwise its loop), and what is done with the results."""

import logging
from collections.abc import Iterator
from typing import Protocol

from elbo_room.models.training.run import Run
from elbo_room.widgets.messages import Expected
from elbo_room.widgets.worker.measuring.cores import Pressure, cores
from elbo_room.widgets.worker.measuring.effort import LADDER_BUDGET
from elbo_room.widgets.worker.measuring.probing import Probing, Request
from elbo_room.widgets.worker.measuring.process import MeasuringLostError, MeasuringProcess, possible
from elbo_room.widgets.worker.measuring.rows import Measured, Probed
from elbo_room.widgets.worker.measuring.schedule import AT_REST, OWN, SHARED, Schedule
from elbo_room.widgets.worker.measuring.selection import Selection
from elbo_room.widgets.worker.pace import CommandPoll

RESTARTS = 1  # of a measuring process; then the loop measures
CURVE = ("variance", "gradient_histogram", "variance_cost")  # views whose measurements are points of the curve, too
_log = logging.getLogger(__name__)


class Measurer(Protocol):
    """What measures: one request at a time."""

    parallel: bool  # training goes on meanwhile
    free: bool  # a request may be sent
    busy: bool  # a wanted measurement is in progress
    spent: float  # seconds of CPU that the last one took

    def begin(self, request: Request) -> None:
        """Measure this at the run's current parameters, replacing the measurement in progress."""

    def drop(self) -> None:
        """Cancel the measurement in progress."""

    def receive(self) -> Iterator[Measured]:
        """What has been found since the last call."""

    def overdue(self, now: float) -> bool:
        """Whether it has been silent for too long; `receive` raises then."""

    def close(self) -> None:
        """End."""


class InLoop:
    """Measures between steps, one slice per call, while training waits."""

    parallel, free = False, True

    def __init__(self, run: Run) -> None:
        self.probing = Probing(run)
        self.busy, self.spent = False, 0.0

    def begin(self, request: Request) -> None:
        """Begin; the slices are made by `receive`."""
        self.probing.start(request)
        self.busy = True

    def drop(self) -> None:
        """Drop the measurement in progress."""
        self.busy, self.probing.work = False, None

    def receive(self) -> Iterator[Measured]:
        """Run one slice; the trainer reports any exception."""
        if not self.busy:
            return
        self.busy = False  # where it fails
        message = self.probing.slice()
        self.busy, self.spent = self.probing.work is not None, self.probing.spent
        if message:
            yield message

    def overdue(self, now: float) -> bool:
        """Never: it answers at once."""
        del now
        return False

    def close(self) -> None:
        """Nothing to end."""


class Measuring:
    """The measurements of one run."""

    def __init__(self, run: Run, selection: Selection, poll: CommandPoll, pressure: Pressure) -> None:
        self.run, self.selection, self.poll, self.pressure = run, selection, poll, pressure
        self.schedule = Schedule()
        self.measurer: Measurer | None = None  # made when first needed
        self.lost = 0  # measuring processes so far
        self.one_core = cores() < 2
        self.hurried = False  # the measurement in progress was started because of a change
        self.curve_next = False

    def change(self) -> None:
        """What is shown has changed: measure at once; what was begun before a change is dropped, what was begun since is not."""
        if self.measurer is not None and self.measurer.busy and not self.hurried:
            self.measurer.drop()
        self.schedule.change()

    def redirect(self) -> None:
        """Something else is shown: the current measurement would be of no use."""
        self.drop()
        self.schedule.change()

    def drop(self) -> None:
        """No pending measurement is wanted any more."""
        if self.measurer is not None:
            self.measurer.drop()

    @property
    def holds(self) -> bool:
        """Whether training has to wait for a measurement."""
        return self.measurer is not None and self.measurer.busy and not self.measurer.parallel

    @property
    def away(self) -> bool:
        """Whether another process is measuring."""
        return self.measurer is not None and self.measurer.busy and self.measurer.parallel

    def pending(self) -> bool:
        """Whether there is something to do here without waiting for another process."""
        return self.holds or (self.schedule.changed and self._may_begin())

    def _may_begin(self) -> bool:
        return self.measurer is None or (self.measurer.free and not self.measurer.busy)

    def work(self, now: float, duration: float | None, *, running: bool) -> Iterator[Measured]:
        """Do what is due, and yield the results. `duration`: seconds that the whole run takes."""
        try:
            if (measurer := self.measurer) and (self.holds or self.poll.other or measurer.overdue(now)):
                yield from self._received(measurer)
            if self._may_begin() and (running or self.schedule.changed):
                self._share()
                if self.schedule.due(now, self.run.number, duration):
                    yield from self._begin(now, duration, running=running)
        except MeasuringLostError as loss:
            self._replace(loss)

    def _share(self) -> None:
        measurer = self.measurer or self._make()
        alone = measurer.parallel and not self.one_core and not self.pressure.pressed
        self.schedule.share = OWN if alone else SHARED

    def _make(self) -> Measurer:
        if self.lost <= RESTARTS and possible():
            process = MeasuringProcess(self.run)
            self.poll.listen(process.connection)
            self.measurer = process
        else:
            self.measurer = InLoop(self.run)
        return self.measurer

    def _begin(self, now: float, duration: float | None, *, running: bool) -> Iterator[Measured]:
        """Send the request; if something new will be shown, announce when to expect it."""
        chosen, measurer = self.selection, self.measurer or self._make()
        self.hurried = self.schedule.changed
        self.schedule.begin(now, self.run.number)
        budget = self.schedule.budget(duration) if running else AT_REST
        request = Request(
            self.run.number, self.run.settings, self._view(), chosen.names, chosen.parameter, tuple(chosen.choices),
            fine=not running, budget=budget,
        )  # fmt: skip
        measurer.begin(request)
        if self.hurried:
            seconds = budget * (1.0 if request.view in CURVE else LADDER_BUDGET)
            yield Expected(number=request.number, chart=request.view, seconds=seconds)

    def _view(self) -> str:
        """What the panel shows; of regular measurements every second one goes on with the curve, so that it has no gap."""
        shown = self.selection.view
        self.curve_next = not self.hurried and not self.curve_next and shown not in CURVE
        return "variance" if self.curve_next else shown

    def _received(self, measurer: Measurer) -> Iterator[Measured]:
        was = measurer.busy
        for message in measurer.receive():
            if isinstance(message, Probed):
                self.selection.keep(message.kept)
            yield message
        if was and not measurer.busy:
            self.schedule.end(measurer.spent)

    def _replace(self, loss: MeasuringLostError) -> None:
        """Replace the lost process by another one, or finally by the loop."""
        if self.measurer is not None:
            self.measurer.close()
        _log.warning("The measuring process is replaced: %s.", loss)
        self.measurer, self.lost = None, self.lost + 1
        self.poll.listen(None)
        self.schedule.change()

    def close(self) -> None:
        """End with the run."""
        self.poll.listen(None)
        if self.measurer is not None:
            self.measurer.close()
            self.measurer = None
