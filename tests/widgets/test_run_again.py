"""Code and Share make the run again: with its live changes at their steps, in a fresh process, and with what the panels showed."""

import json
import re
import subprocess
import sys
from typing import Any

import pytest

from elbo_room.models.settings import SettingError, encode
from elbo_room.models.training.run_from import run_from
from elbo_room.widgets import actions
from elbo_room.widgets.sessions.example import all_knobs
from elbo_room.widgets.sessions.shared_link import LONGEST, shared_lab, shared_text
from elbo_room.widgets.words.texts import code
from tests.widgets.conftest import eventually

SMALL = {"data": "pinwheel", "width": 8, "stop_at": 40, "seed": 3}
CHANGES = [
    (0, {"draws": 2}),
    (10, {"step_size": 0.001}),
    (10, {"optimizer": "ascent"}),
    (25, {"estimator": "path_only"}),
]
# Made by the version of this commit and by the one before it: links of these forms are in slides and in mails.
OLDER = '{"data":"pinwheel","draws":4,"version":1,"width":8}'
WIDER = (
    '{"changes":[[10,{"step_size":0.001}]],"data":"pinwheel","screen":{"a":"elbo","b":"variance_against_draws","c":"latent",'
    '"colour":"label","estimators":["score","path_only"],"measure":"evaluations","split":true,"steps":[5,20]},"version":2,"width":8}'
)


def whole(**values: Any) -> dict[str, Any]:
    return {knob["name"]: knob["default"] for knob in all_knobs()["deep_generative"]} | values


def test_the_code_is_a_script_that_makes_the_same_run() -> None:
    """Every printed line of a fresh process has the step and the ELBO of the run that was steered by hand."""
    run = run_from(SMALL)
    steps = []
    for number in range(40):
        for step, values in CHANGES:
            if step == number:
                run.change(**values)
        steps.append(next(run))
    script = code(whole(**SMALL), all_knobs()["deep_generative"], None, [each.written for each in run.changes])
    printed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert printed.splitlines() == [f"{step.number} {step.elbo}" for step in steps]


def test_a_lab_comes_back_from_its_text_as_it_was() -> None:
    screen = {
        "b": "variance_against_draws",
        "colour": "label",
        "estimators": ["score"],
        "split": True,
        "steps": [5.0, 20.0],
    }
    text = shared_text(all_knobs()["deep_generative"], whole(**SMALL), CHANGES, screen)
    found = shared_lab(all_knobs(), text)
    assert (found.values, found.changes, found.screen, found.notes) == (whole(**SMALL), CHANGES, screen, [])


def test_a_text_without_changes_or_panels_is_the_one_of_version_1() -> None:
    knobs = all_knobs()["deep_generative"]
    assert shared_text(knobs, whole(**SMALL)) == encode(knobs, whole(**SMALL))


def test_older_links_still_open() -> None:
    found = shared_lab(all_knobs(), OLDER)
    assert (found.values["draws"], found.values["width"], found.changes, found.screen) == (4, 8, [], {})
    found = shared_lab(all_knobs(), WIDER)
    assert found.changes == [(10, {"step_size": 0.001})]
    assert found.screen["estimators"] == ["score", "path_only"]
    assert found.screen["steps"] == [5.0, 20.0]
    assert found.notes == []


def test_a_number_outside_its_range_becomes_the_nearest_one_and_the_link_says_so() -> None:
    found = shared_lab(all_knobs(), '{"version":2,"draws":1000,"changes":[[3,{"step_size":-1}]]}')
    assert found.values["draws"] == 64
    assert found.changes == [(3, {"step_size": 1e-5})]
    assert found.notes == [
        "Draws was 1000 in the link; the nearest allowed value, 64, is used.",
        "Step size was -1 in the link; the nearest allowed value, 1e-05, is used.",
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"version":3}', "These settings have version 3; this lab reads version 1"),
        ('{"version":2,"changes":5}', "The link's changes cannot be read"),
        ('{"version":2,"changes":[[1,{"width":4}]]}', "width cannot change during a run"),
        ('{"version":2,"changes":[[1,{"estimator":"nobody"}]]}', "choose one of"),
        ('{"version":2,"nobody":1}', "There is no setting called 'nobody'"),
        ("[1]", "cannot be read"),
        ('{"draws":NaN}', "must be a whole number"),
    ],
)
def test_what_is_no_lab_is_refused_in_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(SettingError) as refused:
        shared_lab(all_knobs(), text)
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    "screen",
    [
        5,
        {"a": 5, "b": "x" * 65, "estimators": "score", "split": 1, "steps": [3, 3]},
        {"steps": ["a", 2]},
        {"steps": [1]},
    ],
)
def test_panels_of_an_unknown_form_are_left_as_they_are(screen: Any) -> None:
    assert shared_lab(all_knobs(), json.dumps({"version": 2, "screen": screen})).screen == {}


def test_a_text_that_would_be_too_long_leaves_out_the_changes() -> None:
    many = [(step, {"step_size": 0.001 + step / 1e6}) for step in range(400)]
    text = shared_text(all_knobs()["deep_generative"], whole(**SMALL), many, {"a": "elbo"})
    assert len(text) < LONGEST
    assert shared_lab(all_knobs(), text).changes == []


def shared_by(room: Any) -> str:
    copied: list[str] = []
    room.screen.page.copy = copied.append
    room.post(actions.Share())
    eventually(lambda: copied)
    found = re.fullmatch(r"Explorer\((.*)\)", copied[0])
    assert found is not None
    return str(eval(found[1]))  # noqa: S307 - what a person would run


def last(room: Any) -> list[float]:
    """Step and ELBO of the newest point."""
    drawn = [part for part in room.painter.lines.drawn if len(part)]
    return [float(each) for each in drawn[-1][-1, :2]] if drawn else [0.0, 0.0]


def test_the_page_shares_and_restarts_a_run_with_its_live_changes(lab: Any) -> None:
    """A live change is in Code and in Share, Reset plans it again, and the shared text opens with it and with the panels."""
    room = lab({**SMALL, "stop_at": 30})
    room.post(actions.Run())
    eventually(lambda: room.state == "finished")
    room.post(actions.SetKnob("step_size", 0.002))
    room.post(actions.SetKnob("stop_at", 60))
    eventually(lambda: room.current.record is not None and len(room.current.record.changes) == 2)
    room.post(actions.Run())
    eventually(lambda: room.state == "finished" and last(room)[0] == 60)
    first = last(room)
    room.post(actions.Look("b", "variance_against_draws"))
    eventually(lambda: room.screen.shows("variance_against_draws"))
    text = shared_by(room)
    assert json.loads(text)["changes"] == [[30, {"step_size": 0.002}], [30, {"stop_at": 60}]]
    room.post(actions.Reset())
    eventually(lambda: room.state == "paused" and room.painter.facts["number"] == 0)
    assert "with its 2 live changes, bit for bit" in room.current.notice
    assert room.values["stop_at"] == 30
    room.post(actions.Run())
    eventually(lambda: room.state == "finished" and last(room)[0] == 60)
    assert last(room) == first
    assert room.values["step_size"] == 0.002
    again = lab(text)
    assert again.current.plan == [(30, {"step_size": 0.002}), (30, {"stop_at": 60})]
    assert again.screen.shows("variance_against_draws")
    assert "live changes come at their steps again" in again.current.notice
    again.settings.set("step_size", 0.01)  # a hand on a control
    assert again.current.plan == [(30, {"stop_at": 60})]
