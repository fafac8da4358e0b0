"""Predict mode on panel B: the question, a button per choice that counts the hands, the phones' code, and the answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from html import escape

import ipywidgets as ipw

from elbo_room.widgets.actions import Action, InvitePhones, Reveal, TakeVoteBack, Vote
from elbo_room.widgets.screen.elements import button, worded
from elbo_room.widgets.screen.page import code_of
from elbo_room.widgets.screen.panels import box
from elbo_room.widgets.sessions.ballot import folder
from elbo_room.widgets.words.tasks import Facts
from elbo_room.widgets.words.votes import Question, outcome

BY_HAND = "Hands only: phones can vote on the page that “python lab” opens on a computer in the room."
OPENING = "Opening the page for phones …"
QUIET = 4  # modules of white around a QR code


def drawn(link: str) -> str:
    """A link as its QR code, and as text for those who type it."""
    rows = code_of(link)
    bars = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, module in enumerate(row) if module == "1")
    size = len(rows) + 2 * QUIET
    name = 'role="img" aria-label="QR code of the page for phones"'
    picture = f'<svg viewBox="-{QUIET} -{QUIET} {size} {size}" {name}><path d="{bars}"/></svg>'
    return f"<h2>Vote with your phone</h2>{picture}<p>In this network: <b>{escape(link)}</b></p>"


class RoomVote:
    """Counts votes by choice; `widget` lies over the covered panel, `verdict` in the panel once it is revealed."""

    def __init__(self, post: Callable[[Action], None]) -> None:
        self._post = post
        self.asked: Question | None = None
        self.given: list[int] = []  # the hands in their order
        self.phones: list[int] = []  # by choice, the votes of phones
        self.revealed = False
        self.ask = ipw.Label("")
        self.ask.add_class("elbo-ask")
        self.rows = box(ipw.VBox, [], "elbo-votes")
        self.back = button(
            "Take the last vote back", "Removes the vote that was counted last", lambda: post(TakeVoteBack())
        )
        self.note = worded("" if folder() else BY_HAND, "elbo-phone-note")
        self.code = ipw.HTML("")
        self.voted = worded("", "elbo-phone-count")
        self.card = box(ipw.VBox, [self.code, self.voted], "elbo-phones")  # lies over the panels on the right
        self.card.layout.display = "none"
        self.invite = button(
            "Let phones vote",
            "Opens a page for voting to this computer's network, and shows its QR code",
            lambda: post(InvitePhones()),
        )
        self.invite.layout.display = None if folder() else "none"
        reveal = button("Reveal the variances", "Show the measured variances", lambda: post(Reveal()), "elbo-reveal")
        reveal.button_style = "primary"
        acts = box(ipw.HBox, [reveal, self.back, self.invite], "elbo-row")
        self.widget = box(ipw.VBox, [self.ask, self.rows, acts, self.note], "elbo-veil")
        self.verdict = ipw.Label("", layout=ipw.Layout(display="none"))
        self.verdict.add_class("elbo-verdict")

    def offer(self, asked: Question) -> None:
        """Ask this, without a vote; what has been asked already keeps its votes."""
        if asked != self.asked:
            self.asked, self.given, self.phones, self.revealed = asked, [], [], False
            self.ask.value = f"Predict first. {asked.ask}"
            self.rows.children = tuple(
                button("", f"One more vote for: {choice}", partial(self._post, Vote(place)), "elbo-vote")
                for place, choice in enumerate(asked.choices)
            )
            self._show()

    @property
    def votes(self) -> list[int]:
        """How many each choice has, of hands and phones together."""
        if self.asked is None:
            return []
        phones = self.phones or [0] * len(self.asked.choices)
        return [self.given.count(place) + count for place, count in enumerate(phones)]

    def vote(self, choice: int) -> None:
        """One more hand for a choice."""
        if self.asked and 0 <= choice < len(self.asked.choices):
            self.given.append(choice)
            self._show()

    def take_back(self) -> None:
        """The last vote was a mistake."""
        del self.given[-1:]
        self._show()

    def count(self, phones: Sequence[int]) -> None:
        """What phones have voted so far."""
        if list(phones) != self.phones and (not phones or len(phones) == len(self.votes)):
            self.phones = list(phones)
            self._show()

    def expect_phones(self) -> None:
        """The page for phones is being opened."""
        self.invite.layout.display = "none"
        self.note.value = OPENING

    def show_phones(self, address: str, reason: str) -> None:
        """Where phones vote, or why they cannot."""
        self.note.value = "" if address else reason or OPENING
        self.code.value = drawn(address) if address else ""
        phones = sum(self.phones)
        self.voted.value = f"{phones} phone{' has' if phones == 1 else 's have'} voted"
        self.card.layout.display = None if address and not self.revealed else "none"

    def _show(self) -> None:
        for made, choice, count in zip(
            self.rows.children, self.asked.choices if self.asked else (), self.votes, strict=True
        ):
            made.description = f"{choice}  ·  {count} vote{'' if count == 1 else 's'}  +1"
        self.back.disabled = not self.given

    def reveal(self) -> None:
        """The room has voted."""
        self.revealed = True

    def follow(self, facts: Facts) -> None:
        """After Reveal: what the room said, and what the run says by now."""
        on = self.revealed and self.asked is not None
        if self.asked is not None and on:
            self.verdict.value = outcome(self.asked, self.votes, facts)
        self.verdict.layout.display = None if on else "none"
