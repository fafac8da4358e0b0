"""Predict mode: what the room said, and what the run says to it."""

import pytest

from elbo_room.widgets.sessions.example import catalogue
from elbo_room.widgets.words.votes import Question, outcome, question, said

PRESETS = catalogue()["presets"]
LABELS = {name: part["label"] for name, part in catalogue()["estimators"].items()}
ASKED = Question("?", ("up to 10×", "10 to 100×", "more"))
MEASURED = {
    "state": "running",
    "number": 600,
    "variance_at": 590,
    "variance": {"score": (5000.0,), "reparameterization": (10.0,)},
}


@pytest.mark.parametrize(
    ("votes", "words"),
    [
        ((0, 0, 0), "Nobody in the room voted."),
        ((0, 0, 1), "The room said more (1 of 1 vote)."),
        ((3, 12, 5), "The room said 10 to 100× (12 of 20 votes)."),
        ((5, 5, 0), "The room was split between up to 10× and 10 to 100× (5 of 10 votes each)."),
    ],
)
def test_the_rooms_favourite_is_reported_with_its_votes(votes, words):
    assert said(ASKED, votes) == words


def test_a_scene_asks_its_own_question_about_panel_b_and_the_run_answers_it():
    asked = question(PRESETS["digits"]["tasks"], [], LABELS)
    assert asked.ask == PRESETS["digits"]["tasks"][0]["ask"]
    assert outcome(asked, (0, 0, 1, 4), MEASURED) == (
        "The room said more than 100× (4 of 5 votes). The run says 500× at step 600. Right."
    )
    assert outcome(asked, (0, 3, 0, 0), MEASURED).endswith("The run says 500× at step 600. Not so: more than 100×.")
    assert outcome(asked, (0, 0, 0, 0), MEASURED) == "Nobody in the room voted. The run says 500× at step 600."


def test_until_the_run_has_measured_it_the_outcome_says_what_is_missing():
    asked = question(PRESETS["digits"]["tasks"], [], LABELS)
    early = outcome(asked, (0, 0, 0, 1), MEASURED | {"number": 100})
    assert early.startswith(
        "The room said more than 100× (1 of 1 vote). The run answers at step 500; this is step 100."
    )
    assert "Your guess" not in outcome(asked, (0, 0, 0, 1), {"state": "example", "unrun": True})


def test_a_scene_without_such_a_question_asks_for_the_noisiest_estimator():
    asked = question([], ["score", "reparameterization", "unknown"], LABELS)
    assert asked.choices == ("score", "reparameterisation")
    assert (
        outcome(asked, (2, 1), MEASURED) == "The room said score (2 of 3 votes). The run says score at step 600. Right."
    )
    assert "Press Run" in outcome(asked, (2, 1), {"state": "example", "unrun": True, "number": 0})
