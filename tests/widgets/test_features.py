"""From a trained run to a model of its features: made by the worker, started by a button, found again with the saved run."""

from pathlib import Path

import numpy as np
import pytest

from elbo_room.models.features import read_features
from elbo_room.models.run_file import STATE
from elbo_room.widgets import actions
from elbo_room.widgets.controllers.features import RESPONSE_MODEL
from elbo_room.widgets.messages import FeaturesRead, Frame, Refused, Start, Started, State, UseFeatures
from elbo_room.widgets.sessions.example import all_knobs
from elbo_room.widgets.words import texts
from tests.widgets.conftest import eventually
from tests.widgets.worker.test_worker import Driver

LEARNER = {"data": "iris", "width": 8, "stop_at": 30, "held_out": 0.2}
RESPONSE = {**RESPONSE_MODEL, "stop_at": 40}


def test_a_conditional_model_on_the_features_is_taken_up_from_its_own_folder(tmp_path: Path) -> None:
    driver, path = Driver(), tmp_path / "f.npz"
    driver.send(Start(LEARNER, str(tmp_path / "learner")))
    assert driver.until(Started).featureless is None
    driver.until(State, state="finished")
    driver.send(UseFeatures(path=str(path), title="run 7"))
    told = driver.until(FeaturesRead)
    assert told.sentence == "2 features of run 7, step 30: 120 rows train, 30 are held out; 3 labels."
    driver.send(Start(RESPONSE, str(tmp_path / "response")))
    started = driver.until(Started)
    assert (started.about["size"], started.features_of) == (120, "run 7, step 30")
    assert "no latent variable per data point" in started.featureless
    driver.until(State, state="finished")
    driver.until(Frame, number=40)
    driver.close()
    first = driver.points()[:, 1][-40:]
    path.unlink()  # its own copy is beside the run
    other = Driver()
    other.send(Start({}, str(tmp_path / "response"), resume=True, play=False))
    again = other.until(Started)
    other.close()
    assert again.features_of == "run 7, step 30"
    np.testing.assert_array_equal(again.curves["elbo"][:, 1], first)


def test_without_features_the_worker_says_how_to_make_them(tmp_path: Path) -> None:
    driver = Driver()
    driver.send(UseFeatures(path=str(tmp_path / "f.npz"), title="run 7"))
    assert "no run yet" in driver.until(Refused, command=UseFeatures).sentence
    driver.send(Start(RESPONSE, str(tmp_path / "response")))
    assert "press “Use this run's features” in the drawer 'Your data'" in driver.until(Refused, command=Start).sentence
    driver.send(Start(RESPONSE | {"data": "moons", "response": "bernoulli"}, str(tmp_path / "moons")))
    driver.until(Started)
    driver.send(UseFeatures(path=str(tmp_path / "f.npz"), title="run 7"))
    assert "so no features" in driver.until(Refused, command=UseFeatures).sentence
    driver.close()


def test_the_button_keeps_the_run_and_starts_another_on_its_features(lab) -> None:
    room = lab(LEARNER)
    button = room.screen.own.use
    assert button.disabled
    assert "There is no run yet" in button.tooltip
    room.post(actions.Run())
    eventually(lambda: room.state == "finished" and not button.disabled)
    learner = room.current.folder.identity
    button.click()
    eventually(lambda: room.values["model"] == "conditional" and room.state in ("running", "finished"))
    eventually(lambda: learner in room.screen.goal.value and "That run is kept under Runs" in room.current.notice)
    assert room.current.folder.identity != learner
    assert "(Iris), step 30" in room.screen.goal.value
    assert learner in texts.code(room.values, all_knobs()["conditional"], room.screen.own.in_python())
    eventually(lambda: button.disabled)
    assert "no features" in button.tooltip
    eventually(lambda: room.painter.facts["number"] > 0)
    room.post(actions.OpenRun(learner))
    eventually(lambda: room.values["model"] == "deep_generative" and not button.disabled)


def test_features_outlive_the_worker(lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RESPONSE_MODEL, "stop_at", 40)
    room = lab(LEARNER)
    room.post(actions.Run())
    eventually(lambda: room.state == "finished")
    room.post(actions.UseRunFeatures())
    eventually(lambda: "predict the labels" in room.screen.goal.value and room.state == "finished")
    eventually(lambda: (room.current.folder.path / STATE).exists())
    data, title = read_features(room.screen.own.features)
    assert data.size == 120
    before = room.session.link
    before.process.kill()
    eventually(lambda: room.session.link is not before and room.state == "paused")
    assert title in room.screen.goal.value
    room.post(actions.SetKnob("prior_scale", 0.5))
    room.post(actions.Reset())
    eventually(lambda: room.painter.facts["number"] == 0 and room.state == "paused")
    assert room.current.run_values["data"] == "features"


@pytest.mark.parametrize("path", ["f.npz"])
def test_code_of_given_data_reads_them(path: str) -> None:
    given = {"features": ("from elbo_room.models.features import read_features", f"read_features({path!r})[0]")}
    values = {knob["name"]: knob["default"] for knob in all_knobs()["conditional"]} | RESPONSE
    written = texts.code(values, all_knobs()["conditional"], given)
    assert "from elbo_room.models.features import read_features\n" in written
    assert "for step in Run(settings, read_features('f.npz')[0]):" in written
    assert "for step in Run(settings):" in texts.code(values, all_knobs()["conditional"])
