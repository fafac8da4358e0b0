"""Every scene opens with a finished run that was recorded with the scene's settings, is small, and shows what the scene says."""

from functools import cache

import numpy as np
import pytest

from elbo_room.widgets import record
from elbo_room.widgets.messages import Against, Evidence, Frame, Started, StatesKept
from elbo_room.widgets.painting.thumbnails import thumbnail
from elbo_room.widgets.sessions import example as recorded
from elbo_room.widgets.sessions.example import (
    SCENES,
    THUMBNAILS,
    catalogue,
    example,
    file_of,
    settings_of,
    steps_file_of,
    steps_of,
)
from elbo_room.widgets.wire.bundle import pack, rounded, unpack

PRESETS = catalogue()["presets"]
MEASURED = {"log_evidence", "ladder"}  # charts that a replayed step leaves alone, in a run of one's own too


@pytest.mark.parametrize("scene", PRESETS)
def test_a_scene_has_a_recorded_run_with_its_settings(scene):
    assert record.outdated(scene) == ""
    started, frame, *_ = example(scene)
    assert started.settings == settings_of(scene)
    assert started.number == frame.number == started.settings["stop_at"]
    assert len(started.curves["elbo"]) > 100


@pytest.mark.parametrize("scene", PRESETS)
def test_every_step_that_is_offered_fills_the_charts_of_the_finished_run(scene):
    """A chart that a step did not fill would go on showing the end of the run."""
    messages = example(scene)
    finished = next(message for message in messages if isinstance(message, Frame))
    offered = next(message for message in messages if isinstance(message, StatesKept))
    steps = steps_of(scene, finished)
    assert [shown.step for shown in steps] == offered.steps
    assert offered.steps[0] == 0
    assert offered.steps[-1] == finished.number
    assert len(steps) >= 6
    for shown in steps:
        assert shown.picture["replace"].keys() | MEASURED == finished.picture["replace"].keys() | MEASURED
        assert (shown.grid is None) == (finished.grid is None)
    assert np.all(np.diff(offered.steps) > 0)


def test_a_changed_scene_and_a_new_one_say_what_to_record(monkeypatch):
    changed = {**PRESETS["digits"], "settings": {"latent_size": 3}}
    new = {"digits": changed, "new": PRESETS["digits"]}
    monkeypatch.setitem(catalogue(), "presets", new)
    assert record.outdated("digits") == (
        "The recorded run of the scene 'digits' has another latent_size than the scene. "
        "Record it: python -m elbo_room.widgets.record digits"
    )
    assert record.outdated("new").endswith("has no recorded run. Record it: python -m elbo_room.widgets.record new")


def test_there_is_a_file_for_every_scene_and_no_other_and_they_are_small():
    assert {path.name for path in SCENES.iterdir()} == {
        f"{name}.{kind}" for name in PRESETS for kind in ("run", "steps")
    } | {THUMBNAILS.name}
    sizes = {name: file_of(name).stat().st_size for name in PRESETS}
    assert max(sizes.values()) < 90_000, sizes
    assert sum(sizes.values()) + THUMBNAILS.stat().st_size < 2_500_000
    steps = {name: steps_file_of(name).stat().st_size for name in PRESETS}
    assert max(steps.values()) < 160_000, steps
    assert sum(steps.values()) < 3_500_000


def test_the_pictures_of_the_gallery_are_those_of_the_recorded_runs():
    import json

    drawn = json.loads(THUMBNAILS.read_text(encoding="utf-8"))
    assert drawn == {name: thumbnail(preset["picture"], example(name)) for name, preset in PRESETS.items()}
    assert max(map(len, drawn.values())) < 8_000


SHORT = {
    "deep_generative": {"data": "pinwheel", "width": 4, "latent_size": 2},
    "conditional": {"width": 4, "depth": 1},
    "deep_exponential_family": {"width_1": 4, "width_2": 2},
}


@cache
def short(model):
    """A recording of four steps."""
    from elbo_room.widgets.worker.recorder import record as run

    settings = {knob["name"]: knob["default"] for knob in recorded.all_knobs()[model]}
    return run(settings | {"model": model, "stop_at": 4} | SHORT[model], ["score"])


@pytest.mark.parametrize("model", SHORT)
def test_the_same_seed_makes_the_same_file(model):
    first = pack(short(model), series=recorded.series())
    short.cache_clear()
    assert pack(short(model), series=recorded.series()) == first


def test_a_file_returns_what_was_put_in_to_a_four_thousandth():
    noise = np.random.default_rng(0).standard_normal(1000).astype(np.float32) * 1e3
    pictures = np.arange(12, dtype=np.uint8).reshape(3, 4)
    whole = {"a": noise, "b": np.arange(70_000, dtype=np.float32), "c": pictures, "d": np.zeros((0, 5), np.float32)}
    frame = Frame(
        number=3, points=noise[:0], mean=noise[:0], rate=0.0, elbo=1.5, picture={"replace": {"chart": {"data": whole}}}
    )
    found = unpack(pack([frame], series=["x"]))
    (kind, fields), values = found["messages"][0], found["messages"][0][1]["picture"]["replace"]["chart"]["data"]
    assert (kind, fields["elbo"], fields["number"], found["series"]) == ("Frame", 1.5, 3, ["x"])
    np.testing.assert_allclose(values["a"], noise, rtol=2**-12)
    np.testing.assert_array_equal(values["b"], whole["b"])
    np.testing.assert_array_equal(values["c"], pictures)
    assert values["c"].dtype == np.uint8
    assert values["d"].shape == (0, 5)
    assert np.isinf(rounded(np.array([np.inf], np.float32)))


def test_an_estimator_that_has_moved_in_the_catalogue_keeps_its_line(monkeypatch):
    """The file names its series; a part that was added before them must not shift their colours."""
    before = example("digits")[0].curves
    moved = {"new_one": {}, **catalogue()["estimators"]}
    monkeypatch.setitem(catalogue(), "estimators", moved)
    started, *rest = example("digits")
    np.testing.assert_array_equal(started.curves["variance"][:, 4], before["variance"][:, 4] + 1)
    against = [message for message in rest if isinstance(message, Against)]
    assert all(message.rows[:, 4].min() >= 1 for message in against)
    drawn = next(each for each in rest if isinstance(each, Evidence) and each.found["view"] == "gradient_histogram")
    assert drawn.picture["replace"]["gradient_histogram"]["bins"]["series"].min() >= 1


def test_only_the_scene_that_is_opened_is_read(monkeypatch):
    read = []
    monkeypatch.setattr(recorded, "unpack", lambda content: read.append(len(content)) or unpack(content))
    assert isinstance(example("pinwheel")[0], Started)
    assert read == [file_of("pinwheel").stat().st_size]
