"""The page that the server's waiting kernel makes beforehand, and what a page has to load before its first picture."""

from __future__ import annotations

import json

import pytest
from ipywidgets.widgets import widget

from elbo_room.widgets import lab_page
from elbo_room.widgets.sessions.local_use import LOCAL, REQUEST
from tests.widgets.conftest import eventually

MOST_WIDGETS, MOST_BYTES = 800, 1_600_000


@pytest.fixture
def ahead():
    """A lab that was made ahead, and the widgets that it consists of."""
    before = set(widget._instances)
    lab_page.make_ahead()
    (made,) = lab_page._waiting
    yield made, [each for name, each in widget._instances.items() if name not in before]
    lab_page._waiting.clear()
    made.close()


def test_a_page_gets_the_lab_that_was_made_ahead_and_nothing_is_left_to_be_made(ahead):
    made, _ = ahead
    assert made.session.link.process is None
    assert made.state == "example"
    widgets = set(widget._instances)
    assert lab_page.lab_page() is made
    assert set(widget._instances) == widgets
    eventually(lambda: made.session.link.process is not None)


def test_without_one_it_is_made_now(lab):
    made = lab_page.lab_page()
    assert type(made) is type(lab())
    made.close()


@pytest.mark.parametrize(("address", "shown"), [("http://localhost:8866/", None), ("http://10.0.0.7:8866/", "none")])
def test_it_asks_for_a_files_path_where_the_request_allows_that(ahead, monkeypatch, address, shown):
    made, _ = ahead
    monkeypatch.setenv(LOCAL, "1")
    monkeypatch.setenv(REQUEST, address)
    path = lab_page.lab_page().screen.own.path
    assert path.layout.display == shown
    assert made.screen.own.path is path


def test_before_its_first_picture_a_page_loads_each_script_once_and_not_much(ahead):
    """All that travels: the state of every widget, whose size does not depend on the machine."""
    _, widgets = ahead
    states = [each.get_state() for each in widgets]
    scripts = [state["_esm"] for state in states if "_esm" in state]
    assert sum("class VegaView" in text for text in scripts) == 1
    assert sum("class Diagram" in text for text in scripts) == 1
    sizes = [len(json.dumps(state, default=lambda content: "x" * len(content))) for state in states]
    assert sum(sizes) <= MOST_BYTES
    assert len(widgets) <= MOST_WIDGETS
