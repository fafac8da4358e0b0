"""A run as a row of the table, and two runs side by side."""

import numpy as np

from elbo_room.models.settings import decode, encode, validate
from elbo_room.widgets.screen.browser_events import of_runs
from elbo_room.widgets.sessions.example import all_knobs, catalogue
from elbo_room.widgets.sessions.runs import spark
from elbo_room.widgets.words.run_rows import measure_of, row_of, scene_and_changes, side_by_side, thinned

IDENTITY = "20260102-030405-0a0b"
PRESETS = catalogue()["presets"]


def run(**settings):
    return {"identity": IDENTITY, "number": 40, "settings": settings, "elbo": -98.404, "spark": [0, 100]}


def test_a_run_is_named_by_its_scene_and_by_what_differs_from_it():
    """Draws with their symbol and both values, a choice by its label alone; seed and last step have their own columns."""
    assert scene_and_changes({"seed": 9, "stop_at": 50}, catalogue()) == ("Gradient noise", "")
    scene, changes = scene_and_changes({"draws": 8, "estimator": "vargrad"}, catalogue())
    assert (scene, sorted(changes.split(", "))) == ("Gradient noise", ["B 4 → 8", "VarGrad"])
    for name, preset in PRESETS.items():
        scene, changes = scene_and_changes({**preset["settings"], "seed": 11}, catalogue())
        assert changes == "", (name, scene)


def test_a_run_of_a_scene_lists_a_changed_setting_with_the_scenes_own_value():
    knobs, settings = all_knobs()["conditional"], PRESETS["regression"]["settings"]
    values = decode(all_knobs(), encode(knobs, validate(knobs, settings)))
    step = values["step_size"]
    assert scene_and_changes({**values, "step_size": 3 * step}, catalogue()) == (
        PRESETS["regression"]["label"], f"ρ {step:.4g} → {3 * step:.4g}",
    )  # fmt: skip


def test_a_row_has_what_the_page_sorts_by_and_a_damaged_one_says_so():
    row = row_of(run(draws=8, seed=4, stop_at=100), catalogue())
    assert (row["seed"], row["step"], row["stop"], row["score"], row["fault"]) == (4, 40, 100, -98.404, "")
    assert row["date"] == "2026-01-02 03:04:05"
    assert row["measure"] == measure_of({"draws": 2}) == measure_of({"model": "deep_generative"})
    for settings in ({"model": "nonsense"}, {"seed": []}):
        assert row_of(run(**settings), catalogue())["fault"] == "Its settings cannot be read."


def test_two_runs_side_by_side_show_what_differs_and_their_own_estimators(home):
    found = side_by_side([run(estimator="score", draws=8), run(estimator="score")], catalogue(), ["score"])
    assert found["settings"] == [["Draws B", "8", "4"]]
    assert found["results"][0] == ["ELBO, nats per data point", "−98.40", "−98.40"]
    assert found["comparable"]
    assert (found["elbo"], found["variance"]) == ([[], []], [[], []])
    other = side_by_side([run(), run(model="conditional", data="moons")], catalogue(), [])
    assert not other["comparable"]
    assert other["settings"][:2] == [["Model", "deep generative", "conditional"], ["Data", "Digits 8×8", "Two moons"]]


def test_a_curve_is_thinned_from_its_first_point_to_its_last():
    points = np.column_stack([np.arange(1000.0), np.arange(1000.0)])
    short = thinned(points)
    assert len(short) == 160
    assert (short[0], short[-1]) == ([0, 0], [999, 999])
    assert thinned(points[:3]) == points[:3].tolist()
    assert thinned(points[:0]) == []


def test_a_small_curve_is_cut_below_its_first_tenth_and_needs_two_points():
    steps = np.arange(101.0)
    values = np.where(steps < 2, -1e6, steps)
    heights = spark(np.column_stack([steps, values]))
    assert len(heights) == 40
    assert (heights[0], heights[-1]) == (0, 100)
    assert heights == sorted(heights)
    assert 40 < heights[20] < 60
    assert spark(np.zeros((1, 2))) == []
    assert spark(np.array([[0, np.nan], [1, 2.0], [2, 2.0]])) == [0] * 40


def test_only_what_the_table_may_ask_for_becomes_an_action():
    for content in (
        {}, {"kind": "open"}, {"kind": "delete", "id": 3}, {"kind": "overlay", "ids": [1]}, {"kind": "rm", "id": "x"},
        {"kind": "rm", "ids": []}, {"kind": "overlay", "ids": ["a"] * 101}, {"kind": ["overlay"], "ids": []},
    ):  # fmt: skip
        assert of_runs(content) is None
    assert of_runs({"kind": "rename", "id": "x", "name": "n" * 5000}).name == "n" * 1000
    assert of_runs({"kind": "pin", "id": "x", "pinned": 1}).pinned is False
