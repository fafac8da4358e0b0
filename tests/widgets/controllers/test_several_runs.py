"""Several runs side by side: the band is the mean and the sd of the seeds, and a comparison shows what differs."""

import numpy as np
import pytest

from elbo_room.widgets import actions
from elbo_room.widgets.controllers.seeds import BINS, band
from elbo_room.widgets.sessions.runs import curves, saved_runs
from elbo_room.widgets.words.texts import differences
from tests.widgets.conftest import eventually

SMALL = {"data": "pinwheel", "width": 8, "depth": 1, "batch_size": 32, "stop_at": 60}


def line(level, slope, last=240):
    step = np.arange(1, last + 1, dtype=np.float32)
    elbo = level + slope * step
    return np.stack([step, elbo, elbo, elbo, elbo, elbo], 1)


def test_the_band_is_mean_and_sd_of_the_averages_in_equal_bins():
    """Lines of one slope: the mean is the middle line at the bin's centre, the sd that of the levels (ddof 1)."""
    found = band([line(level, 0.5) for level in (0.0, 1.0, 5.0)])
    assert len(found["step"]) == BINS
    centre = found["step"] - 0.5  # bins of 2 steps: k−1 and k
    np.testing.assert_allclose(found["mean"], 2.0 + 0.5 * centre, rtol=1e-5)
    np.testing.assert_allclose(found["high"] - found["mean"], np.std([0, 1, 5], ddof=1), rtol=1e-3)
    np.testing.assert_allclose(found["mean"] - found["low"], np.std([0, 1, 5], ddof=1), rtol=1e-3)


def test_a_band_ends_where_the_shortest_run_does():
    assert band([line(0, 1, 240), line(0, 1, 100)])["step"][-1] == 100


def test_differences_name_what_differs_and_the_seed_only_where_nothing_else_does():
    base = {"model": "deep_generative", "estimator": "score", "draws": 4, "seed": 1, "stop_at": 9}
    assert differences([base, base | {"estimator": "path_only", "seed": 2}]) == [
        "Estimator score",
        "Estimator path only",
    ]
    assert differences([base, base | {"seed": 2}]) == ["Seed 1", "Seed 2"]
    older = {
        name: value for name, value in base.items() if name not in ("step_size", "draws")
    }  # settings that came later
    assert differences([older, base | {"draws": 16}])[1].startswith("Draws 16")


def test_five_seeds_run_one_after_the_other_and_end_in_a_band(lab):
    room = lab(SMALL | {"seed": 3})
    room.post(actions.RunSeeds())
    eventually(lambda: "5 seeds: the ELBO ends at" in room.screen.caption.value)
    assert [run["settings"]["seed"] for run in saved_runs()] == [7, 6, 5, 4, 3]
    drawn = room.screen.bus.shown("elbo")["seeds"]
    expected = band(room.seeds.curves)
    np.testing.assert_array_equal(drawn["mean"], expected["mean"])
    assert [len(curve) for curve in room.seeds.curves] == [60] * 5
    assert "5 seeds" in room.screen.chart("elbo").heading
    room.post(actions.Reset())  # any other run takes the band away
    eventually(lambda: "seeds" not in room.screen.bus.shown("elbo"))
    assert room.screen.chart("elbo").heading == ""


def test_a_series_of_seeds_ends_when_a_person_starts_something_else(lab):
    room = lab(SMALL | {"stop_at": 100_000})
    room.post(actions.RunSeeds())
    eventually(lambda: room.state == "running")
    assert "seed 1 of 5" in room.screen.status.value
    room.post(actions.Reset())
    eventually(lambda: room.state == "paused" and room.seeds.left == 0)
    assert "of 5" not in room.screen.status.value


def test_earlier_runs_are_drawn_beside_the_current_one_on_panels_a_and_b(lab):
    room = lab(SMALL)
    for estimator in ("score", "path_only"):
        room.act(actions.SetKnob("estimator", estimator))
        room.act(actions.SetKnob("seed", 8 if estimator == "score" else 9))
        room.post(actions.Run())
        count = 1 if estimator == "score" else 2
        eventually(lambda count=count: len(saved_runs()) == count and room.state == "finished")
        eventually(lambda: sum(map(len, room.painter.lines.drawn)) == 60)  # its last frame has come, too
    assert all(run["elbo"] is not None for run in saved_runs())
    newest, oldest = (run["identity"] for run in saved_runs())
    room.act(actions.OverlayRuns([oldest, newest]))
    assert "A: Estimator score, ELBO" in room.screen.caption.value
    assert "B: Estimator path only, ELBO" in room.screen.caption.value
    lines = room.screen.bus.shown("elbo")["lines"]
    assert {4.0, 7.0, 8.0} <= set(lines["series"].tolist())
    kept = lines["value"][lines["series"] == 7]
    np.testing.assert_array_equal(kept, lines["value"][lines["series"] == 4])  # run A is the grey earlier run, too
    assert room.screen.runs.overlaid == [oldest, newest]
    variance, names = room.screen.bus.shown("variance")["lines"], room.painter.names
    own = variance["value"][variance["series"] == names.index("score")]
    kept = curves(oldest, names)["variance"]  # of the run that was trained with the score
    np.testing.assert_array_equal(
        variance["value"][variance["series"] == len(names)], kept[kept[:, -1] == names.index("score")][:, 1]
    )
    assert len(own) > 0
    room.post(actions.Run())  # the ticked runs are drawn beside the next run, too
    eventually(lambda: len(saved_runs()) == 3 and room.state == "finished")
    assert {7.0, 8.0} <= set(room.screen.bus.shown("elbo")["lines"]["series"].tolist())
    room.act(actions.OverlayRuns([]))
    assert 7.0 not in room.screen.bus.shown("elbo")["lines"]["series"]
    assert room.screen.bus.shown("variance")["lines"]["series"].max() < len(names)


def test_an_earlier_run_is_drawn_where_little_differs_and_the_chart_says_what(lab):
    room = lab(SMALL | {"stop_at": 30})
    room.post(actions.Run())
    eventually(lambda: room.state == "finished" and len(room.painter.lines.means))

    def again(**values):
        for name, value in values.items():
            room.act(actions.SetKnob(name, value))
        room.post(actions.Run())
        eventually(lambda: room.state == "finished" and room.painter.lines.settings["width"] == values["width"])
        return room.painter.lines.ghost

    assert len(again(width=9))
    assert room.screen.chart("elbo").heading == "ELBO · earlier: Width 8"
    assert not len(again(width=10, depth=2, activation="relu", latent_size=3)), "that is another model"
    assert room.screen.chart("elbo").heading == ""


def test_runs_of_other_data_are_not_compared(lab):
    room = lab(SMALL | {"stop_at": 5})
    room.post(actions.Run())
    eventually(lambda: room.state == "finished" and saved_runs())
    room.act(actions.SetKnob("data", "digits"))
    room.post(actions.Run())
    eventually(lambda: room.state == "finished" and len(saved_runs()) == 2)
    room.act(actions.OverlayRuns([run["identity"] for run in saved_runs()]))
    assert "not comparable" in room.screen.caption.value
    with pytest.raises(ValueError, match="draw up to 3"):
        room.comparison.overlay(actions.OverlayRuns(["a", "b", "c", "d"]))
