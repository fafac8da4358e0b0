"""Saving beside training: what a sudden end costs, whatever a save costs, and that no step waits for the disk."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from elbo_room.models.run_file import STATE, about
from elbo_room.models.training.checkpoint import Snapshot, load_run, write_bytes
from elbo_room.widgets.messages import Change, Frame, Pause, Saved, Start, State
from elbo_room.widgets.worker import saving, trainer
from elbo_room.widgets.worker.saving import OFTEN, STAKE, Job, Saver, interval, sweep
from tests.widgets.worker.test_worker import SMALL, Driver

ENDLESS = SMALL | {"stop_at": 100_000}


class Clock:
    """Seconds that pass only when a test lets them."""

    def __init__(self) -> None:
        self.now = 1e6

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("cost", [0.001, 0.01, 0.05, 0.3, 1.0, 2.0])
def test_at_most_five_seconds_are_at_stake_whatever_a_save_costs(cost: float) -> None:
    """On a clock of its own: the age of what the disk holds, at its oldest. The machine may lose a quarter of a second between saves."""
    clock = Clock()
    thread = ThreadPoolExecutor(1)
    saver, oldest, held = Saver(thread, clock), 0.0, clock.now
    for number in range(20):
        while not saver.due():
            clock.now += 0.25
        copied = clock.now

        def write() -> None:
            clock.now += cost

        saver.now(Job(number, write))
        oldest, held = max(oldest, clock.now - held), copied
    assert oldest <= STAKE


def test_cheap_saves_are_not_made_all_the_time() -> None:
    assert interval(0.0) == interval(0.01) == OFTEN
    assert interval(10.0) == 0.0, "one after the other: nothing more can be done"


def test_training_and_pictures_go_on_while_a_save_takes_its_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that answers only when it is told to: meanwhile steps are made and shown, and nothing is called saved that is not."""
    monkeypatch.setattr(trainer, "FIRST_SAVE", 0.0)
    answer = threading.Event()

    def slow(path: Path, content: bytes) -> None:
        answer.wait(60)
        write_bytes(path, content)

    monkeypatch.setattr(saving, "write_bytes", slow)
    driver = Driver()
    driver.send(Start(ENDLESS, str(tmp_path / "run")))
    first = driver.until(Frame).number
    for _ in range(3):
        assert driver.until(Frame).number > first
    assert not any(isinstance(message, Saved) for message in driver.seen)
    assert not (tmp_path / "run" / STATE).exists()
    answer.set()
    assert driver.until(Saved).number == 0, "the first copy was made at once, before the first step"
    driver.send(Pause())
    paused = driver.until(State, state="paused").number
    driver.until(Saved, number=paused)
    assert about(tmp_path / "run" / STATE)["number"] == paused
    driver.close()


def test_a_change_of_a_resting_run_is_saved_too(tmp_path: Path) -> None:
    driver = Driver()
    driver.send(Start(ENDLESS, str(tmp_path / "run"), play=False))
    driver.until(Saved, number=0)
    driver.send(Change({"draws": 3}))
    driver.until(Saved, number=0)
    assert about(tmp_path / "run" / STATE)["settings"]["draws"] == 3
    driver.close()


def test_a_copy_does_not_change_while_the_run_goes_on(tmp_path: Path) -> None:
    from elbo_room.models.deep_generative.settings import Settings
    from elbo_room.models.training.run import Run

    run = Run(Settings(**SMALL))
    for _ in range(5):
        next(run)
    copy = Snapshot.of(run)
    after = [step.elbo for step in run]
    (tmp_path / STATE).write_bytes(copy.packed())
    again = load_run(tmp_path)
    assert again.number == 5
    assert [step.elbo for step in again] == after, "bit for bit"


def test_what_a_kill_left_in_the_middle_of_a_save_is_removed(tmp_path: Path) -> None:
    for name in ("state.safetensors.12-3.aside", "history.npz.12-3.aside", STATE):
        (tmp_path / name).write_bytes(b"half")
    sweep(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [STATE]
