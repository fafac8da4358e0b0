"""A session: one worker, one pump thread, one run at a time. It turns the user's actions into commands, and frames into charts.

Callbacks of widgets only `post`; the pump is the only thread that writes to widgets. It sends at most `TICKS` messages a second.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import time
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Protocol

from elbo_room.widgets.actions import Action, WorkerNotStarted
from elbo_room.widgets.messages import Alive, Command, Message
from elbo_room.widgets.sessions.link import Link

TICKS = 15.0  # most frames per second to the browser
WAIT = 0.02  # seconds the pump sleeps at most: the delay of a worker's message
SHORT, EXPECTED = 0.003, 0.3  # the same while the answer to a hand on a slider is on its way, and for how long at most
SILENCE = 60.0  # seconds without a message of the page, twelve of its heartbeats, after which a run is paused and saved
HIDDEN_SILENCE = 75.0  # the same while it is hidden: a browser lets a hidden page send once a minute
LOOK = 1.0  # seconds between two looks for the page, or for the worker, that count at most
FROZEN = 4.0  # seconds without a word of the worker, which gives a sign of life each second, until that is reported
RESTART_DELAY, MOST_RESTARTS, MINUTE = 1.5, 3, 60.0  # seconds, times, seconds
ALIVE = Alive()
_log = logging.getLogger(__name__)


def latest(actions: Sequence[Action]) -> list[Action]:
    """The same actions without those that a later one replaces: of a slider's values only the last, unless something else came between."""
    found: list[Action] = []
    stretch: dict[Hashable, Action] = {}  # what could still be replaced, in the order of its last change
    for action in actions:
        if (key := getattr(action, "replaces", None)) is None:
            found += [*stretch.values(), action]
            stretch = {}
        else:
            stretch.pop(key, None)
            stretch[key] = action
    return [*found, *stretch.values()]


class View(Protocol):
    """What the session drives; every method is called by the pump's thread."""

    def act(self, action: Action) -> None:
        """Carry out a user's action."""

    def show(self, message: Message) -> None:
        """Show one message of the worker."""

    def lost(self, reason: str) -> None:
        """Report that the worker is gone."""

    def frozen(self, seconds: float) -> None:
        """Report that the worker has not said a word for so long."""

    def thawed(self) -> None:
        """The worker speaks again."""

    def fault(self, sentence: str) -> None:
        """Report that something failed."""

    def flush(self) -> None:
        """Send what is pending to the page."""


class Presence(Protocol):
    """What the session asks and reports about the page; every method is called by the pump's thread."""

    def last_seen(self) -> float | None:
        """The time of the page's last message, on the monotonic clock."""

    def hidden(self) -> bool:
        """Whether the page was hidden then."""

    def alone(self) -> None:
        """The page has been silent for too long."""

    def heard_again(self, seconds: float) -> None:
        """The page is back after a long silence."""


class Session:
    """A worker that is started in the background, and the pump between it and the view from `start` to `close`."""

    def __init__(self, make_link: Callable[[], Link]) -> None:
        self.make_link = make_link
        self.link = make_link()  # commands wait in it until the worker has started
        self.view: View
        self.presence: Presence
        self.actions: queue.SimpleQueue[Action] = queue.SimpleQueue()
        self.closed = threading.Event()
        self.alone = False
        self.silent, self.looked = 0.0, time.monotonic()
        self.expected = 0.0  # until when the pump hardly sleeps
        self.heard: float | None = None
        self.restarts: list[float] = []
        self.spoke_last: Link | None = None  # the worker that has said something; one that loads is silent for seconds
        self.quiet, self.listened, self.frozen = 0.0, time.monotonic(), False
        self.pump = threading.Thread(target=self._pump, daemon=True, name="elbo-room-pump")

    def start(self, view: View, presence: Presence) -> None:
        """Start the worker, and begin to pump."""
        self.view, self.presence = view, presence
        self._start_link()
        self.pump.start()

    def _start_link(self, delay: float = 0.0) -> None:
        arguments = (self.link, delay)
        threading.Thread(target=self._start_quietly, args=arguments, daemon=True, name="elbo-room-start").start()

    def _start_quietly(self, link: Link, delay: float) -> None:
        if self.closed.wait(delay):
            return
        try:
            link.start()
        except Exception as error:  # noqa: BLE001 - whatever it is, the page must say it
            _log.exception("The worker did not start.")
            self.post(WorkerNotStarted(f"it did not start: {type(error).__name__}: {error}"))

    def post(self, action: Action) -> None:
        """Ask for an action; returns at once, from any thread."""
        self.actions.put(action)

    def post_later(self, seconds: float, action: Action) -> None:
        """The same after a while, unless the session has ended."""
        timer = threading.Timer(seconds, self.post, (action,))
        timer.name, timer.daemon = "elbo-room-later", True
        timer.start()

    def send(self, command: Command) -> None:
        """Send a command to the worker."""
        self.link.send(command)

    def ask(self, command: Command) -> None:
        """Send a command whose answer a person's hand is waiting for."""
        self.expected = time.monotonic() + EXPECTED
        self.send(command)

    def answered(self) -> None:
        """That answer is here."""
        self.expected = 0.0

    def restart_worker(self) -> bool:
        """A new worker instead of one that is gone; False when that has failed too often.

        It waits a moment: a kernel that shuts down ends its children first, and must not be given new ones.
        """
        now = time.monotonic()
        self.restarts = [at for at in self.restarts if now - at < MINUTE] + [now]
        if len(self.restarts) > MOST_RESTARTS:
            return False
        self.link = self.make_link()
        self._start_link(RESTART_DELAY)
        return True

    def _pump(self) -> None:
        next_tick = 0.0
        reported = None
        while not self.closed.is_set():
            self._guarded(self._take_actions)
            messages = self.link.receive()
            for message in messages:
                if message != ALIVE:
                    self._guarded(self.view.show, message)
            problem = self.link.problem()
            self._guarded(self._watch_worker, bool(messages), bool(problem))
            if problem and reported is not self.link:
                reported = self.link
                self._guarded(self.view.lost, problem)
            if time.monotonic() >= next_tick:
                next_tick = time.monotonic() + 1 / TICKS
                self._guarded(self.view.flush)
                self._guarded(self._watch_page)

    def _take_actions(self) -> None:
        try:
            waiting = [self.actions.get(timeout=SHORT if time.monotonic() < self.expected else WAIT)]
        except queue.Empty:
            return
        with contextlib.suppress(queue.Empty):
            while True:
                waiting.append(self.actions.get_nowait())
        for action in latest(waiting):
            self._guarded(self.view.act, action)

    def _watch_worker(self, heard: bool, gone: bool) -> None:
        """Notice a worker that lives but is silent; a computer that is suspended silences it too, so a look counts `LOOK` at most."""
        now = time.monotonic()
        if heard:
            self.spoke_last = self.link
        counts = not heard and not gone and self.spoke_last is self.link
        self.quiet = self.quiet + min(now - self.listened, LOOK) if counts else 0.0
        self.listened = now
        before, self.frozen = self.frozen, self.quiet > FROZEN
        if self.frozen and not before:
            self.view.frozen(FROZEN)
        elif before and not self.frozen:
            self.view.thawed()

    def _watch_page(self) -> None:
        seen, now = self.presence.last_seen(), time.monotonic()
        # a suspended machine (a closed lid) silenced the page too: between two checks at most this much is counted
        silent = self.silent + min(now - self.looked, LOOK)
        spoken, self.heard, self.looked = seen != self.heard, seen, now
        self.silent = 0.0 if spoken else silent
        patience = HIDDEN_SILENCE if self.presence.hidden() else SILENCE
        before, self.alone = self.alone, seen is not None and self.silent > patience
        if self.alone and not before:
            self.presence.alone()
        elif before and not self.alone:
            self.presence.heard_again(silent)

    def _guarded(self, function: Callable[..., Any], *arguments: Any) -> None:
        """A fault in one action must not stop the pump; it is written to the kernel's log and reported on the page."""
        try:
            function(*arguments)
        except Exception as error:  # noqa: BLE001 - whatever it is, the page must say it
            _log.exception("The lab could not do %s.", getattr(function, "__name__", function))
            with contextlib.suppress(Exception):
                self.view.fault(
                    f"Internal error: {type(error).__name__}: {error}. Your run continues; reload the page if the problem persists."
                )

    def close(self) -> None:
        """Stop the pump, let the worker save and leave."""
        if self.closed.is_set():
            return
        self.closed.set()
        if self.pump.is_alive() and threading.current_thread() is not self.pump:
            self.pump.join(10)
            del self.view, self.presence  # a reference to this session does not keep the screen alive
        self.link.close()
