"""Runs are kept, found again, and never shared by two controllers."""

import json

import pytest

from models.run_file import STATE
from widgets.runs import new_run, open_run, saved_runs


def keep(folder, number=5):
    said = json.dumps({"version": 1, "number": number, "settings": {"seed": 3}})
    head = json.dumps({"__metadata__": {"about": said}}).encode()
    (folder.path / STATE).write_bytes(len(head).to_bytes(8, "little") + head)


def test_a_saved_run_is_found_and_an_empty_one_goes():
    kept, empty = new_run(), new_run()
    keep(kept)
    for folder in (kept, empty):
        folder.release()
    assert saved_runs() == [{"identity": kept.identity, "number": 5, "settings": {"seed": 3}, "version": 1}]
    assert not empty.path.exists()


def test_a_run_in_use_is_opened_as_a_copy():
    first = new_run()
    keep(first)
    second = open_run(first.identity)
    assert second.identity != first.identity
    assert (second.path / STATE).read_bytes() == (first.path / STATE).read_bytes()
    first.release()
    again = open_run(first.identity)
    assert again.identity == first.identity
    again.release()
    second.release()


@pytest.mark.parametrize("identity", ["nothing", "../../etc", "20260101-000000-abcd", "", "a" * 500])
def test_an_unknown_run_is_a_sentence_and_makes_no_folder(identity, home):
    with pytest.raises(ValueError, match=r"No run called .* Press Run to start a new one"):
        open_run(identity)
    assert not list(home.glob("runs/*"))


def test_a_damaged_run_is_passed_over():
    folder = new_run()
    (folder.path / STATE).write_bytes((1).to_bytes(8, "little") + b"{")
    assert saved_runs() == []
    folder.release()
