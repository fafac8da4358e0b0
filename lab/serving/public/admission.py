"""Who may open a lab now, and who waits in which place: free seats go to those who have waited longest.

A seat is one lab in one tab. A visitor who reloads finds the seat again; one who closes the page of the queue loses the place
after a while.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

EACH = 2  # seats of one visitor
PRESENT = 10.0  # seconds since its last question within which a page of the queue would take a free seat
PATIENCE = 90.0  # seconds after which a silent page has left the queue: browsers let hidden ones ask once a minute
HELD = 30.0  # seconds for which a seat is kept for a visitor whose lab has ended: a reload, a network that was gone
FULL = "All places are taken. You are number {place} in the queue. The lab opens here by itself: keep this page open."
OWN = "You have {each} labs open. Close the tab of one of them, and the lab opens here by itself."


@dataclass(frozen=True)
class Answer:
    """Whether a visitor may enter, and the sentence for one who may not."""

    sentence: str = ""

    @property
    def enter(self) -> bool:
        """There is a seat."""
        return not self.sentence


@dataclass
class Admission:
    """The seats and the queue.

    `sessions` are the visitors of the labs that are open, one for each lab; `opening` is how many of these have not shown their page yet,
    and `bearable` whether the machine can take one more beside so many that are about to grow.
    """

    most: int
    most_opening: int
    sessions: Callable[[], list[str]]
    opening: Callable[[], int] = lambda: 0
    bearable: Callable[[int], bool] = lambda _: True
    clock: Callable[[], float] = time.monotonic
    waiting: dict[str, float] = field(default_factory=dict)  # visitor: when the page of the queue last asked
    held: dict[str, float] = field(default_factory=dict)  # visitor: until when
    entering: Counter[str] = field(default_factory=Counter)  # those let in whose lab has no kernel yet

    def ask(self, visitor: str) -> Answer:
        """Whether this visitor may enter now; one who may not is in the queue from here on."""
        now = self.clock()
        self.waiting = {who: seen for who, seen in self.waiting.items() if now - seen < PATIENCE}
        self.held = {who: until for who, until in self.held.items() if now < until}
        taken = [*self.sessions(), *self.entering.elements()]
        if taken.count(visitor) >= EACH:
            return Answer(OWN.format(each=EACH))
        earlier = self._before(visitor)
        ahead = sum(now - self.waiting[who] < PRESENT for who in earlier)
        free = self.most - len(taken) - sum(who != visitor for who in self.held)
        opening = self.opening() + self.entering.total()
        able = opening < self.most_opening and self.bearable(opening)
        if free > 0 and (visitor in self.held or (ahead < free and able)):
            return Answer()
        self.waiting[visitor] = now
        return Answer(FULL.format(place=len(earlier) + 1))

    def _before(self, visitor: str) -> list[str]:
        """Those who came earlier."""
        queue = list(self.waiting)
        return queue[: queue.index(visitor)] if visitor in self.waiting else queue

    @contextmanager
    def let_in(self, visitor: str) -> Iterator[None]:
        """Inside, the visitor's seat counts although its lab has no kernel yet."""
        self.waiting.pop(visitor, None)
        self.held.pop(visitor, None)
        self.entering[visitor] += 1
        try:
            yield
        finally:
            self.entering[visitor] -= 1
            self.entering += Counter()  # without the zeros

    def left(self, visitor: str) -> None:
        """A lab of this visitor has ended; a reload of its page is to find the seat free."""
        self.held[visitor] = self.clock() + HELD
