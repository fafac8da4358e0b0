"""Runs are kept, found again, and never shared by two controllers."""

import json

import numpy as np
import pytest

from elbo_room.models.estimators import ESTIMATORS
from elbo_room.models.probing.minibatch import MINIBATCH
from elbo_room.models.run_file import STATE
from elbo_room.widgets import actions
from elbo_room.widgets.sessions.example import catalogue
from elbo_room.widgets.sessions.runs import curve, new_run, open_run, saved_runs
from elbo_room.widgets.wire.history_file import FILE, UNNAMED, VARIANCE_COLUMNS, table
from elbo_room.widgets.words.run_rows import row_of
from elbo_room.widgets.worker import history
from elbo_room.widgets.worker.history import Curves, RunningMean
from tests.widgets.conftest import eventually


def keep(folder, number=5, **settings):
    said = json.dumps({"version": 1, "number": number, "settings": {"seed": 3, **settings}})
    head = json.dumps({"__metadata__": {"about": said}}).encode()
    (folder.path / STATE).write_bytes(len(head).to_bytes(8, "little") + head)


def test_a_finished_run_keeps_the_settings_that_made_it(lab):
    """Trying another estimator on a finished run, and then starting again, must not rewrite what is kept."""
    room = lab({"data": "pinwheel", "width": 8, "depth": 1, "batch_size": 32, "stop_at": 20, "estimator": "score"})
    room.post(actions.Run())
    eventually(lambda: room.state == "finished" and saved_runs())
    room.act(actions.SetKnob("estimator", "path_only"))
    room.post(actions.Run())
    eventually(lambda: room.state == "finished" and len(saved_runs()) == 2)
    assert [run["settings"]["estimator"] for run in saved_runs()] == ["path_only", "score"]


def test_a_run_that_was_left_before_its_first_save_is_kept(lab):
    room = lab({"data": "pinwheel", "width": 8, "depth": 1, "batch_size": 32, "stop_at": 100_000})
    room.post(actions.Run())
    eventually(lambda: room.state == "running" and room.painter.facts["number"] > 0)
    first = room.current.folder.identity
    room.post(actions.Reset())
    eventually(lambda: room.state == "paused" and room.current.folder.identity != first)
    eventually(lambda: first in [run["identity"] for run in saved_runs()])


def test_a_saved_run_is_found_and_an_empty_one_goes():
    kept, empty = new_run(), new_run()
    keep(kept)
    for folder in (kept, empty):
        folder.release()
    about = {"number": 5, "settings": {"seed": 3}, "version": 1, "elbo": None, "spark": []}  # without a curve
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


def test_the_running_mean_is_over_one_window_of_the_same_length_from_the_beginning():
    """⌈N/M⌉ steps, 20 at least: 100 data points in minibatches of 4 are 25. Before that each step's own ELBO is the number."""
    mean = RunningMean()
    assert mean.value(100, 4) is None
    for number in range(1, 41):
        mean.push(number, float(number**2))
        found = mean.point(100, 4)
        assert (found is None) == (number < 25)
        if found is None:
            assert mean.value(100, 4) == number**2
        else:
            assert found[1] == sum(step**2 for step in range(number - 24, number + 1)) / 25
    assert mean.window(100, 100) == mean.window(100, 2000) == 20
    assert mean.window(100_000, 1) == 200


def test_the_running_mean_of_a_straight_line_is_the_line():
    """It is drawn at the middle of its window, so it neither lags nor bends where the first pass ends."""
    mean = RunningMean()
    for number in range(1, 400):
        mean.push(number, -500.0 + 0.5 * number)
        if found := mean.point(19_200, 128):  # 150 steps a pass
            assert found[1] == pytest.approx(-500.0 + 0.5 * found[0], abs=1e-9)


def row(step, elbo, prior=0.0):
    return (step, elbo, 0, 0, prior, elbo + prior)


def test_kept_curves_come_back_with_their_means_and_the_window(tmp_path):
    curves = Curves()
    curves.elbo.push(table([row(step, float(step)) for step in (1, 2)]))
    curves.mean.push(table([(2, 1.5)], ("step", "value")))
    curves.save(tmp_path, [row(3, 3.0)], [(3, 2.5)], [(2, 2.0), (3, 3.0)])
    again = Curves()
    again.load(tmp_path, 3)
    assert again.tables()["mean"].tolist() == [[2, 1.5], [3, 2.5]]
    assert again.tables()["elbo"][:, 0].tolist() == [1, 2, 3]
    assert again.recent.tolist() == [[2, 2.0], [3, 3.0]]


def test_a_run_too_short_for_two_means_has_the_curve_of_its_steps(home):
    """Before the only point of the running mean, every step's own ELBO; the run's number is the mean."""
    folder = new_run()
    keep(folder, number=3)
    Curves().save(folder.path, [row(1, -5.0), row(2, -3.0), row(3, -2.0)], [(3, -2.5)])
    assert curve(folder.identity).tolist() == [[1, -5.0], [2, -3.0], [3, -2.5]]
    (listed,) = saved_runs()
    assert listed["elbo"] == -2.5
    assert listed["spark"]
    folder.release()


def test_a_file_whose_elbo_held_the_prior_is_read_as_the_bound(home):
    """Columns step, ELBO, likelihood, −KL, prior: the bound is ELBO − prior, of its running mean too."""
    folder = new_run()
    steps = np.arange(1, 61)
    prior = -3.0 + 0.01 * steps
    old = np.column_stack([steps, -30.0 + prior, np.full(60, -20.0), np.full(60, -10.0), prior])
    mean = np.column_stack([steps[20:], -30.0 + prior[20:]])
    np.savez(folder.path / FILE, elbo=old.astype(np.float32), mean=mean.astype(np.float32), variance=np.zeros((0, 5)))
    curves = Curves()
    curves.load(folder.path, 60)
    tables = curves.tables()
    np.testing.assert_allclose(tables["elbo"][:, 1], -30.0, atol=1e-5)
    np.testing.assert_allclose(tables["mean"][:, 1], -30.0, atol=1e-5)
    np.testing.assert_allclose(tables["elbo"][:, 4], prior, atol=1e-5)
    assert np.isnan(tables["elbo"][:, 5]).all()
    np.testing.assert_allclose(curve(folder.identity)[:, 1], -30.0, atol=1e-5)
    folder.release()


def test_a_damaged_run_hurts_no_other(lab, home):
    """Every file of a run cut short, filled with noise, or emptied: all other runs are listed, and it is opened or refused."""
    good, bad = new_run(), new_run()
    for folder in (good, bad):
        keep(folder)
        Curves().save(folder.path, [(1, 2.0, 0, 0, 0, 0)], [(1, 2.0)])
    whole = {name: (bad.path / name).read_bytes() for name in (STATE, "history.npz")}
    noise = bytes(range(256)) * 4
    for name, content in whole.items():
        for damaged in (b"", content[: len(content) // 2], content[:-9], noise, content[:60] + noise + content[60:]):
            (bad.path / name).write_bytes(damaged)
            listed = saved_runs()
            assert good.identity in [run["identity"] for run in listed]
            assert all(row_of(run, catalogue())["date"] for run in listed)
        (bad.path / name).write_bytes(content)
    for settings in ({"model": "nonsense"}, {"seed": []}, {}, {"data": 3}):
        said = json.dumps({"version": 1, "number": 1e400 if settings == {} else 5, "settings": settings})
        head = json.dumps({"__metadata__": {"about": said}}).encode()
        (bad.path / STATE).write_bytes(len(head).to_bytes(8, "little") + head)
        room = lab()
        room.act(actions.OpenDrawer("Runs"))
        rows = {row["id"]: row for row in room.screen.runs.rows}
        assert rows[good.identity]["fault"] == ""
        assert bad.identity not in rows or rows[bad.identity]["fault"] or settings in ({}, {"data": 3})


def test_saved_curves_keep_their_names_when_an_estimator_joins_in_the_middle(tmp_path, monkeypatch):
    curves = Curves()
    names = [*ESTIMATORS, MINIBATCH]
    curves.variance.push(table([(1, place, 0, 9, place) for place in range(len(names))], VARIANCE_COLUMNS))
    curves.save(tmp_path, [], [])
    monkeypatch.setattr(history, "ESTIMATORS", {**dict.fromkeys(names[:3]), "new": None, **ESTIMATORS})
    again = Curves()
    again.load(tmp_path, 1)
    now = [*history.ESTIMATORS, MINIBATCH]
    assert {(names[int(value)], now[int(series)]) for value, series in again.variance.table()[:, [1, 4]].tolist()} == {
        (name, name) for name in names
    }
    with np.load(tmp_path / "history.npz") as file:
        old = {name: file[name] for name in file.files if name != "series"}
    np.savez(tmp_path / "history.npz", **old)  # as an earlier version wrote it
    again = Curves()
    again.load(tmp_path, 1)
    assert [now[int(series)] for series in again.variance.table()[:, 4]] == sorted(UNNAMED, key=now.index)
    assert set(UNNAMED) <= {*ESTIMATORS, MINIBATCH}


def test_what_is_kept_of_a_run_is_said_truly(lab):
    """Killed right after its first frame, the run is taken up again; before its first step nothing is kept, and that is said."""
    room = lab({"data": "pinwheel", "width": 8, "depth": 1, "batch_size": 32, "stop_at": 100_000})
    eventually(lambda: room.current.ready)
    room.current.folder, room.current.run_values, room.current.ready = new_run(), dict(room.values), False
    room.session.link.process.kill()
    eventually(lambda: "Nothing of your run was saved yet." in room.screen.page.banner)
    eventually(lambda: room.current.ready)
    room.post(actions.Run())
    eventually(lambda: room.state == "running" and room.painter.facts["number"] > 0)
    room.session.link.process.kill()
    eventually(lambda: "Your run is kept up to step" in room.screen.page.banner)
    eventually(lambda: room.state == "paused" and room.painter.facts["number"] > 0)
