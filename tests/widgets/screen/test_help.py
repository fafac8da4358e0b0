"""Help, `?`, code, Share and Predict mode as the kernel sees them."""

import pytest

from elbo_room.widgets import actions
from elbo_room.widgets.painting.views import all_views
from elbo_room.widgets.screen.code_view import pieces
from elbo_room.widgets.screen.page import LONGEST_CODE, code_of
from elbo_room.widgets.sessions.ballot import FOLDER, read_paper, write
from elbo_room.widgets.sessions.example import catalogue
from elbo_room.widgets.words.help_words import card
from tests.widgets.conftest import eventually
from tests.widgets.notebook.test_reruns import NoWorker


@pytest.fixture
def quiet(lab, monkeypatch):
    """A lab without a worker."""
    monkeypatch.setattr("elbo_room.widgets.explorer.ProcessLink", NoWorker)
    return lab()


def test_help_is_about_the_panels_on_the_screen(quiet):
    quiet.act(actions.OpenDrawer("Help"))
    words = quiet.screen.drawers["Help"].widget.panels
    assert [each["letter"] for each in words] == ["A", "B", "C", "D", ""]
    assert all(each["shows"] and each["axes"] and each["reading"] for each in words)
    quiet.act(actions.Look("b", "variance_against_draws"))
    eventually(lambda: "more draws are averaged" in quiet.screen.drawers["Help"].widget.panels[1]["shows"])


def test_the_card_of_a_panel_follows_its_chart_and_is_no_markup_of_the_users(quiet):
    explained = quiet.screen.explained
    assert explained.cards["b"].layout.display == "none"
    explained.buttons["b"].value = True
    assert explained.cards["b"].layout.display is None
    assert "same parameters" in explained.cards["b"].value
    quiet.act(actions.Look("b", "variance_against_draws"))
    assert "more draws are averaged" in explained.cards["b"].value
    assert explained.cards["a"].value == ""
    assert "<script>" not in card("<script>", all_views()["elbo"])


def test_code_in_pieces_is_the_code():
    code = "from elbo_room import Run  # x < 3\nfor step in Run(data='a'):\n    print(step.number, 0.5)"
    assert "".join(text for _, text in pieces(code)) == code
    kinds = {text: kind for kind, text in pieces(code)}
    assert (kinds["from"], kinds["for"], kinds["0.5"]) == ("kn", "k", "mf")


def test_a_links_code_is_square_and_a_link_that_is_too_long_has_none():
    rows = code_of("http://lab.example/?settings=%7B%22draws%22%3A8%7D")
    assert len(rows) >= 21
    assert {len(row) for row in rows} == {len(rows)}
    assert rows[0][:7] == "1111111"  # the finder at the corner
    assert code_of("x" * (LONGEST_CODE + 1)) == code_of("") == []


def test_the_page_gets_the_code_of_its_own_address(quiet):
    sent = []
    quiet.screen.page.send = sent.append
    quiet.act(actions.Shared(copied=False, link="http://lab.example/?settings=x"))
    assert sent[0]["kind"] == "qr"
    assert sent[0]["text"] == "http://lab.example/?settings=x"
    assert "Copy the link from the sheet" in quiet.screen.caption.value
    quiet.act(actions.Shared(copied=True))
    assert len(sent) == 1, "a notebook has no address to open"


def test_phones_vote_beside_the_hands_and_are_told_what_the_run_says(quiet, tmp_path, monkeypatch):
    """The files are those that the server reads and writes: here the test is the server."""
    quiet.quiz.veil()
    vote = quiet.screen.vote
    assert "Hands only" in vote.note.value, "in a notebook"
    quiet.act(actions.InvitePhones())
    assert quiet.phones.ballot is None
    monkeypatch.setenv(FOLDER, str(tmp_path))
    quiet.act(actions.InvitePhones())
    ballot = quiet.phones.ballot
    eventually(lambda: ballot.asked.exists())
    asked = read_paper(ballot.asked)
    assert (asked.ask, asked.choices, asked.open) == (vote.asked.ask, vote.asked.choices, True)
    write(tmp_path / "place", {"address": "http://192.0.2.7:8870"})
    write(tmp_path / f"{ballot.code}.count", {"number": asked.number, "counts": [0, 0, 1, 4]})
    quiet.act(actions.Vote(3))
    eventually(lambda: vote.votes == [0, 0, 1, 5] and vote.card.layout.display is None)
    assert f"http://192.0.2.7:8870/vote/{ballot.code}" in vote.code.value
    assert "<svg" in vote.code.value
    assert vote.voted.value == "5 phones have voted"
    quiet.act(actions.Reveal())
    eventually(lambda: not read_paper(ballot.asked).open and vote.card.layout.display == "none")
    assert vote.verdict.value.startswith("The room said more than 100× (5 of 6 votes).")
    quiet.quiz.veil()
    quiet.screen.name_scene("pinwheel", "")
    quiet.act(actions.ChooseScene("pinwheel"))
    eventually(lambda: read_paper(ballot.asked).number == asked.number + 1)
    assert sum(vote.votes) == 0, "another question, another vote"
    quiet.close()
    assert not ballot.asked.exists()


def test_the_room_votes_on_the_scenes_question_and_hears_what_the_run_says(quiet):
    quiet.quiz.veil()
    vote, task = quiet.screen.vote, catalogue()["presets"]["digits"]["tasks"][0]
    assert vote.ask.value == f"Predict first. {task['ask']}"
    for choice in (3, 3, 1, 0):
        quiet.act(actions.Vote(choice))
    quiet.act(actions.TakeVoteBack())
    quiet.act(actions.Vote(99))
    assert vote.votes == [0, 1, 0, 2]
    assert "2 votes" in vote.rows.children[3].description
    assert vote.verdict.layout.display == "none"
    quiet.act(actions.Reveal())
    assert vote.verdict.value.startswith("The room said more than 100× (2 of 3 votes). Press Run")
    assert "elbo-predict" not in quiet.screen.root._dom_classes
    quiet.quiz.veil()
    quiet.screen.name_scene("pinwheel", "")  # as the page's own list does, before it asks for the scene
    quiet.act(actions.ChooseScene("pinwheel"))
    assert vote.votes == [0] * len(vote.asked.choices), "another scene, another question"
