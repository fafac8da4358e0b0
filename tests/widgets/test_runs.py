"""Runs are kept, found again, and never shared by two controllers."""

import json

import pytest

from elbo_room.models.run_file import STATE
from elbo_room.widgets.runs import new_run, open_run, saved_runs
from elbo_room.widgets.worker.history import Curves, RunningMean, table
from tests.widgets.conftest import eventually


def keep(folder, number=5):
    said = json.dumps({"version": 1, "number": number, "settings": {"seed": 3}})
    head = json.dumps({"__metadata__": {"about": said}}).encode()
    (folder.path / STATE).write_bytes(len(head).to_bytes(8, "little") + head)


def test_a_finished_run_keeps_the_settings_that_made_it(lab):
    """Trying another estimator on a finished run, and then starting anew, must not rewrite what is kept."""
    room = lab({"data": "pinwheel", "width": 8, "depth": 1, "batch_size": 32, "stop_at": 20, "estimator": "score"})
    room.post("run")
    eventually(lambda: room.state == "finished" and saved_runs())
    room.act("set", {"name": "estimator", "value": "path_only"})
    room.post("run")
    eventually(lambda: room.state == "finished" and len(saved_runs()) == 2)
    assert [run["settings"]["estimator"] for run in saved_runs()] == ["path_only", "score"]


def test_a_run_that_was_left_before_its_first_save_is_kept(lab):
    room = lab({"data": "pinwheel", "width": 8, "depth": 1, "batch_size": 32, "stop_at": 100_000})
    room.post("run")
    eventually(lambda: room.state == "running" and room.painter.facts["number"] > 0)
    first = room.folder.identity
    room.post("reset")
    eventually(lambda: room.state == "paused" and room.folder.identity != first)
    eventually(lambda: first in [run["identity"] for run in saved_runs()])


def test_a_saved_run_is_found_and_an_empty_one_goes():
    kept, empty = new_run(), new_run()
    keep(kept)
    for folder in (kept, empty):
        folder.release()
    about = {"number": 5, "settings": {"seed": 3}, "version": 1, "elbo": None}  # without a curve
    assert saved_runs() == [{"identity": kept.identity, **about}]
    assert not empty.path.exists()


def test_a_run_in_use_is_opened_as_a_copy():
    first = new_run()
    keep(first)
    (first.path / "features.npz").write_bytes(b"x")
    second = open_run(first.identity)
    assert second.identity != first.identity
    assert (second.path / "features.npz").read_bytes() == b"x"
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


def test_the_running_mean_is_over_its_own_steps_and_no_others():
    """⌈N/M⌉ of them: 100 data in minibatches of 4 are 25 steps; never fewer than 20, once they were made."""
    mean = RunningMean()
    assert mean.value(100, 4) is None
    for number in range(1, 41):
        mean.push(number, float(number))
        if number == 3:
            assert mean.value(100, 4) == 2.0
    assert mean.value(100, 4) == 28.0, "steps 16 to 40"
    assert mean.value(100, 100) == mean.value(100, 2000) == 30.5, "steps 21 to 40"
    assert RunningMean([(1, 9.0), (60, 1.0), (100, 3.0)]).value(1000, 20) == 2.0, (
        "thinned points of a resumed run: steps 51 to 100"
    )


def test_kept_curves_come_back_with_their_means(tmp_path):
    curves = Curves()
    curves.elbo.push(table([(step, float(step), 0, 0, 0) for step in (1, 2)]))
    curves.mean.push(table([(2, 1.5)], 2))
    curves.save(tmp_path, [(3, 3.0, 0, 0, 0)], [(3, 2.5)])
    again = Curves()
    again.load(tmp_path, 3)
    assert again.tables()["mean"].tolist() == [[2, 1.5], [3, 2.5]]
    assert again.tables()["elbo"][:, 0].tolist() == [1, 2, 3]
