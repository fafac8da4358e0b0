"""Replay: which states are kept, that they are exact, that looking back changes nothing, and that a damaged file harms no run."""

from pathlib import Path

import numpy as np
import pytest

from elbo_room.models.conditional.settings import Settings as Conditional
from elbo_room.models.deep_exponential_family.settings import Settings as Exponential
from elbo_room.models.deep_generative.settings import Settings
from elbo_room.models.training.run import Run
from elbo_room.widgets.messages import (
    Change,
    Explore,
    Frame,
    Refused,
    Rendered,
    RenderStates,
    Replayed,
    ShowState,
    Start,
    State,
    StatesKept,
    Watch,
)
from elbo_room.widgets.wire.history_file import REPLAY_FILE
from elbo_room.widgets.worker import states
from elbo_room.widgets.worker.pictures import pictures_of
from elbo_room.widgets.worker.replay import MOST_RENDERED, Replay, spread
from elbo_room.widgets.worker.states import MOST_BYTES, MOST_STATES, KeptStates, where
from tests.widgets.worker.test_worker import SMALL, Driver, driver, headless  # noqa: F401 - a fixture


def trained(kept: KeptStates, run: Run) -> KeptStates:
    kept.begin(run)
    for _ in run:
        kept.keep(run)
    kept.keep(run, last=True)
    return kept


class Counted:
    """A run of which only the number of the step matters."""

    def __init__(self) -> None:
        self.number, self.parameters, self.settings = 0, {}, Settings()


def test_kept_states_are_bounded_and_evenly_spread_on_their_scale() -> None:
    """Never more than the bound; first and last are there; no gap is more than three times the even one, 2/N of u(t)."""
    for last in (40, 500, 2000, 30_000):
        run = Counted()
        kept = KeptStates(run)  # type: ignore[arg-type]
        for run.number in range(last + 1):
            kept.keep(run)  # type: ignore[arg-type]
            assert len(kept.steps) <= MOST_STATES
        kept.keep(run, last=True)  # type: ignore[arg-type]
        assert kept.steps[0] == 0
        assert kept.steps[-1] == last
        gaps = np.diff([where(step, last) for step in kept.steps])
        spaced = np.array(
            [where(step + 1, last) - where(step, last) for step in kept.steps[:-1]]
        )  # one step is the least
        assert (gaps <= np.maximum(3 * 2 / MOST_STATES, 1.01 * spaced)).all(), (last, gaps.max())


def test_bytes_are_bounded_whatever_the_model() -> None:
    for settings in (Settings(data="pinwheel"), Settings(), Settings(width=256), Exponential(data="docstrings")):
        kept = KeptStates(Run(settings))
        assert kept.most * kept.size * np.dtype(kept.kind).itemsize <= MOST_BYTES
        assert kept.most >= 8


@pytest.mark.parametrize(
    "settings",
    [Settings(**SMALL), Conditional(stop_at=60), Exponential(stop_at=12)],
    ids=["latent", "conditional", "exponential"],
)
def test_a_replayed_step_is_what_was_drawn_then(settings) -> None:
    """The pictures of a kept state are, number for number, those of the run itself at that step."""
    run, shown = Run(settings), []
    kept = KeptStates(run)
    kept.kind = np.float32  # as it is for models that are a little smaller
    kept.begin(run)
    live = pictures_of(run)
    live.look()
    for _ in run:
        if kept.keep(run):
            there = pictures_of(run)
            there.follow(live)
            shown.append((run.number, there.look()))
    replay = Replay(run, kept, live)
    for step, picture in [shown[0], shown[len(shown) // 2], shown[-1], shown[1]]:
        found = replay.show(step, frozenset())
        assert found.step == step
        for chart, datasets in picture["replace"].items():
            for dataset, columns in datasets.items():
                for name, column in columns.items():
                    np.testing.assert_array_equal(
                        found.picture["replace"][chart][dataset][name], column, str((step, chart, name))
                    )


def test_states_of_a_large_model_are_rounded_to_less_than_a_pixel() -> None:
    """In float16 no point of the map moves by a quarter of a pixel on a map of 300 pixels."""
    run = Run(Settings(**SMALL | {"width": 64}))
    exact, rounded = KeptStates(run), KeptStates(run)
    rounded.kind = np.float16
    live = pictures_of(run)
    for _ in run:
        exact.keep(run)
        rounded.keep(run)
    first, second = Replay(run, exact, live), Replay(run, rounded, live)
    clouds = [each.show(60, frozenset()).picture["replace"]["latent"]["cloud"] for each in (first, second)]
    span = max(first.pictures.span, second.pictures.span)
    assert np.abs(clouds[0]["x"] - clouds[1]["x"]).max() * 300 / (2 * span) < 0.25


def test_looking_back_changes_nothing_of_the_run(driver: Driver, tmp_path: Path) -> None:  # noqa: F811
    """Training goes on bit for bit while earlier steps are shown; frames then carry no picture of the newest step."""
    driver.send(Start(SMALL, str(tmp_path / "run")))
    driver.until(Frame)
    for step in range(0, 60, 3):
        driver.send(ShowState(step))
    driver.send(Explore(colour="kl"))
    driver.until(Replayed)
    driver.until(State, state="finished")
    driver.until(Frame, number=60)
    np.testing.assert_array_equal(driver.points()[:, 1], np.asarray(headless(SMALL), np.float32))
    driver.send(ShowState(None))
    assert driver.until(Frame).picture["replace"]["latent"]


def test_the_newest_wanted_step_is_shown_and_the_view_applies_to_it(driver: Driver, tmp_path: Path) -> None:  # noqa: F811
    driver.send(Start(SMALL, str(tmp_path / "run")))
    driver.until(State, state="finished")
    driver.until(StatesKept)
    kept = next(message for message in reversed(driver.seen) if isinstance(message, StatesKept))
    assert kept.steps[0] == 0
    assert kept.steps[-1] == 60
    driver.send(ShowState(31))
    found = driver.until(Replayed)
    assert abs(found.step - 31) <= 1
    assert found.grid is not None
    driver.send(Watch(["latent"]))
    assert driver.until(Replayed).step == found.step


def test_a_saved_page_has_states_from_the_first_to_the_last(driver: Driver, tmp_path: Path) -> None:  # noqa: F811
    """As many as fit, in order; what is shown on the page meanwhile stays."""
    driver.send(Start(SMALL, str(tmp_path / "run")))
    driver.until(State, state="finished")
    driver.send(RenderStates())
    drawn = [driver.until(Rendered)]
    while drawn[-1].done < drawn[-1].of:
        drawn.append(driver.until(Rendered))
    steps = [message.shown.step for message in drawn]
    assert [message.done for message in drawn] == list(range(1, len(drawn) + 1))
    assert steps == sorted(set(steps))
    assert (steps[0], steps[-1]) == (0, 60)
    assert len(steps) <= MOST_RENDERED
    assert [len(spread(list(range(100)), most)) for most in (2, 8, 99, 200)] == [2, 8, 99, 100]


def test_a_reopened_run_replays_and_its_changes_are_known(tmp_path: Path) -> None:
    place = str(tmp_path / "run")
    first = Driver()
    first.send(Start(SMALL | {"stop_at": 100_000}, place))
    first.until(Frame)
    first.send(Change({"draws": 8}))
    first.until(Frame)
    first.close()
    again = Driver()
    again.send(Start({}, place, resume=True, play=False))
    kept = again.until(StatesKept)
    assert kept.steps[0] == 0
    assert [values for _, values in kept.changes] == [{"draws": 8}]
    again.send(ShowState(0))
    assert again.until(Replayed).step == 0
    again.close()


def test_a_run_without_states_refuses_in_words(driver: Driver) -> None:  # noqa: F811
    driver.send(ShowState(3))
    assert "Press Run" in driver.until(Refused).sentence


@pytest.mark.parametrize(
    "damage", [b"", b"PK\x03\x04 no archive", None, "other"], ids=["empty", "torn", "missing", "another model's"]
)
def test_a_damaged_file_of_states_never_disables_a_run(tmp_path: Path, damage) -> None:
    run = Run(Settings(**SMALL))
    kept = trained(KeptStates(run), run)
    kept.save(tmp_path)
    whole = (tmp_path / REPLAY_FILE).read_bytes()
    again = KeptStates(run)
    again.load(tmp_path, 40)
    assert again.steps == [step for step in kept.steps if step <= 40]
    if damage == "other":
        other = Run(Settings(**SMALL | {"width": 9}))
        trained(KeptStates(other), other).save(tmp_path)
    elif damage is None:
        (tmp_path / REPLAY_FILE).unlink()
    else:
        (tmp_path / REPLAY_FILE).write_bytes(damage)
    empty = KeptStates(run)
    empty.begin(run, tmp_path)
    assert empty.steps == [run.number]
    for cut in range(50, len(whole), len(whole) // 7):
        (tmp_path / REPLAY_FILE).write_bytes(whole[:cut])
        KeptStates(run).begin(run, tmp_path)


def test_settings_of_the_step_are_restored() -> None:
    """λ is a live setting: a state before its change is drawn with the earlier one."""
    run = Run(Settings(**SMALL))
    kept = KeptStates(run)
    kept.begin(run)
    for step in run:
        if step.number == 30:
            run.change(prior_scale=3.0)
            kept.note(run)
        kept.keep(run)
    replay = Replay(run, kept, pictures_of(run))
    replay.show(10, frozenset())
    assert replay.run.settings.prior_scale == run.settings.__class__(**SMALL).prior_scale
    replay.show(50, frozenset())
    assert replay.run.settings.prior_scale == 3.0
    assert [step for step, _ in kept.changes()] == [30]


def test_the_module_s_bounds_are_those_on_the_screen() -> None:
    assert (states.MOST_STATES, states.MOST_BYTES) == (128, 8_000_000)
