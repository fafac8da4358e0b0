"""A start that the worker refuses, or does not survive: the previous run is still there, locked, and on the screen."""

import pytest

from elbo_room.widgets import actions
from elbo_room.widgets.messages import Refused, Saved, Start, Started, State, Unsaved
from elbo_room.widgets.sessions.runs import in_use, new_run, saved_runs
from elbo_room.widgets.words.remedies import NO_RUN, SavedRun
from elbo_room.widgets.worker.history import Curves
from tests.widgets.conftest import eventually
from tests.widgets.notebook.test_reruns import SMALL, NoWorker, paused
from tests.widgets.sessions.test_runs import keep


def folders(home):
    return sorted(path.name for path in home.glob("runs/*"))


def test_after_a_refused_start_the_run_before_it_goes_on_in_its_own_folder(lab, home):
    """Settings that only the worker can refuse: a run on a table of one's own, where none was read."""
    room = lab(SMALL)
    number, first = paused(room), room.current.folder.identity
    trained = dict(room.current.run_values)
    room.act(actions.SetKnob("data", "own"))
    room.act(actions.Run())
    eventually(lambda: not room.current.requested)
    assert room.state == "paused"
    assert "table" in room.screen.caption.value
    assert room.current.folder.identity == room.screen.page.run_id == first
    assert in_use(first), "the worker still saves this run, so no other page may write it"
    assert folders(home) == [first]
    assert (room.current.run_values, room.current.dirty) == (trained, True)
    room.post(actions.UndoChange())
    room.post(actions.Run())
    eventually(lambda: room.painter.facts["number"] > number)
    room.post(actions.Run())
    eventually(lambda: room.state == "paused")
    assert [run["identity"] for run in saved_runs()] == [first]


def test_a_saved_run_that_cannot_be_opened_leaves_the_one_on_the_screen(lab, home):
    damaged = new_run()
    keep(damaged, model="deep_exponential_family")
    damaged.release()
    room = lab(SMALL)
    number, first = paused(room), room.current.folder.identity
    values = dict(room.values)
    room.act(actions.OpenRun(damaged.identity))
    assert room.state == "starting"
    eventually(lambda: not room.current.requested)
    assert room.state == "paused"
    assert not in_use(damaged.identity)
    assert (room.current.folder.identity, room.painter.facts["number"]) == (first, number)
    assert room.values == room.current.run_values == values
    assert damaged.identity in folders(home)
    assert in_use(first)


def test_a_saved_run_with_settings_of_no_kind_is_refused_and_left_free(lab, home, monkeypatch):
    monkeypatch.setattr("elbo_room.widgets.explorer.ProcessLink", NoWorker)
    odd = new_run()
    keep(odd, data="nonsense")
    odd.release()
    room = lab()
    before = dict(room.values)
    room.act(actions.OpenRun(odd.identity))
    assert "nonsense" in room.screen.caption.value
    assert not in_use(odd.identity)
    assert (room.values, room.state) == (before, "example")


@pytest.fixture
def quiet(lab, monkeypatch):
    """A lab whose worker is played by the test; it holds a run that is saved up to step 7."""
    monkeypatch.setattr("elbo_room.widgets.explorer.ProcessLink", NoWorker)
    room = lab(SMALL)
    room.act(actions.Run())
    (path,) = room.current.requested
    folder = room.current.requested[path].folder
    with room.turn:
        room.held.started(started(path))
        room.current.phase = "running"
        keep(folder, 7)
        room.show(Saved(number=7))
    return room


def started(folder):
    return Started(number=0, settings={}, folder=folder, curves=Curves().tables(), about={})


def refuse(room, state):
    folder = next(iter(room.current.requested))
    room.show(Refused(Start, "No.", state, folder))


def test_a_run_that_trains_on_after_a_refusal_is_shown_as_running(quiet):
    first = quiet.current.folder.identity
    quiet.act(actions.Reset())
    quiet.show(State(state="finished", number=8))  # of the run before: nothing is running yet
    assert quiet.state == "starting"
    refuse(quiet, "running")
    assert (quiet.state, quiet.current.folder.identity, quiet.current.notice) == ("running", first, "No.")
    assert quiet.screen.caption.value.endswith("No.")
    assert in_use(first)


def test_of_two_starts_the_last_one_that_was_not_refused_is_held(quiet):
    first = quiet.current.folder.identity
    quiet.act(actions.SetKnob("seed", 5))
    quiet.act(actions.Reset())
    quiet.act(actions.SetKnob("seed", 6))
    quiet.act(actions.Reset())
    second = next(iter(quiet.current.requested))
    quiet.show(Saved(number=8))
    with quiet.turn:
        quiet.held.started(started(second))
    refuse(quiet, "paused")
    assert str(quiet.current.folder.path) == second
    assert not in_use(first)
    assert quiet.current.run_values == quiet.current.held_values


def test_a_trainer_that_does_not_survive_a_start_takes_up_the_run_before_it(quiet):
    first = quiet.current.folder.identity
    quiet.act(actions.Reset())
    with quiet.turn:
        quiet.lost("killed")
    assert "The new run did not start. Your earlier run is kept up to step 7." in quiet.screen.page.banner
    assert (quiet.state, quiet.current.folder.identity, quiet.current.requested) == ("starting", first, {})


def test_a_trainer_of_ones_own_model_never_says_that_the_run_is_kept(quiet):
    quiet.current.own_model = True
    with quiet.turn:
        quiet.lost("killed")
    assert "kept" not in quiet.screen.page.banner
    assert "cannot be resumed: press Run to start it again at step 0" in quiet.screen.page.banner


def test_the_page_knows_how_far_the_run_is_saved_before_its_kernel_stops(quiet):
    """Without a run there is nothing to report; what is saved comes from the file, and a save that fails changes nothing."""
    page = quiet.screen.page
    assert page.remedies["reload"] == "Your run is kept up to step 7: reload this page to continue."
    assert page.remedies["rerun"].startswith("Your run is kept up to step 7: run the cell again and open")
    quiet.show(Unsaved("This run cannot be saved."))
    assert "up to step 7:" in page.remedies["reload"]
    quiet.act(actions.Reset())
    assert "up to step 7:" in page.remedies["reload"], "the new run has not started"
    with quiet.turn:
        quiet.held.started(started(next(iter(quiet.current.requested))))
        quiet.words.refresh()
    assert page.remedies["reload"] == "Nothing of your run was saved yet: reload this page to start at step 0."
    quiet.show(Unsaved("This run cannot be saved."))
    assert "Nothing of your run was saved yet" in page.remedies["rerun"]


@pytest.mark.parametrize("saved", [NO_RUN, SavedRun(exists=True, number=9, own_model=True, cell=True)])
def test_no_run_and_a_run_that_cannot_be_taken_up_are_not_called_kept(saved):
    assert not any("kept" in words or "go on" in words for words in saved.remedies().values())


def test_a_new_model_speaks_of_a_kept_run_only_where_there_is_one(lab, monkeypatch):
    monkeypatch.setattr("elbo_room.widgets.explorer.ProcessLink", NoWorker)
    room = lab()
    for action in (actions.ChooseScene("pinwheel"), actions.SetKnob("model", "conditional")):
        room.act(action)
        assert "kept" not in room.current.notice
    room.current.saved_number = 3
    room.act(actions.SetKnob("model", "deep_generative"))
    assert "the previous run is kept" in room.current.notice
