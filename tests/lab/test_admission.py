"""Seats and the queue of the public server, without a server."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from elbo_room.lab.serving.public.admission import EACH, HELD, PATIENCE, PRESENT, Admission


@dataclass
class Room:
    """A server of two seats, whose clock and machine a test moves."""

    labs: list[str] = field(default_factory=list)
    now: float = 0.0
    starting: int = 0
    memory: int = 100  # labs that it would still hold

    def __post_init__(self) -> None:
        self.admission = Admission(
            2, 4, lambda: self.labs, lambda: self.starting, lambda opening: opening < self.memory, lambda: self.now
        )

    def comes(self, visitor: str) -> bool:
        answer = self.admission.ask(visitor)
        if answer.enter:
            with self.admission.let_in(visitor):
                assert not self.admission.entering.total() > 1
            self.labs.append(visitor)
        return answer.enter

    def goes(self, visitor: str) -> None:
        self.labs.remove(visitor)
        self.admission.left(visitor)

    def place(self, visitor: str) -> str:
        return self.admission.ask(visitor).sentence


@pytest.fixture
def full() -> Room:
    room = Room()
    assert room.comes("ada")
    assert room.comes("bo")
    return room


def test_above_the_limit_visitors_are_told_their_place(full):
    assert "You are number 1 in the queue" in full.place("cy")
    assert "You are number 2 in the queue" in full.place("di")
    assert "You are number 1 in the queue" in full.place("cy"), "asking again changes nothing"


def test_a_free_seat_goes_to_the_one_who_waited_longest(full):
    full.place("cy")
    full.place("di")
    full.goes("ada")
    full.now += HELD - 1
    assert not full.comes("cy"), "ada may be reloading"
    full.now += 2
    full.place("di")
    assert not full.comes("eva"), "who came just now"
    full.place("cy")
    assert not full.comes("di")
    assert full.comes("cy")
    assert full.place("di").count("number 1")


def test_who_reloads_finds_the_seat_again_although_others_wait(full):
    full.place("cy")
    full.goes("ada")
    assert not full.comes("cy")
    assert full.comes("ada")


def test_a_silent_page_of_the_queue_is_passed_and_later_forgotten(full):
    full.place("cy")
    full.now += PRESENT + 1
    full.place("di")
    full.admission.held.clear()
    full.labs.remove("ada")
    assert full.comes("di"), "cy's page does not ask"
    full.now += PATIENCE
    full.place("eva")
    assert list(full.admission.waiting) == ["eva"]


def test_one_visitor_has_no_more_than_so_many_labs():
    room = Room()
    assert [room.comes("ada") for _ in range(EACH + 1)] == [True] * EACH + [False]
    assert "Close the tab of one of them" in room.place("ada")
    assert not room.admission.waiting, "such a one takes no place in the queue"


def test_labs_that_are_about_to_open_hold_back_the_next(full):
    full.labs.clear()
    full.starting = 4
    assert not full.comes("cy")
    full.starting = 3
    assert full.comes("cy")


def test_where_memory_is_short_nobody_new_enters():
    room = Room(memory=0)
    assert not room.comes("ada")
    room.memory = 1
    assert room.comes("ada")


def test_a_seat_counts_from_the_moment_it_is_given():
    room = Room(labs=["ada"])
    with room.admission.let_in("bo"):
        assert not room.comes("cy")
    assert not room.admission.entering
