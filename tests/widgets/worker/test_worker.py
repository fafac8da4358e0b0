"""The worker's loop, driven over a real connection in a thread."""

import contextlib
import gc
import multiprocessing
import re
import threading
import time
import weakref
from collections.abc import Iterator
from typing import TypeVar

import numpy as np
import pytest

from elbo_room.models.deep_generative.settings import Settings
from elbo_room.models.training.run import Run
from elbo_room.widgets.messages import (
    Against,
    Change,
    Changed,
    Close,
    Command,
    Decode,
    Decoded,
    Evidence,
    Explore,
    Frame,
    MakeStep,
    MeasureEstimators,
    Message,
    Parameters,
    Pause,
    Play,
    Refused,
    Save,
    SelectParameter,
    ShowView,
    Start,
    Started,
    State,
    Variance,
    Watch,
)
from elbo_room.widgets.worker.serve import Worker

T = TypeVar("T")
SMALL = {"data": "pinwheel", "width": 8, "depth": 1, "stop_at": 60, "batch_size": 32}


class Driver:
    """The kernel's side of the pipe."""

    def __init__(self, factory=Run) -> None:
        self.ours, theirs = multiprocessing.Pipe()
        self.worker = Worker(theirs, factory)
        self.thread = threading.Thread(target=self.worker.serve, daemon=True)
        self.thread.start()
        self.seen: list[Message] = []

    def send(self, command: Command) -> None:
        self.ours.send(command)

    def until(self, kind: type[T], seconds: float = 120.0, **match) -> T:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.ours.poll(0.05):
                message = self.ours.recv()
                self.seen.append(message)
                if isinstance(message, kind) and all(getattr(message, key) == value for key, value in match.items()):
                    return message
        raise AssertionError(f"no {kind.__name__} {match} among {[type(message).__name__ for message in self.seen]}")

    def points(self) -> np.ndarray:
        return np.concatenate([message.points for message in self.seen if isinstance(message, Frame)])

    def close(self) -> None:
        """Let the worker save and leave; what comes next may read what it has written."""
        with contextlib.suppress(OSError):  # closed already
            self.ours.send(Close())
        deadline = time.monotonic() + 120
        while self.thread.is_alive():  # it may be sending: a full pipe would hold it up
            assert time.monotonic() < deadline, "the worker does not leave"
            while self.ours.poll(0.05):
                self.seen.append(self.ours.recv())


@pytest.fixture
def driver() -> Iterator[Driver]:
    made = Driver()
    yield made
    made.close()


def headless(settings: dict) -> list[float]:
    return [step.elbo for step in Run(Settings(**settings))]


def test_the_screen_shows_exactly_the_headless_run(driver, tmp_path):
    """Looking at a run (frames, probes, pictures) takes nothing from its random stream: every ELBO on the screen is the engine's."""
    driver.send(Start(SMALL, str(tmp_path / "run")))
    driver.until(State, state="finished")
    driver.until(Frame, number=60)
    points = driver.points()
    assert points[:, 0].tolist() == list(range(1, 61))
    np.testing.assert_array_equal(points[:, 1], np.asarray(headless(SMALL), np.float32))
    np.testing.assert_allclose(points[:, 1], points[:, 2] + points[:, 3], rtol=1e-4)  # likelihood − KL
    np.testing.assert_allclose(points[:, 5], points[:, 1] + points[:, 4], rtol=1e-4)  # the objective has log p(θ)/N too
    run = Run(Settings(**SMALL))
    steps = max(20, -(-run.data.size // SMALL["batch_size"]))
    last = next(message for message in reversed(driver.seen) if isinstance(message, Frame))
    assert abs(last.elbo - np.mean(headless(SMALL)[-steps:])) < 1e-9, (
        "the number above is the mean of the last 20 steps"
    )


def test_a_probe_reports_every_estimator_with_a_band(driver, tmp_path):
    driver.send(Start(SMALL, str(tmp_path / "run"), play=False))
    rows = driver.until(Variance).rows
    assert sorted(rows[:, 4].tolist()) == [0, 1, 2, 3, 4]
    assert (rows[:, 2] < rows[:, 1]).all()
    assert (rows[:, 1] < rows[:, 3]).all()


def test_pause_keeps_the_state_and_play_goes_on(driver, tmp_path):
    driver.send(Start(SMALL | {"stop_at": 100_000}, str(tmp_path / "run")))
    driver.until(Frame)
    driver.send(Pause())
    paused = driver.until(State, state="paused").number
    driver.send(MakeStep())
    assert driver.until(State, state="paused").number == paused + 1
    driver.send(Play())
    driver.until(State, state="running")
    driver.send(Pause())
    assert driver.until(State, state="paused").number >= paused + 1


def test_slow_is_slow(driver, tmp_path):
    begin = time.monotonic()
    driver.send(Start(SMALL | {"stop_at": 100_000}, str(tmp_path / "run"), speed="slow"))
    driver.until(Frame, number=4)
    assert time.monotonic() - begin > 0.9  # 3 steps a second


def test_a_saved_run_is_taken_up_bit_for_bit(driver, tmp_path):
    """Stopped in the middle and resumed by another worker, the curve is the uninterrupted one; earlier points are drawn again."""
    settings = SMALL | {"stop_at": 40}
    driver.send(Start(settings, str(tmp_path / "run")))
    driver.until(State, state="finished")
    driver.until(Variance)
    driver.send(Change({"stop_at": 90}))
    driver.until(State, state="paused")
    driver.send(Save())
    driver.close()
    second = Driver()
    second.send(Start({}, str(tmp_path / "run"), resume=True, play=True))
    started = second.until(Started)
    assert started.number == 40
    assert started.curves["elbo"][:, 0].tolist() == list(range(1, 41))
    assert len(started.curves["variance"]) >= 5
    second.until(State, state="finished")
    second.until(Frame, number=90)
    np.testing.assert_array_equal(
        second.points()[-50:, 1], np.asarray(headless(SMALL | {"stop_at": 90})[40:], np.float32)
    )
    second.close()


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (Play(), "There is no run yet"),
        (MakeStep(), "There is no run yet"),
        (Start({"width": -1}, "x"), "a whole number from 2 to 256"),
        (Start({}, "nowhere", resume=True), "cannot be read"),
    ],
)
def test_refusals_are_sentences(driver, tmp_path, monkeypatch, command, words):
    monkeypatch.chdir(tmp_path)
    driver.send(command)
    assert words in driver.until(Refused).sentence


def test_changes_are_live_and_refused_with_a_reason(driver, tmp_path):
    driver.send(Start(SMALL, str(tmp_path / "run"), play=False))
    driver.send(Change({"estimator": "leave_one_out", "prior_scale": 0.5}))
    assert driver.until(Changed).values == {"estimator": "leave_one_out", "prior_scale": 0.5}
    driver.send(Change({"draws": 1}))
    assert "at least 2 draws" in driver.until(Refused).sentence
    driver.send(Change({"width": 3}))
    assert "cannot change during a run" in driver.until(Refused).sentence


def test_divergence_stops_with_cause_and_remedy(tmp_path):
    def factory(settings):
        run = Run(settings)
        factors = run.model.factors
        run.model.factors = lambda batch, latents: [
            type(f)(f.name, f.value * (float("nan") if run.number >= 10 else 1.0), f.on)
            for f in factors(batch, latents)
        ]
        return run

    driver = Driver(factory)
    driver.send(Start(SMALL, str(tmp_path / "run")))
    failed = driver.until(State, state="failed")
    assert failed.number == 10
    assert "at step 11" in failed.cause
    assert "step size" in failed.remedy
    assert failed.change == {"step_size": pytest.approx(0.005 / 3)}
    driver.close()


def test_the_ladder_measures_every_b_and_training_waits_no_longer_than_a_slice(driver, tmp_path):
    driver.send(Start(SMALL, str(tmp_path / "run"), play=False))
    driver.send(ShowView("variance_against_draws"))
    while not any(isinstance(message, Against) and message.rows[0, 0] == 64 for message in driver.seen):
        driver.until(Against)
    rows = np.concatenate([message.rows for message in driver.seen if isinstance(message, Against)])
    path = rows[rows[:, 4] == 3]
    assert path[:, 0].tolist() == [1, 2, 4, 8, 16, 32, 64]
    slope = np.polyfit(np.log(path[:, 0]), np.log(path[:, 1]), 1)[0]
    assert slope == pytest.approx(-1, abs=0.2)


def test_the_ladder_of_rows_shows_what_data_share(driver, tmp_path):
    """Weights of a network: with a shared draw the variance falls more slowly than with a separate draw per data point."""
    settings = {"model": "conditional", "data": "diabetes", "width": 8, "depth": 1, "step_size": 0.02, "stop_at": 200}
    driver.send(Start(settings, str(tmp_path / "run")))
    driver.until(State, state="finished")
    driver.send(MeasureEstimators(["reparameterization", "local_reparameterization"]))
    driver.send(ShowView("variance_against_rows"))
    found = {}
    while not found.get("slopes"):
        found = driver.until(Evidence).found or {}
    slopes = found["slopes"]
    assert slopes["local_reparameterization"][0] < slopes["reparameterization"][0] - 0.1
    rows = np.concatenate(
        [
            message.rows
            for message in driver.seen
            if isinstance(message, Against) and message.view == "variance_against_rows"
        ]
    )
    assert sorted(set(rows[:, 0].tolist())) == [4, 8, 16, 32, 64, 128, 256]


def test_the_grid_holds_the_exact_decode_at_its_nodes(driver, tmp_path):
    """What hovering shows at once agrees with what the worker decodes exactly."""
    driver.send(Start(SMALL, str(tmp_path / "run"), play=False))
    grid = driver.until(Frame).grid
    driver.send(Decode(question=5, x=grid["low"][0], y=grid["high"][1]))
    exact = driver.until(Decoded, question=5).values
    np.testing.assert_allclose(grid["values"][20 * 21], exact, rtol=1e-5)


@pytest.mark.parametrize("size", [1, 2, 5])
def test_every_latent_size_has_a_picture(driver, tmp_path, size):
    driver.send(Start(SMALL | {"latent_size": size}, str(tmp_path / "run"), play=False))
    frame = driver.until(Frame)
    assert all(column.shape == (500,) for column in frame.picture["replace"]["latent"]["cloud"].values())
    assert len(frame.picture["facts"]["kl"]) == size
    driver.send(Explore(dimension=size - 1))
    assert driver.until(Frame).walk["values"].shape == (9, 2)


def test_a_parameter_is_chosen_and_its_past_is_drawn_again(driver, tmp_path):
    """All ν first; then log s₂ alone: its curve has as many points as the whole one's, and is below it."""
    driver.send(Start(SMALL, str(tmp_path / "run"), play=False))
    labels = driver.until(Parameters).labels
    assert labels == ["all of q", "μ₁", "log s₁", "μ₂", "log s₂"]
    whole = driver.until(Variance).rows
    driver.send(SelectParameter(index=4))
    chosen = driver.until(Parameters)
    assert (chosen.chosen, chosen.whole) == (4, False)
    past = driver.until(Variance)
    assert past.replaces
    assert past.rows[:, [0, 4]].tolist() == whole[:, [0, 4]].tolist()
    assert (past.rows[:, 1] < whole[:, 1]).all()
    driver.send(SelectParameter(name="z", unit=1))
    assert driver.until(Parameters).chosen == labels.index("μ₂")
    driver.send(SelectParameter(name="nobody"))
    assert "No parameter of q is called 'nobody'" in driver.until(Refused).sentence
    driver.send(SelectParameter(index=99))
    assert "there are 5" in driver.until(Refused).sentence


def test_the_histogram_is_of_the_probes_own_replicates(driver, tmp_path):
    """Heights are counts (each row's largest bin 0.86), marks are the means, and every unbiased mean is within 4 errors of the long run."""
    driver.send(Start(SMALL, str(tmp_path / "run"), play=False))
    driver.send(ShowView("gradient_histogram"))
    message = driver.until(Evidence)
    found, bins = message.found, message.picture["replace"]["gradient_histogram"]["bins"]
    center, error = found["reference"]
    for name, (mean, own, spread) in found["found"].items():
        assert abs(mean - center) < 4 * (own**2 + error**2) ** 0.5, name
        assert spread > 0
    for series in range(5):
        mine = bins["series"] == series
        assert (bins["top"] - bins["base"])[mine].max() == pytest.approx(0.86, abs=1e-5)


def test_the_parabola_of_xi_and_the_xi_that_is_held(driver, tmp_path):
    """(1 − ρ²) of the plain score's variance is the least one; ξ held at ξ* has it, and the chart knows where ξ is."""
    driver.send(Start(SMALL, str(tmp_path / "run"), play=False))
    driver.send(ShowView("xi_parabola"))
    found = driver.until(Evidence).found
    assert found["xi"] is None
    assert found["least"][0] == pytest.approx((1 - found["rho_squared"]) * found["plain"][0], rel=1e-5)
    driver.send(Change({"xi_from": "fixed", "xi_value": found["best"][0]}))
    message = driver.until(Evidence)
    assert message.picture["params"]["xi_parabola"]["held"] is True
    assert message.found["at_xi"][0] == pytest.approx(message.found["least"][0], rel=0.05)


def test_cost_is_a_multiple_of_the_best(driver, tmp_path):
    driver.send(Start(SMALL, str(tmp_path / "run"), play=False))
    driver.send(ShowView("variance_cost"))
    found = driver.until(Evidence).found
    for unit in (0, 1):
        ratios = [each[unit][0] for each in found["found"].values()]
        assert min(ratios) == 1.0
    assert all(cost[0] == 4 for cost in found["cost"].values()), "one evaluation a draw"
    driver.send(ShowView("tea leaves"))
    assert "The variance panel was to show 'tea leaves'" in driver.until(Refused).sentence


def test_sobol_noise_reaches_the_probes(driver, tmp_path):
    """Reparameterisation under scrambled Sobol noise falls faster than 1/B; the steeper guide is asked for."""
    driver.send(Start(SMALL | {"noise": "sobol"}, str(tmp_path / "run"), play=False))
    driver.send(ShowView("variance_against_draws"))
    slope, error = driver.until(Evidence).found["slopes"]["reparameterization"]
    assert slope < -1.1 - 2 * error
    assert {message.steeper for message in driver.seen if isinstance(message, Against)} == {2.0}


def test_the_cause_of_a_collapse_comes_with_the_alarm(driver, tmp_path):
    """β = 100 sends every dimension to the prior; the frame reports whether the posterior followed."""
    settings = SMALL | {"beta": 100.0, "stop_at": 800, "step_size": 0.02}
    driver.send(Start(settings, str(tmp_path / "run")))
    facts = driver.until(Frame, number=800).picture["facts"]
    assert max(facts["kl"]) < 0.01
    assert re.fullmatch(
        r"The likelihood is flat in z[12](, z2)?: the exact posterior equals the prior.", facts["cause"]
    )


def test_a_run_and_what_was_seen_of_it_are_gone_when_the_next_one_has_started(driver, tmp_path):
    """Whichever family it is of, and although it was probed, weighed and drawn."""
    settings = ({"draws": 4}, {"model": "conditional"}, {"model": "deep_exponential_family"}, {})
    before = []
    for place, chosen in enumerate(settings):
        driver.send(Watch(["elbo", "log_evidence", "function", "layers", "variance"]))
        driver.send(Start({**chosen, "stop_at": 3}, str(tmp_path / f"run {place}")))
        driver.until(State, state="finished")
        driver.until(Variance)
        gc.collect()
        assert [reference for reference in before if reference() is not None] == []
        worker = driver.worker
        before += [
            weakref.ref(each)
            for each in (worker.run, worker.run.model, worker.run.q, worker.pictures, worker.measuring)
        ]
