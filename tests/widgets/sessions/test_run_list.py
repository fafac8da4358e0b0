"""Names, pins and the bin: nothing that a user made is lost, and a damaged file costs no more than its own words."""

import os
import time

import pytest

from elbo_room.models.run_file import STATE
from elbo_room.widgets import actions
from elbo_room.widgets.sessions import run_bin
from elbo_room.widgets.sessions.example import catalogue
from elbo_room.widgets.sessions.run_bin import bin_folder, delete, deleted_runs, restore
from elbo_room.widgets.sessions.run_labels import Label, label_of, pin, rename
from elbo_room.widgets.sessions.runs import LABEL, new_run, open_run, saved_runs
from elbo_room.widgets.words.run_rows import row_of
from tests.widgets.sessions.test_runs import keep


@pytest.fixture
def kept(home):
    """A run that no session holds."""
    folder = new_run()
    keep(folder)
    folder.release()
    return folder


def listed():
    return [run["identity"] for run in saved_runs()]


def test_a_name_and_a_pin_stay_with_the_run_and_go_with_its_copy(kept):
    rename(kept.identity, "  the  good one ")
    pin(kept.identity, pinned=True)
    assert label_of(kept.path) == Label("the good one", pinned=True)
    row = row_of(saved_runs()[0], catalogue())
    assert (row["name"], row["pinned"]) == ("the good one", True)
    assert kept.take()
    copy = open_run(kept.identity)
    assert copy.identity != kept.identity
    assert label_of(copy.path).name == "the good one"
    for folder in (kept, copy):
        folder.release()
    rename(kept.identity, "")
    assert label_of(kept.path) == Label("", pinned=True)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"name": 3}', bytes(range(256))])
def test_a_damaged_label_is_no_label(kept, content):
    (kept.path / LABEL).write_bytes(content)
    assert label_of(kept.path) == Label()
    assert listed() == [kept.identity]
    rename(kept.identity, "again")
    assert label_of(kept.path).name == "again"


def test_a_pinned_run_is_listed_however_old_it_is(kept):
    newer = new_run()
    keep(newer)
    newer.release()
    pin(kept.identity, pinned=True)
    assert [run["identity"] for run in saved_runs(1)] == [newer.identity]
    assert [run["identity"] for run in saved_runs(1, lambda folder: label_of(folder).pinned)] == [
        newer.identity,
        kept.identity,
    ]


def test_a_deleted_run_comes_back_whole(kept):
    (kept.path / "note").write_text("anything", encoding="utf-8")
    before = {file.name: file.read_bytes() for file in kept.path.iterdir()}
    delete(kept.identity)
    assert not kept.path.exists()
    assert listed() == []
    assert deleted_runs() == [kept.identity]
    restore(kept.identity)
    assert {file.name: file.read_bytes() for file in kept.path.iterdir()} == before
    assert listed() == [kept.identity]
    assert deleted_runs() == []


def test_the_bin_forgets_only_what_an_earlier_session_deleted_long_ago(kept, monkeypatch):
    runs = [kept]
    for _ in range(2):
        runs.append(new_run())
        keep(runs[-1])
        runs[-1].release()
    old, recent, last = (run.identity for run in runs)
    delete(old)
    delete(recent)
    assert deleted_runs() == [recent, old]
    past = time.time() - run_bin.KEPT - 10
    os.utime(bin_folder() / old / run_bin.DELETED, (past, past))
    delete(last)
    assert set(deleted_runs()) == {old, recent, last}, "this kernel's own deletions stay"
    restore(last)
    monkeypatch.setattr(run_bin, "_of_this_process", set())
    delete(last)
    assert deleted_runs() == [last, recent]


def test_a_run_that_a_page_shows_cannot_be_deleted(kept):
    assert kept.take()
    with pytest.raises(ValueError, match="A page shows this run"):
        delete(kept.identity)
    kept.release(keep=True)
    assert listed() == [kept.identity]


@pytest.mark.parametrize("act", [delete, restore, lambda name: rename(name, "x"), lambda name: pin(name, pinned=True)])
@pytest.mark.parametrize("name", ["", "../../etc", "20260101-000000-0000"])
def test_what_is_no_run_is_refused(home, act, name):
    with pytest.raises(ValueError, match=r"is kept here|no deleted run"):
        act(name)


def test_the_table_deletes_restores_and_refuses_the_run_on_the_screen(lab, monkeypatch):
    from tests.widgets.notebook.test_reruns import NoWorker

    monkeypatch.setattr("elbo_room.widgets.explorer.ProcessLink", NoWorker)
    room = lab()
    folder = new_run()
    keep(folder)
    folder.release()
    room.act(actions.OpenDrawer("Runs"))
    table = room.screen.runs
    assert [row["id"] for row in table.rows] == [folder.identity]
    room.current.folder = folder
    room.act(actions.DeleteRun(folder.identity))
    assert "on the screen" in room.screen.caption.value
    assert (folder.path / STATE).exists()
    room.current.folder = None
    room.act(actions.DeleteRun(folder.identity))
    room.act(actions.OpenDrawer("Runs"))
    assert (table.rows, table.deleted) == ([], 1)
    room.act(actions.RestoreRun())
    room.act(actions.RenameRun(folder.identity, "mine"))
    room.act(actions.OpenDrawer("Runs"))
    assert [row["name"] for row in table.rows] == ["mine"]
    assert table.deleted == 0
