"""A scene opens with its finished run: no empty panel, its numbers hold, and the run that was on the screen is kept."""

import pytest

from elbo_room.widgets import actions
from elbo_room.widgets.messages import Leave, Refused, Start, Started
from elbo_room.widgets.sessions.example import catalogue, settings_of
from elbo_room.widgets.sessions.runs import in_use, saved_runs
from elbo_room.widgets.words.tasks import measure_of, step_of
from elbo_room.widgets.words.yardsticks import compared
from elbo_room.widgets.worker.history import Curves
from tests.widgets.conftest import eventually
from tests.widgets.notebook.test_reruns import NoWorker

PRESETS = catalogue()["presets"]
SMALL = {"data": "pinwheel", "width": 8, "depth": 1, "batch_size": 32, "stop_at": 100_000}
ABOUT = {"static": {}, "labels": {}, "shape": [1, 2]}


@pytest.fixture
def quiet(lab, monkeypatch):
    """A lab without a worker, and what is sent to it."""
    monkeypatch.setattr("elbo_room.widgets.explorer.ProcessLink", NoWorker)
    room = lab()
    sent = []
    monkeypatch.setattr(room.session, "send", sent.append)
    return room, sent


def filled(room, name):
    """Whether a chart has anything to draw."""
    return any(len(column) for data in room.screen.bus.shown(name).values() for column in data.values())


def test_every_scene_opens_with_a_finished_run_in_which_its_questions_are_answered(lab):
    room = lab()
    for name, preset in PRESETS.items():
        room.act(actions.ChooseScene(name))
        facts, screen = room.painter.facts, room.screen
        assert (room.state, screen.scene.value, screen.goal.value) == ("example", name, preset["goal"])
        assert {chart for chart in screen.in_sight() if not filled(room, chart)} == set(), name
        assert facts["number"] == settings_of(name)["stop_at"]
        assert {screen.lists[panel].value for panel in preset.get("views", {}) if panel in "abcd"} == {
            view for panel, view in preset.get("views", {}).items() if panel in "abcd"
        }
        assert "yardstick" not in preset or compared(facts), name
        for task in preset.get("tasks", []):
            measure, arguments = measure_of(task)
            assert facts["number"] >= step_of(task)
            if not (
                name == "map" and arguments.get("of") == "band_ratio"
            ):  # its question begins with a choice in panel C
                assert measure.read(facts, **arguments) is not None, f"{name}: {task['ask']}"


def test_a_scene_keeps_the_run_on_the_screen_in_the_list_of_runs(lab):
    room = lab(SMALL)
    room.post(actions.Run())
    eventually(lambda: room.state == "running" and room.painter.facts["number"] > 30)
    identity = room.current.folder.identity
    room.post(actions.ChooseScene("moons"))
    eventually(lambda: room.state == "example")
    assert [run["identity"] for run in saved_runs()] == [identity]
    assert saved_runs()[0]["number"] > 30
    assert not in_use(identity)
    assert room.screen.page.run_id == ""
    assert "Your previous run is under Runs." in room.screen.caption.value
    assert len(room.painter.lines.ghost) == 0
    room.post(actions.OpenRun(identity))
    eventually(lambda: room.state == "paused" and room.current.folder is not None)
    assert room.current.folder.identity == identity
    assert room.values["data"] == "pinwheel"


def test_a_run_that_cannot_be_saved_stays_on_the_screen(quiet):
    room, sent = quiet
    room.act(actions.Run())
    (path,) = room.current.requested
    room.show(Started(number=7, settings=room.values, folder=path, curves=Curves().tables(), about=ABOUT))
    room.act(actions.ChooseScene("moons"))
    assert sent[-1] == Leave()
    room.show(Refused(Leave, "The run on the screen cannot be saved, so it stays there.", "paused"))
    assert room.current.notice == "The run on the screen cannot be saved, so it stays there."
    assert room.painter.facts["number"] == 7
    assert room.current.folder is not None
    assert room.values["data"] == "moons", "Run trains the scene"


def test_the_recorded_run_is_the_grey_line_of_a_run_of_the_same_scene(lab):
    room = lab()
    room.post(actions.ChooseScene("pinwheel"))
    eventually(lambda: room.values["data"] == "pinwheel")
    room.post(actions.Run())
    eventually(lambda: room.state == "running")
    assert len(room.painter.lines.ghost) > 100
    assert room.screen.chart("elbo").heading == "", "nothing differs: the label at its end says what it is"


def test_settings_of_a_notebook_open_with_the_run_of_their_scene(lab):
    room = lab(PRESETS["moons"]["settings"])
    assert (room.state, room.screen.scene.value, room.screen.goal.value) == (
        "example",
        "moons",
        PRESETS["moons"]["goal"],
    )
    assert "finished run of the scene" in room.screen.caption.value
    assert all(filled(room, chart) for chart in room.screen.in_sight())


def test_settings_that_are_no_scenes_open_with_the_nearest_run_and_say_what_differs(lab):
    room = lab(PRESETS["pinwheel"]["settings"] | {"draws": 16})
    assert room.screen.goal.value == "Like “Latent space”, but: Draws 16."
    assert room.current.notice == (
        "Shown is the finished run of the scene “Latent space”. Your settings differ from it: Draws 16. "
        "Press Run to train with yours."
    )
    assert all(filled(room, chart) for chart in room.screen.in_sight())


def test_the_nearest_run_is_one_on_the_same_data(lab):
    assert lab({"data": "pinwheel"}).screen.scene.value == "pinwheel"


def test_run_uses_the_scenes_settings(quiet):
    room, sent = quiet
    room.act(actions.ChooseScene("moons"))
    room.act(actions.Run())
    start = next(command for command in sent if type(command) is Start)
    assert dict(start.settings) == settings_of("moons") | {"seed": start.settings["seed"]}


@pytest.mark.parametrize("difficulty", ["introductory", "intermediate", "advanced"])
def test_the_gallery_has_every_scene_once_under_its_chapter(difficulty):
    from elbo_room.widgets.screen.gallery import groups

    cards = [scene for group in groups() for scene in group["scenes"]]
    assert sorted(card["name"] for card in cards) == sorted(PRESETS)
    assert any(card["difficulty"] == difficulty for card in cards)
    assert all(card["picture"].startswith("<svg") and "<path" in card["picture"] for card in cards)
