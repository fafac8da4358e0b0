"""What an abbreviation means is read where it is first seen."""

import re

import pytest

from elbo_room.widgets import actions
from elbo_room.widgets.sessions.example import catalogue
from elbo_room.widgets.words.glossary import ROOM, TERMS, found, line
from tests.widgets.conftest import eventually


def terms(words):
    return [term for term, _ in found(words)]


def test_a_term_is_found_as_a_word_of_its_own_with_or_without_an_index():
    assert terms("ELBO · nats per data point") == ["ELBO", "nats"]
    assert terms("x h₁ ν z₁") == ["ν", "z"]
    assert terms("score with ξ*") == ["ξ*"]
    assert terms("ξ of the score") == ["ξ"]
    assert terms("k̂ 0.6") == ["k̂"]
    assert terms("a zoo of quizzes and elbows, σz") == []


def test_what_has_no_room_is_left_out_whole():
    everything = " · ".join(term for term, _ in TERMS)
    assert 0 < len(found(everything)) < len(TERMS)
    assert len(re.sub("<[^>]+>", "", line(everything))) <= ROOM
    assert found(everything)[0] == TERMS[0]


def test_each_meaning_spells_its_term_out_and_is_short():
    assert len({term for term, _ in TERMS}) == len(TERMS)
    for term, meaning in TERMS:
        assert re.search(rf"\b{re.escape(term)}(?!\w)", meaning) is None or term == "nats", term
        assert len(meaning) <= 62, term


@pytest.mark.parametrize(("scene", "seen"), [("digits", "ELBO"), ("gamma_topics", "ELBO"), ("map", "MAP")])
def test_the_first_look_of_a_scene_explains_its_abbreviations(lab, scene, seen):
    assert scene in catalogue()["presets"]
    room = lab()
    room.post(actions.ChooseScene(scene))
    eventually(lambda: f"<dfn>{seen}</dfn>" in room.screen.glossary.value)
