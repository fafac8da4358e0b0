"""The whole lab without a browser: a real worker process, real runs, real faults."""

import os
import re
import signal
import threading
import time
from types import SimpleNamespace

import numpy as np
import psutil
import pytest

from elbo_room.models.settings import SettingError
from elbo_room.widgets import actions
from elbo_room.widgets.sessions import session
from elbo_room.widgets.sessions.example import catalogue
from elbo_room.widgets.sessions.runs import RunFolder, new_run, saved_runs
from tests.widgets.conftest import between_messages, eventually

SMALL = {"data": "pinwheel", "width": 8, "depth": 1, "stop_at": 100_000, "batch_size": 32}


def points(lab):
    return sum(len(table) for table in lab.painter.lines.drawn)


def heartbeat(lab, *, hidden=False):
    lab.screen.page._on_message(None, {"kind": "heartbeat", "hidden": hidden}, [])


def test_first_paint_is_a_finished_example_and_nothing_trains(lab):
    room = lab()
    assert "finished run of the scene" in room.screen.caption.value
    assert 300 < points(room) <= 400
    assert room.current.run_values is None
    assert saved_runs() == []


def test_run_pause_continue_reset(lab):
    room = lab(SMALL)
    room.post(actions.Run())
    eventually(lambda: room.state == "running" and points(room) > 20)
    assert room.screen.run.description == "Pause"
    room.post(actions.Run())
    eventually(lambda: room.state == "paused")
    assert room.screen.run.description == "Continue"
    first = np.concatenate(room.painter.lines.drawn)[:20, 1]
    room.post(actions.Reset())
    eventually(lambda: room.painter.facts["number"] == 0 and room.state == "paused")
    assert "the same run again, bit for bit" in room.screen.caption.value
    room.post(actions.Run())
    eventually(lambda: points(room) > 20)
    np.testing.assert_array_equal(np.concatenate(room.painter.lines.drawn)[:20, 1], first)


def test_pressing_run_twice_at_once_starts_one_run(lab):
    room = lab(SMALL)
    room.post(actions.Run())
    room.post(actions.Run())
    eventually(lambda: room.state in ("running", "paused") and room.current.ready)
    assert len(list((room.current.folder.path.parent).iterdir())) == 1


def test_live_and_restart_settings(lab):
    room = lab(SMALL)
    room.post(actions.Run())
    eventually(lambda: room.state == "running")
    room.post(actions.SetKnob("draws", 8))
    eventually(lambda: room.painter.lines.changes)
    assert room.screen.chart("elbo").labels[-1] == "B 8"  # the mark says what was changed
    assert room.state == "running"
    assert not room.current.dirty
    room.post(actions.SetKnob("activation", "relu"))
    eventually(lambda: room.state == "paused")
    assert room.current.dirty
    assert room.screen.run.description == "Run"
    assert "Run starts a new run" in room.screen.caption.value
    room.post(actions.UndoChange())
    eventually(lambda: not room.current.dirty)
    assert room.values["activation"] == "tanh"
    assert room.values["draws"] == 8


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("width", "abc", "a whole number from 2 to 256"),
        ("width", "1e308", "a whole number from 2 to 256"),
        ("step_size", "nan", "a number from"),
        ("stop_at", "-5", "nearest allowed value is 1"),
        ("seed", "7.5", "a whole number"),
        ("latent_size", "<img src=x onerror=alert(1)>", "a whole number from 1 to 20"),
    ],
)
def test_nonsense_gets_a_sentence_and_changes_nothing(lab, name, value, words):
    room = lab()
    before = dict(room.values)
    room.act(actions.SetKnob(name, value))
    assert words in room.screen.caption.value
    assert room.values == before
    assert room.settings.form.fields[name].widget.value == f"{before[name]:g}"


def test_nonsense_in_any_numeric_field_of_any_model_is_a_sentence(lab):
    """Letters, nothing, what is too large, and one below the least: what came, what is allowed, what to do."""
    room = lab()
    room.session.closed.set()  # no pump: what follows from another model's list of estimators would take the sentence away
    room.session.pump.join()
    room.session.closed.clear()
    for model in catalogue()["models"]:
        room.act(actions.SetKnob("model", model))
        before = dict(room.values)
        for knob in [knob for knob in room.settings.knobs if knob["kind"] in ("int", "float")]:
            for bad in ("letters", "", "1e99", str(knob["low"] - 1), "nan", "−1"):
                room.act(actions.SetKnob(knob["name"], bad))
                said = room.screen.caption.value
                assert knob["label"] in said, (knob["name"], bad)
                assert "must be" in said
                assert f"{knob['low']:g} to {knob['high']:g}" in said
                assert "Set it to" in said or "nearest allowed value" in said
        assert room.values == before


def test_an_estimator_that_does_not_apply_is_refused_with_its_reason(lab):
    room = lab()
    room.act(actions.SetKnob("draws", 1))
    room.act(actions.SetKnob("estimator", "leave_one_out"))
    assert "needs at least 2 draws" in room.screen.caption.value
    assert room.values["estimator"] == "reparameterization"


def test_a_killed_worker_is_said_and_its_run_is_taken_up(lab):
    room = lab(SMALL)
    room.post(actions.Run())
    eventually(lambda: room.state == "running" and points(room) > 50)
    room.post(actions.Run())
    eventually(lambda: room.state == "paused")
    number = room.painter.facts["number"]
    eventually(lambda: [run["number"] for run in saved_runs()] == [number])
    os.kill(room.session.link.process.pid, signal.SIGKILL)
    eventually(lambda: "ended by signal 9" in room.screen.page.banner)
    eventually(lambda: room.state == "paused" and room.screen.page.banner == "")
    assert room.painter.facts["number"] == number
    room.post(actions.Run())
    eventually(lambda: room.painter.facts["number"] > number)


def test_closing_leaves_no_process_and_no_thread(lab):
    room = lab(SMALL)
    room.post(actions.Run())
    eventually(lambda: room.state == "running" and room.painter.facts["number"] > 0)
    process = psutil.Process(room.session.link.process.pid)
    room.close()
    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("elbo-room")]
    assert saved_runs()[0]["number"] > 0


def test_making_a_lab_again_in_the_same_cell_closes_the_old_one(lab):
    first = lab()
    second = lab()
    assert first.session.closed.is_set()
    assert not second.session.closed.is_set()


def test_a_run_is_opened_again_by_its_id(lab):
    room = lab(SMALL | {"stop_at": 50})
    room.post(actions.Run())
    eventually(lambda: room.state == "finished" and points(room) == 50)
    identity, drawn = room.current.folder.identity, np.concatenate(room.painter.lines.drawn)
    room.close()
    again = lab()
    again.act(actions.PageReady(f"?run={identity}", voila=False))
    eventually(lambda: again.state == "paused" and points(again) == 50)
    assert again.values["width"] == 8
    np.testing.assert_array_equal(np.concatenate(again.painter.lines.drawn), drawn)
    again.post(actions.SetKnob("stop_at", 60))
    again.post(actions.Run())
    eventually(lambda: again.state == "finished" and again.painter.facts["number"] == 60)


def test_a_run_that_another_page_is_putting_away_is_waited_for_and_not_copied(lab):
    """A reload is faster than the page before it saves: its last steps are not lost, and Runs has no second copy."""
    room = lab(SMALL | {"stop_at": 50})
    room.post(actions.Run())
    eventually(lambda: room.state == "finished" and saved_runs())
    identity = room.current.folder.identity
    room.close()
    leaving = RunFolder(identity)
    assert leaving.take()
    again = lab()
    again.act(actions.PageReady(f"?run={identity}", voila=False))
    assert "It opens in a moment" in again.screen.caption.value
    assert again.state == "example"
    leaving.release()
    eventually(lambda: again.state == "paused")
    assert again.current.folder.identity == identity
    assert len(saved_runs()) == 1


def test_a_run_that_is_waited_for_does_not_take_the_place_of_one_that_was_started_meanwhile(lab, monkeypatch):
    monkeypatch.setattr("elbo_room.widgets.controllers.runs.LEAVING", 60.0)
    elsewhere = new_run()
    (elsewhere.path / "state.safetensors").write_bytes(b"held by another page")
    room = lab(SMALL)
    eventually(lambda: room.current.ready)
    room.act(actions.OpenRun(elsewhere.identity))
    assert "It opens in a moment" in room.screen.caption.value
    room.post(actions.Run())
    eventually(lambda: room.state == "running")
    mine = room.current.folder
    elsewhere.release(keep=True)
    time.sleep(0.5)  # five times as long as it waits between two looks
    assert room.current.folder is mine
    assert room.state == "running"


def test_a_link_names_the_scene_and_what_differs_from_it(lab):
    room = lab()
    room.act(actions.PageReady('?settings={"version":1,"data":"pinwheel","width":32,"step_size":0.01,'
                                  '"identity_residual":true,"scale_head":"network","stop_at":3000,"draws":16}', voila=False))  # fmt: skip
    assert room.screen.scene.value == "pinwheel"
    assert room.screen.goal.value == "Like “Latent space”, but: Draws 16."
    assert room.values["draws"] == 16  # naming the scene did not choose it


@pytest.mark.parametrize(
    "query", ["?run=nonsense", "?settings=nonsense", "?settings=%7B%22width%22%3A%2010000%7D", "?settings=[]"]
)
def test_a_bad_link_is_a_sentence(lab, query):
    room = lab()
    room.act(actions.PageReady(query, voila=False))
    assert room.current.notice
    assert room.state == "example"


def test_a_page_that_went_away_pauses_the_run(lab, monkeypatch):
    """On coming back, the user reads why it is paused, at which step, and what to do."""
    monkeypatch.setattr("elbo_room.widgets.sessions.session.SILENCE", 0.3)
    room = lab(SMALL)
    room.post(actions.Run())
    eventually(lambda: room.state == "running" and points(room) > 20)
    heartbeat(room)
    eventually(lambda: room.state == "paused" and saved_runs())
    number = room.painter.facts["number"]
    heartbeat(room)
    eventually(lambda: f"Paused at step {number:,}, because this page was silent for" in room.screen.caption.value)
    assert "Press Continue" in room.screen.caption.value
    assert room.screen.run.description == "Continue"
    eventually(lambda: room.session.alone)  # silent again, but now nothing was running
    monkeypatch.setattr("elbo_room.widgets.sessions.session.SILENCE", 60.0)
    heartbeat(room)
    eventually(lambda: not room.session.alone)
    room.post(actions.Run())
    eventually(lambda: room.painter.facts["number"] > number and "silent" not in room.screen.caption.value)


@pytest.mark.parametrize(("gap", "paused"), [(0.5, True), (200.0, False)])
def test_a_machine_that_stood_still_is_no_page_that_went_away(monkeypatch, gap, paused):
    """80 s of silence between steady looks pause the run; one look 200 s after the last does not: nobody could speak meanwhile."""
    clock, seen, told = [100.0], [100.0], []
    monkeypatch.setattr(session.time, "monotonic", lambda: clock[0])
    page = SimpleNamespace(
        last_seen=lambda: seen[0], hidden=lambda: False, alone=lambda: told.append("alone"), heard_again=told.append
    )
    watched = session.Session(lambda: SimpleNamespace(start=lambda: None))
    watched.presence = page
    for _ in range(160 if paused else 2):
        watched._watch_page()
        clock[0] += gap
    seen[0] = clock[0]
    watched._watch_page()
    assert told == (["alone", 80.0] if paused else [])


def test_a_hidden_page_may_be_silent_for_longer(lab, monkeypatch):
    """A browser lets a hidden page speak once a minute: that is no reason to stop its run."""
    monkeypatch.setattr("elbo_room.widgets.sessions.session.SILENCE", 0.3)
    room = lab(SMALL)
    heartbeat(room, hidden=True)
    room.post(actions.Run())
    eventually(lambda: room.state == "running" and points(room) > 200)
    heartbeat(room, hidden=True)
    seen = room.screen.page.last_seen
    eventually(lambda: time.monotonic() - seen > 0.6 and points(room) > 400)
    assert room.state == "running"
    heartbeat(room)
    eventually(lambda: room.state == "paused")


def test_the_next_seed_when_the_lock_is_open(lab):
    room = lab(SMALL | {"stop_at": 5})
    room.post(actions.Run())
    eventually(lambda: room.state == "finished")
    room.screen.lock.value = False
    room.post(actions.Run())
    eventually(lambda: room.values["seed"] == 8 and room.state == "finished")


def test_settings_are_refused_at_the_door():
    from elbo_room.widgets.explorer import Explorer

    with pytest.raises(SettingError, match="There is no setting called 'colour'"):
        Explorer({"colour": "red"})


def test_slow_speed_tells_each_step_in_panel_c_and_another_speed_brings_the_map_back(lab):
    room = lab(SMALL | {"draws": 4})
    room.post(actions.Run())
    eventually(lambda: room.state == "running")
    room.screen.speed.value = "slow"
    eventually(lambda: room.screen.shows("one_step"))
    told = lambda: room.screen.bus.shown("one_step")  # noqa: E731
    eventually(lambda: told().get("about", {}).get("seconds", [0])[0] > 0)
    with between_messages():
        draws, q = told()["draws"], told()["q"]
    assert len(draws["gx"]) == 4
    np.testing.assert_allclose(draws["gx"].mean(), q["gx"][0], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(draws["x"], q["x"][0] + q["sx"][0] * draws["ex"], rtol=1e-4, atol=1e-5)
    assert "4 draws of one data point" in room.screen.caption.value
    room.screen.speed.value = "full"
    eventually(lambda: room.screen.shows("latent") and room.screen.lists["c"].value == "latent")


def test_predict_mode_says_nothing_about_panel_b_until_it_is_revealed(lab):
    room = lab()
    query = '?predict=1&hide=form,nonsense&settings={"version":1,"data":"pinwheel","width":8,"batch_size":32,"stop_at":100000}'
    room.act(actions.PageReady(query, voila=False))
    assert {"elbo-predict", "elbo-without-form"} <= set(room.screen.root._dom_classes)
    assert "elbo-without-nonsense" not in room.screen.root._dom_classes
    room.post(actions.Run())
    eventually(lambda: room.state == "running" and room.painter.facts.get("variance"))
    assert "the variance panel fills" in room.screen.caption.value  # no comparison
    room.act(actions.Reveal())
    assert "elbo-predict" not in room.screen.root._dom_classes
    assert "the variance panel fills" not in room.screen.caption.value


def test_one_panel_is_large_at_the_projector(lab):
    room = lab()
    room.act(actions.ToggleProjector())
    for key in ("b", "c"):
        room.act(actions.PressKey(key))
        assert {"elbo-large", f"elbo-large-{key}"} <= set(room.screen.root._dom_classes)
    assert "elbo-large-b" not in room.screen.root._dom_classes
    room.act(actions.PressKey("c"))
    assert "elbo-large" not in room.screen.root._dom_classes
    room.act(actions.ToggleProjector())
    assert "elbo-projector" not in room.screen.root._dom_classes


def test_a_model_of_ones_own_trains_in_a_thread(lab):
    import torch

    from elbo_room.models.core import Factor, Site
    from elbo_room.models.deep_generative.settings import Settings
    from elbo_room.models.families import Normal
    from elbo_room.models.variational import Posterior, Table

    class Mine:
        def __init__(self):
            self.sites = {"u": Site("u", "local", (3,), Normal())}

        def factors(self, batch, latents):
            u = latents["u"]
            return [
                Factor("log p(u)", (-0.5 * u.square()).sum(-1), frozenset({"u"})),
                Factor("log p(x|u)", (-0.5 * (batch.x - u).square()).sum(-1), frozenset({"u"})),
            ]

    model = Mine()
    q = Posterior({"u": Table(model.sites["u"], 3, 40, None, torch.Generator().manual_seed(0))})
    room = lab(Settings(stop_at=400, batch_size=40, step_size=0.05), model=model, q=q, data=torch.randn(40, 3).numpy())
    room.post(actions.Run())
    eventually(lambda: room.state == "finished")
    last = np.concatenate(room.painter.lines.drawn)[-50:, 1].mean()
    x = room.session.link._factory(Settings()).data.x
    exact = float((-0.25 * x.square()).sum(-1).mean()) + 1.5 * np.log(
        np.pi
    )  # log ∫ exp(−u²/2 − (x−u)²/2) du, three coordinates
    assert last == pytest.approx(exact, abs=0.15)


def test_choosing_what_panel_b_measures(lab):
    room = lab(SMALL | {"draws": 4})
    room.act(actions.TickEstimator("vargrad", on=True))
    for name in ("score_xi", "leave_one_out", "reparameterization", "path_only"):
        room.act(actions.TickEstimator(name, on=False))
    room.act(actions.CompareBy("evaluations"))
    room.post(actions.Run())
    eventually(lambda: set(room.painter.facts.get("variance", {})) == {"score", "vargrad"})
    legend = room.screen.legend
    assert legend.ticked == ["score", "vargrad"]
    # the bill comes with the curve: no other view has to be opened for it
    eventually(lambda: legend.multiples["score"]["text"] not in ("", "…"))
    assert room.screen.view.value == "variance"
    assert {name: each["text"] for name, each in legend.multiples.items() if each["range"] == "best"} == {
        "vargrad": "1×"
    }
    assert "the evaluations of log p for the same accuracy of VarGrad" in legend.multiples["score"]["says"]


def test_a_run_that_diverged_offers_a_remedy_that_works(lab):
    """NaN once: the run stops at its last good state, says why, and goes on with a third of the step size."""
    import torch

    from elbo_room.models.core import Factor, Site
    from elbo_room.models.deep_generative.settings import Settings
    from elbo_room.models.families import Normal
    from elbo_room.models.variational import Posterior, Table

    class Ill:
        def __init__(self):
            self.sites, self.calls = {"u": Site("u", "local", (2,), Normal())}, 0

        def factors(self, batch, latents):
            self.calls += torch.is_grad_enabled()  # pictures look without a gradient whenever they are due
            ill = float("nan") if torch.is_grad_enabled() and self.calls == 40 else 1.0
            return [Factor("log p(x|u)", -ill * (batch.x - latents["u"]).square().sum(-1), frozenset({"u"}))]

    model = Ill()
    q = Posterior({"u": Table(model.sites["u"], 2, 20, None, torch.Generator().manual_seed(0))})
    room = lab(Settings(stop_at=100, batch_size=20, step_size=0.03), model=model, q=q, data=torch.randn(20, 2).numpy())
    room.post(actions.Run())
    eventually(lambda: room.state == "failed")
    assert re.search(r"The ELBO became nan .*at step \d+", room.screen.caption.value)
    assert room.screen.remedy.layout.display is None
    failure = room.screen.bus.shown("elbo")["failure"]
    assert failure["step"][0] == room.painter.facts["number"]  # marked where it broke off
    room.post(actions.TryRemedy())
    eventually(lambda: room.state == "finished")
    assert room.values["step_size"] == pytest.approx(0.01)
    assert room.painter.facts["number"] == 100
    assert "failure" not in room.screen.bus.shown("elbo")


def test_try_this_asks_about_the_scene_on_the_screen_and_does_not_tell(lab):
    """The questions change with the scene while the drawer is open; what tells the answer is covered until there is a guess."""
    room, presets = lab(), catalogue()["presets"]
    screen, classes = room.screen, room.screen.root
    screen.tabs.value = "Try this"
    eventually(lambda: presets["digits"]["tasks"][0]["ask"] in screen.quiz.ask.value)
    eventually(lambda: "elbo-asking-b" in classes._dom_classes)
    assert "covered until you have made your guess" in screen.caption.value
    room.post(actions.ChooseScene("pinwheel"))
    screen.name_scene("pinwheel", "")
    eventually(lambda: presets["pinwheel"]["tasks"][0]["ask"] in screen.quiz.ask.value)
    eventually(lambda: "elbo-asking-d" in classes._dom_classes and "elbo-asking-b" not in classes._dom_classes)
    screen.quiz.guess.index = 1
    screen.quiz.check.click()
    eventually(lambda: "elbo-asking" not in classes._dom_classes)
    assert screen.quiz.answer.value == "Your guess is noted. Press Run: this scene answers at step 1,500."


def test_try_this_answers_by_itself_at_its_step(lab):
    room = lab(SMALL | {"stop_at": 60})
    screen = room.screen
    screen.tabs.value = "Try this"
    task = {
        "ask": "What is the ELBO?", "choices": ["below 0", "above"], "edges": [0.0], "measure": {"name": "fact", "of": "elbo"},
        "after": 50, "why": "It is small.",
    }  # fmt: skip
    with room.turn:
        screen.quiz.tasks, screen.quiz.at = [task], 0
        screen.quiz._show()
        screen.quiz.offer = lambda tasks: None
        screen.quiz.guess.index = 1
    screen.quiz.check.click()
    room.post(actions.Run())
    eventually(lambda: room.state == "finished")
    eventually(lambda: screen.quiz.answered)
    said = screen.quiz.answer.value
    assert "nats per data point at step" in said
    assert int(said.split("at step ")[1].split(".")[0]) >= 50


@pytest.mark.parametrize("key", ["e", "["])
def test_a_key_does_not_turn_a_grey_knob_but_says_why(lab, key):
    room = lab({"model": "conditional", "posterior": "point", "draws": 4, "width": 8})
    before = dict(room.values)
    room.act(actions.PressKey(key))
    assert room.values == before
    assert room.screen.caption.value.endswith("q is a point mass: nothing is drawn.")
