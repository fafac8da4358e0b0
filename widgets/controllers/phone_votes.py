"""Votes from phones in predict mode: the room's question goes to the server that counts, and its counts come to panel B."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from elbo_room.widgets.actions import InvitePhones
from elbo_room.widgets.sessions.ballot import Ballot, Paper, folder
from elbo_room.widgets.words.votes import answer_words

if TYPE_CHECKING:
    from elbo_room.widgets.dispatch import Dispatch
    from elbo_room.widgets.screen.room_vote import RoomVote
    from elbo_room.widgets.words.tasks import Facts
    from elbo_room.widgets.words.votes import Question

PAUSE = 0.5  # seconds between two looks at the counts


class PhoneVotes:
    """Holds this page's ballot, once phones are invited, and brings it and the panel up to date."""

    def __init__(self, vote: RoomVote) -> None:
        self.vote = vote
        self.ballot: Ballot | None = None
        self.asked: Question | None = None
        self.number, self.next = 0, 0.0

    def register(self, actions: Dispatch) -> None:
        """Handle the button."""
        actions.when(InvitePhones, self.invite)

    def invite(self) -> None:
        """Have the server open its page for phones; it says where within a second."""
        place = folder()
        if place is not None and self.ballot is None:
            self.ballot = Ballot(place)
            self.vote.expect_phones()

    def follow(self, facts: Facts) -> None:
        """Show phones the question, and after Reveal what the run says; show the room their counts."""
        now, asked = time.monotonic(), self.vote.asked
        if self.ballot is None or asked is None or now < self.next:
            return
        self.next = now + PAUSE
        if asked != self.asked:
            self.asked, self.number = asked, self.number + 1
        right, says = answer_words(asked, facts) if self.vote.revealed else (None, "")
        says = says if right is not None else ""  # what is still missing is for who runs the lab
        self.ballot.show(Paper(self.number, asked.ask, asked.choices, not self.vote.revealed, right, says))
        self.ballot.keep()
        self.vote.count(self.ballot.counts())
        self.vote.show_phones(self.ballot.address(), self.ballot.reason())

    def close(self) -> None:
        """The page is gone."""
        if self.ballot is not None:
            self.ballot.close()
