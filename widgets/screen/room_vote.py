"""Predict mode on panel B: the question, a button per choice that counts the hands, and after Reveal what the run says to the room."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import ipywidgets as ipw

from elbo_room.widgets.actions import Action, Reveal, TakeVoteBack, Vote
from elbo_room.widgets.screen.elements import button
from elbo_room.widgets.screen.panels import box
from elbo_room.widgets.words.tasks import Facts
from elbo_room.widgets.words.votes import Question, outcome


class RoomVote:
    """Counts votes by choice; `widget` lies over the covered panel, `verdict` in the panel once it is revealed."""

    def __init__(self, post: Callable[[Action], None]) -> None:
        self._post = post
        self.asked: Question | None = None
        self.given: list[int] = []  # the votes in their order
        self.revealed = False
        self.ask = ipw.Label("")
        self.ask.add_class("elbo-ask")
        self.rows = box(ipw.VBox, [], "elbo-votes")
        self.back = button(
            "Take the last vote back", "Removes the vote that was counted last", lambda: post(TakeVoteBack())
        )
        reveal = button("Reveal the variances", "Show the measured variances", lambda: post(Reveal()), "elbo-reveal")
        reveal.button_style = "primary"
        self.widget = box(ipw.VBox, [self.ask, self.rows, box(ipw.HBox, [reveal, self.back], "elbo-row")], "elbo-veil")
        self.verdict = ipw.Label("", layout=ipw.Layout(display="none"))
        self.verdict.add_class("elbo-verdict")

    def offer(self, asked: Question) -> None:
        """Ask this, without a vote; what has been asked already keeps its votes."""
        if asked != self.asked:
            self.asked, self.given, self.revealed = asked, [], False
            self.ask.value = f"Predict first. {asked.ask}"
            self.rows.children = tuple(
                button("", f"One more vote for: {choice}", partial(self._post, Vote(place)), "elbo-vote")
                for place, choice in enumerate(asked.choices)
            )
            self._show()

    @property
    def votes(self) -> list[int]:
        """How many each choice has."""
        return [self.given.count(place) for place in range(len(self.asked.choices))] if self.asked else []

    def vote(self, choice: int) -> None:
        """One more hand for a choice."""
        if self.asked and 0 <= choice < len(self.asked.choices):
            self.given.append(choice)
            self._show()

    def take_back(self) -> None:
        """The last vote was a mistake."""
        del self.given[-1:]
        self._show()

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
