"""From a button to the worker and back: everything that is posted, sent or reported is taken, each action and command exactly once."""

import ast
import inspect
from multiprocessing import Pipe
from pathlib import Path
from typing import get_args

import pytest

from elbo_room.widgets import actions, controllers, messages, screen
from elbo_room.widgets.screen import browser_events
from elbo_room.widgets.screen.live_chart import EVENTS
from elbo_room.widgets.screen.page import KEYS, KINDS
from elbo_room.widgets.worker.serve import Worker
from tests.widgets.notebook.test_reruns import NoWorker

FOLDERS = [Path(inspect.getfile(package)).parent for package in (controllers, screen)]
EXPLORER = FOLDERS[0].parent / "explorer.py"


@pytest.fixture
def room(lab, monkeypatch):
    monkeypatch.setattr("elbo_room.widgets.explorer.ProcessLink", NoWorker)
    return lab()


def made_in(paths: list[Path], types: tuple[type, ...]) -> set[str]:
    """Which of these types are made somewhere in these files."""
    names = {kind.__name__ for kind in types}
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in paths]
    called = {
        node.func.id
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    handed = {arg.id for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)
              for arg in node.args if isinstance(arg, ast.Name)}  # fmt: skip
    return names & (called | handed)


def test_every_action_has_exactly_one_controller(room) -> None:
    assert {kind: len(taken) for kind, taken in room.actions.handlers.items()} == dict.fromkeys(
        get_args(actions.Action), 1
    )


def test_every_action_is_posted_by_the_page_or_a_controller() -> None:
    paths = [
        EXPLORER,
        FOLDERS[0].parent / "sessions" / "session.py",
        *(p for each in FOLDERS for p in each.glob("*.py")),
    ]
    kinds = get_args(actions.Action)
    assert made_in(paths, kinds) == {kind.__name__ for kind in kinds}


def test_every_command_has_exactly_one_handler_in_the_worker() -> None:
    ours, theirs = Pipe()
    taken = {kind: len(handlers) for kind, handlers in Worker(theirs).commands.handlers.items()}
    assert taken == dict.fromkeys(set(get_args(messages.Command)) - {messages.Close}, 1), "on Close it leaves the loop"
    ours.close(), theirs.close()


def test_every_command_is_sent_by_the_kernel() -> None:
    paths = [path for folder in FOLDERS for path in folder.glob("*.py")] + [FOLDERS[0].parent / "sessions" / "link.py"]
    kinds = get_args(messages.Command)
    assert made_in(paths, kinds) == {kind.__name__ for kind in kinds}


def test_every_message_is_shown_or_taken_by_a_controller(room) -> None:
    taken = {*room.painter.draws.handlers, *room.messages.handlers, *room.drawn.handlers}
    assert taken == set(get_args(messages.Message)) - {messages.Alive}, "which the session itself takes"


def test_every_key_that_a_page_sends_does_something(room) -> None:
    assert set(room.keys_pressed.keys) | set("abcd") == set(KEYS)


@pytest.mark.parametrize("kind", sorted(EVENTS | {"select"}))
@pytest.mark.parametrize("value", [None, True, "x", float("nan"), [], ["x"], [[1.0]], {}])
def test_an_event_of_a_browser_becomes_an_action_or_nothing(kind: str, value: object) -> None:
    """Whatever its values are: what is no number where one is needed is not handed on."""
    names = ("id", "x", "y", "row", "rows", "places", "seed", "dimension", "value")
    try:
        made = browser_events.of_pointer("latent", kind, dict.fromkeys(names, value))
    except (TypeError, ValueError):
        pytest.fail("it was not checked")
    assert made is None or isinstance(made, get_args(actions.Action))


def test_the_events_of_the_map_become_the_actions_that_they_mean() -> None:
    made = browser_events.of_pointer
    hover = {"id": 3, "x": 1, "y": 2.5, "row": None}
    assert made("latent", "hover", hover) == actions.Quietly(messages.Decode(3, 1.0, 2.5, -1))
    assert made("elbo", "hover", hover) is None
    assert made("latent", "lasso", {"rows": [4.0, 2.0]}) == actions.MarkRows([4, 2])
    pins = messages.Explore(pins=[(0.5, 1.0, 7), (2.0, 3.0, -1)])
    assert made("latent", "pins", {"places": [0.5, 1, 7, 2, 3, -1]}) == actions.Quietly(pins)
    assert made("latent", "draw", {"row": 5, "seed": 2}) == actions.Quietly(messages.Explore(draw=(5, 2)))
    assert made("kl", "click", {"dimension": 1}) == actions.Quietly(messages.Explore(dimension=1))
    assert made("xi_parabola", "drag", {"value": 0.25}) == actions.HoldXi(0.25)


def test_the_messages_of_the_page_become_the_actions_that_they_mean() -> None:
    of_page = browser_events.of_page
    assert of_page({"kind": "key", "key": "space"}) == actions.PressKey("space")
    assert of_page({"kind": "ready", "query": "?run=1", "voila": True}) == actions.PageReady("?run=1", voila=True)
    assert of_page({"kind": "shared", "copied": True}) == actions.Shared(copied=True)
    assert {kind for kind in KINDS if of_page({"kind": kind, "key": "r"}) is None} == {"heartbeat", "closing"}


def test_a_tick_in_the_legend_becomes_an_action_and_nonsense_does_not():
    of_legend = browser_events.of_legend
    assert of_legend({"kind": "tick", "name": "vargrad", "on": True}) == actions.TickEstimator("vargrad", on=True)
    assert of_legend({"kind": "measure", "name": "seconds"}) == actions.CompareBy("seconds")
    for content in ({}, {"kind": "tick", "name": 3, "on": True}, {"kind": "tick", "name": "score", "on": "yes"}):
        assert of_legend(content) is None
    assert of_legend({"kind": "measure", "name": "patience"}) is None
