"""What is open follows the run, the scene and the settings: tables, texts, lists and questions."""

import re
from itertools import combinations, pairwise
from types import SimpleNamespace

import pytest

from elbo_room.widgets import actions
from elbo_room.widgets.screen import drawer
from elbo_room.widgets.screen.drawer import Drawer
from elbo_room.widgets.screen.drawers.part import Shown
from elbo_room.widgets.sessions.example import catalogue
from elbo_room.widgets.sessions.runs import new_run
from elbo_room.widgets.words.tables import tabulated
from tests.widgets.conftest import eventually
from tests.widgets.notebook.test_reruns import NoWorker
from tests.widgets.sessions.test_runs import keep

PRESETS = catalogue()["presets"]
FIRST = ("score", "score_xi", "leave_one_out", "reparameterization", "path_only")


def tables(room):
    """What the panels show at this moment, as tables."""
    return [tabulated(room.screen.bus, room.screen.chart(name)) for name in room.screen.in_order()]


def finished(room, scene, steps):
    """Choose a scene and run it for so many steps; the run before it, which has finished too, is another one."""
    earlier = room.current.folder
    room.act(actions.ChooseScene(scene))
    room.act(actions.SetKnob("stop_at", steps))
    room.post(actions.Run())
    eventually(
        lambda: (
            room.current.folder is not earlier and room.state == "finished" and room.painter.facts["number"] == steps
        )
    )


def test_an_open_table_shows_the_scene_on_the_screen_through_three_scenes(lab):
    room = lab()
    room.act(actions.OpenDrawer("Table"))
    seen = [room.screen.tables.tables]
    for place, scene in enumerate(("pinwheel", "moons", "belief_network")):
        finished(room, scene, steps=20 + place)
        eventually(lambda: room.screen.tables.tables == tables(room))
        seen.append(room.screen.tables.tables)
    assert all(one != other for one, other in combinations(seen, 2))


def test_no_word_of_an_earlier_scene_stays_behind_a_chart(lab):
    """The sentences for screen readers, which the tables repeat, are the run's own."""
    room = lab()
    eventually(lambda: room.current.ready)
    room.screen.chart("elbo").summary = room.screen.chart("latent").summary = "of the run before"
    room.act(actions.ChooseScene("pinwheel"))
    room.act(actions.Step())
    eventually(lambda: room.state == "paused" and room.painter.facts["number"] == 1)
    assert "of the run before" not in [chart.summary for chart in room.screen.charts.values()]


def test_an_open_list_of_runs_shows_the_run_that_is_training(lab):
    room = lab({"data": "pinwheel", "width": 8, "depth": 1, "stop_at": 100_000, "batch_size": 32})
    room.act(actions.OpenDrawer("Runs"))
    assert room.screen.runs.rows == []
    room.post(actions.Run())
    eventually(
        lambda: [row["id"] for row in room.screen.runs.rows] == [room.screen.runs.current] and room.state == "running"
    )


@pytest.fixture
def quiet(lab, monkeypatch):
    """A lab without a worker."""
    monkeypatch.setattr("elbo_room.widgets.explorer.ProcessLink", NoWorker)
    return lab()


@pytest.mark.parametrize(
    ("name", "before", "after"), [("Code", "width=48", "width=16"), ("Formula", "B = 4", "B = 16")]
)
def test_an_open_text_follows_the_settings(quiet, name, before, after):
    def text():
        widget = quiet.screen.drawers[name].widget
        return widget.code if name == "Code" else re.sub("<[^>]*>", "", widget.value)

    quiet.act(actions.SetKnob("width", 48))
    quiet.act(actions.SetKnob("draws", 4))
    quiet.act(actions.OpenDrawer(name))
    assert before in text()
    quiet.act(actions.SetKnob("width", 16))
    quiet.act(actions.SetKnob("draws", 16))
    eventually(lambda: after in text())
    assert before not in text()


def test_open_questions_are_those_of_the_scene_that_is_chosen(quiet):
    quiet.act(actions.OpenDrawer("Try this"))
    for scene in ("score", "collapse_weight", "digits"):
        quiet.act(actions.ChooseScene(scene))
        quiet.screen.name_scene(scene, "")  # as the page's own list does, before it asks for the scene
        eventually(lambda scene=scene: quiet.screen.quiz.tasks == PRESETS[scene].get("tasks", []))


def test_opening_a_run_of_another_family_offers_the_estimators_of_that_family(quiet):
    folder = new_run()
    keep(folder, model="deep_exponential_family")
    folder.release()
    before = quiet.screen.legend.rows
    quiet.act(actions.OpenRun(folder.identity))
    assert quiet.screen.legend.rows != before
    choices = quiet.settings.form.fields["estimator"].knob["choices"]
    usable = [choice["name"] for choice in choices if not choice.get("unavailable")]
    assert [row["name"] for row in quiet.screen.legend.rows if not row["never"]] == usable


def test_going_back_to_the_runs_settings_names_its_scene_again(quiet):
    quiet.current.run_values = dict(quiet.values)
    quiet.act(actions.SetKnob("model", "conditional"))
    assert quiet.screen.scene.value != "digits"
    quiet.act(actions.UndoChange())
    assert quiet.screen.scene.value == "digits"
    assert quiet.screen.goal.value == PRESETS["digits"]["goal"]


@pytest.mark.parametrize(("running", "seconds"), [(True, 1.0), (False, 0.2)])
def test_while_a_model_trains_what_is_open_changes_now_and_then(monkeypatch, running, seconds):
    """Two hundred changes in ten seconds fill it at most once a second, at rest five times; the last change is always shown."""
    clock = [100.0]
    monkeypatch.setattr(drawer.time, "monotonic", lambda: clock[0])
    filled = []
    part = SimpleNamespace(follows=True, fill=lambda shown: filled.append(clock[0]))
    open_drawer = Drawer(SimpleNamespace())
    open_drawer.part = part
    for _ in range(200):
        open_drawer.changed()
        if open_drawer.due(running=running):
            open_drawer.fill(Shown({}, [], {}))
        clock[0] += 0.05
    clock[0] += 1.0
    open_drawer.changed()
    assert open_drawer.due(running=running)
    open_drawer.fill(Shown({}, [], {}))
    assert not open_drawer.due(running=running)
    assert 0.7 * 10 / seconds < len(filled) < 1.3 * 10 / seconds
    assert min(after - before for before, after in pairwise(filled)) > seconds - 1e-6


def test_a_scene_ticks_the_estimators_in_its_questions(quiet):
    assert quiet.screen.legend.ticked == list(FIRST)
    quiet.act(actions.ChooseScene("shared_weights"))
    assert quiet.screen.legend.ticked == PRESETS["shared_weights"]["shown"]
    assert quiet.screen.legend.wished == ()
