"""What goes wrong around a run: a frozen worker, a disk that cannot be written, a thousand changes, damaged files."""

import os
import signal
import sys
import time
from types import SimpleNamespace

import pytest

from elbo_room.models.run_file import STATE
from elbo_room.widgets import actions
from elbo_room.widgets.messages import Alive
from elbo_room.widgets.sessions import session
from elbo_room.widgets.sessions.example import catalogue
from elbo_room.widgets.sessions.runs import damaged_runs, new_run, open_run, saved_runs
from elbo_room.widgets.words.run_rows import row_of
from elbo_room.widgets.worker.history import Curves
from tests.widgets.conftest import eventually
from tests.widgets.sessions.test_runs import keep

SMALL = {"data": "pinwheel", "width": 8, "depth": 1, "batch_size": 32, "stop_at": 100_000}


# a frozen worker


@pytest.mark.parametrize(("gap", "noticed"), [(0.5, True), (200.0, False)])
def test_a_silent_worker_is_noticed_within_five_seconds_and_a_computer_that_stood_still_is_none(
    monkeypatch: pytest.MonkeyPatch, gap: float, noticed: bool
) -> None:
    """On a clock of its own; a sign of life takes the sentence away again."""
    clock, told = [100.0], []
    monkeypatch.setattr(session.time, "monotonic", lambda: clock[0])
    watched = session.Session(lambda: SimpleNamespace(start=lambda: None))
    watched.view = SimpleNamespace(frozen=lambda seconds: told.append(clock[0]), thawed=lambda: told.append("thawed"))
    watched.link = object()
    watched._watch_worker(heard=False, gone=False)
    clock[0] += 60  # it loads: it has never spoken
    watched._watch_worker(heard=False, gone=False)
    watched._watch_worker(heard=True, gone=False)
    silent_since = clock[0]
    for _ in range(30 if noticed else 2):
        clock[0] += gap
        watched._watch_worker(heard=False, gone=False)
    if noticed:
        assert [at - silent_since for at in told] == [pytest.approx(4.5)]
    watched._watch_worker(heard=True, gone=False)
    assert told[1:] == (["thawed"] if noticed else [])


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGSTOP")
def test_a_stopped_worker_is_said_and_the_sentence_goes_when_it_comes_back(lab):
    room = lab(SMALL)
    room.post(actions.Run())
    eventually(lambda: room.state == "running" and room.current.saved_number is not None)
    pid = room.session.link.process.pid
    os.kill(pid, signal.SIGSTOP)
    try:
        eventually(lambda: "The trainer has not answered for 4 s" in room.screen.page.banner)
        assert f"Your run is kept up to step {room.current.saved_number:,}." in room.screen.page.banner
    finally:
        os.kill(pid, signal.SIGCONT)
    eventually(lambda: room.screen.page.banner == "")
    number = room.painter.facts["number"]
    eventually(lambda: room.painter.facts["number"] > number)


def test_a_resting_worker_gives_a_sign_of_life():
    from tests.widgets.worker.test_worker import Driver

    driver = Driver()
    driver.until(Alive)
    driver.until(Alive)
    driver.close()


# a disk that cannot be written


def test_where_nothing_can_be_written_a_run_trains_says_so_and_is_saved_as_soon_as_it_can_be(lab, home, monkeypatch):
    """The folder of runs is a file at first."""
    place = home / "elsewhere"
    place.write_text("")
    monkeypatch.setenv("ELBO_ROOM_HOME", str(place))
    room = lab(SMALL)
    room.post(actions.Run())
    eventually(lambda: room.state == "running" and room.painter.facts["number"] > 0)
    eventually(
        lambda: "This run cannot be saved (Not a directory). Nothing of it is kept." in room.screen.caption.value
    )
    assert room.current.saved_number is None
    place.unlink()
    place.mkdir()
    eventually(lambda: (room.current.saved_number or 0) > 0)
    eventually(lambda: "The run is saved again, up to step" in room.screen.caption.value)
    assert [run["identity"] for run in saved_runs()] == [room.current.folder.identity]
    other = open_run(room.current.folder.identity)  # a second page: the folder is locked although it came late
    assert other.identity != room.current.folder.identity
    other.release()


# clocks


def test_a_clock_that_jumps_changes_nothing(lab, monkeypatch):
    room = lab(SMALL)
    room.post(actions.Run())
    eventually(lambda: room.state == "running" and room.current.saved_number is not None)
    now = time.time
    for jump in (86_400.0, -86_400.0):
        monkeypatch.setattr(time, "time", lambda jump=jump: now() + jump)
        number, saved = room.painter.facts["number"], room.current.saved_number
        eventually(lambda number=number: room.painter.facts["number"] > number)
        eventually(lambda saved=saved: room.current.saved_number > saved)
    assert room.screen.page.banner == ""
    assert room.state == "running"


# a thousand changes


def test_of_a_controls_values_the_last_one_wins_unless_something_came_between():
    knob = actions.SetKnob
    values = [knob("draws", number) for number in range(1_000)]
    assert session.latest(values) == [values[-1]]
    mixed = [knob("a", 1), knob("b", 1), knob("a", 2), actions.Run(), knob("a", 3), knob("a", 4)]
    assert session.latest(mixed) == [knob("b", 1), knob("a", 2), actions.Run(), knob("a", 4)]


def test_a_thousand_changes_of_a_knob_settle_on_the_last_and_few_are_carried_out(lab):
    room = lab(SMALL)
    room.post(actions.Run())
    eventually(lambda: room.state == "running" and room.painter.facts["number"] > 0)
    done, act = [], room.act
    room.act = lambda action: (done.append(action), act(action))
    with room.turn:  # the page is busy while they come
        for number in range(1_000):
            room.post(actions.SetKnob("step_size", 0.001 + number * 1e-6))
    eventually(lambda: room.values["step_size"] == 0.001 + 999e-6 and room.session.actions.empty())
    assert len(done) < 20
    eventually(lambda: room.current.run_values["step_size"] == 0.001 + 999e-6)
    assert room.state == "running"


# damaged files


def test_a_damaged_run_is_listed_with_its_reason_and_hurts_no_other(lab, home):
    good, bad, curveless = new_run(), new_run(), new_run()
    for folder in (good, bad, curveless):
        keep(folder)
        Curves().save(folder.path, [(1, 2.0, 0, 0, 0, 0)], [(1, 2.0)])
        folder.release()
    (bad.path / STATE).write_bytes((bad.path / STATE).read_bytes()[:30])
    (curveless.path / "history.npz").write_bytes(b"PK\x03\x04")
    (good.path / "label.json").write_bytes(b"{")
    assert list(damaged_runs()) == [bad.identity]
    rows = {run["identity"]: row_of(run, catalogue()) for run in saved_runs()}
    assert set(rows) == {good.identity, curveless.identity}
    assert "its curves are damaged" in rows[curveless.identity]["changes"]
    assert "damaged" not in rows[good.identity]["changes"]
    room = lab()
    room.act(actions.OpenDrawer("Runs"))
    listed = {row["id"]: row for row in room.screen.runs.rows}
    assert listed[bad.identity]["fault"].startswith("Cannot be opened: it is not a run's file, or was cut short")
    assert listed[good.identity]["fault"] == listed[curveless.identity]["fault"] == ""
