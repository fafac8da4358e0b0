"""Any error in the worker becomes one sentence; the run in training is not affected, and the next start and the next file work."""

import errno
import time
from collections.abc import Callable, Iterator
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

from elbo_room.models.run_file import STATE, about
from elbo_room.models.training.run import Run
from elbo_room.widgets.messages import (
    Close,
    Command,
    Decode,
    Decoded,
    DrawPrior,
    Fault,
    Frame,
    Leave,
    Left,
    MakeStep,
    Pause,
    Play,
    Refused,
    Save,
    Saved,
    ShowView,
    Start,
    Started,
    State,
    Unsaved,
    Variance,
    Watch,
)
from elbo_room.widgets.painting.views import ONE_STEP
from elbo_room.widgets.worker import saving, serve, trainer
from elbo_room.widgets.worker.evidence_job import EvidenceJob
from elbo_room.widgets.worker.faults import MOST, reason
from elbo_room.widgets.worker.history import Curves
from elbo_room.widgets.worker.measuring.probing import Probing
from elbo_room.widgets.worker.measuring.selection import Selection
from elbo_room.widgets.worker.own_data.user_data import UserData
from elbo_room.widgets.worker.pictures import LatentPictures
from elbo_room.widgets.worker.pictures.evidence import CHART
from elbo_room.widgets.worker.pictures.one_step import OneStep
from tests.widgets.worker.test_worker import SMALL, Driver, headless

TINY = SMALL | {"stop_at": 8}
ENDLESS = SMALL | {"stop_at": 100_000}
Patch = pytest.MonkeyPatch


class MuteError(Exception):
    """An exception whose text cannot be read."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


ERRORS = (
    MemoryError(),
    KeyError("odd\n\x00\u202e 'text' {}%s" + 50 * "…"),
    MuteError(),
    OSError(5, "no"),
    RuntimeError("a\n\nb"),
)


def raising(error: Exception) -> Callable[..., Any]:
    def fail(*_: Any, **__: Any) -> Any:
        raise error

    return fail


@pytest.fixture
def driver() -> Iterator[Driver]:
    made = Driver()
    yield made
    made.close()


def is_a_sentence(text: str) -> bool:
    return 20 < len(text) < 3 * MOST and text.isprintable() and text.endswith(".") and "Traceback" not in text


def works(driver: Driver, tmp_path: Path) -> None:
    """The worker trains a new run, and it is the engine's own."""
    folder = tmp_path / f"after-{time.monotonic_ns()}"
    driver.seen.clear()
    driver.send(Start(TINY, str(folder)))
    driver.until(State, state="finished")
    driver.until(Frame, number=8)
    np.testing.assert_array_equal(driver.points()[:, 1], np.asarray(headless(TINY), np.float32))
    driver.until(Variance)
    assert about(folder / STATE)["number"] == 8


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_a_reason_is_one_short_printable_line(error: Exception) -> None:
    words = reason(error)
    assert 0 < len(words) <= MOST + 40
    assert words.isprintable()
    assert "memory" in words or type(error).__name__ in words


STAGES = [
    (serve, "settings_from"),
    (Run, "__init__"),
    (trainer, "pictures_of"),
    (trainer, "EvidenceJob"),
    (trainer, "Selection"),
    (LatentPictures, "about"),
    (Selection, "about"),
]


@pytest.mark.parametrize(("owner", "name"), STAGES, ids=lambda each: getattr(each, "__name__", each))
def test_a_start_that_fails_leaves_the_run_before_it_training(
    driver: Driver, tmp_path: Path, monkeypatch: Patch, owner: Any, name: str
) -> None:
    """Also where there is none: the first start of all fails first."""
    for error in ERRORS:
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, raising(error))
            driver.send(Start(TINY, str(tmp_path / "first")))
            refused = driver.until(Refused, command=Start)
            assert is_a_sentence(refused.sentence), refused.sentence
            assert (refused.state, refused.folder) == ("idle", str(tmp_path / "first"))
    driver.send(Start(ENDLESS, str(tmp_path / "run")))
    driver.until(Frame)
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, raising(KeyError("x")))
        driver.send(Start(TINY, str(tmp_path / "second")))
        assert driver.until(Refused, command=Start).state == "running"
        driver.send(Save())
        assert driver.until(Saved).number >= 1
    assert not (tmp_path / "second" / STATE).exists(), "the earlier run is not written into the other one's folder"
    driver.send(Pause())
    number = driver.until(State, state="paused").number
    driver.until(Frame, number=number)
    np.testing.assert_array_equal(
        driver.points()[:, 1], np.asarray(headless(SMALL | {"stop_at": number}), np.float32), strict=True
    )
    works(driver, tmp_path)


def test_a_resumed_run_that_fails_is_refused(driver: Driver, tmp_path: Path, monkeypatch: Patch) -> None:
    works(driver, tmp_path)
    kept = next(tmp_path.glob("after-*"))
    for owner, name in ((UserData, "resumed"), (Curves, "load"), (trainer, "pictures_of")):
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, raising(KeyError("x")))
            driver.send(Start({}, str(kept), resume=True))
            refused = driver.until(Refused, command=Start)
            assert is_a_sentence(refused.sentence)
            assert refused.state == "finished"
    driver.send(Start({}, str(kept), resume=True))
    assert driver.until(Started).number == 8


WATCHING = {
    "look": (LatentPictures, "look", trainer.PICTURES_PART),
    "grid": (LatentPictures, "grid", trainer.MAP_PART),
    "walk": (LatentPictures, "walk", trainer.MAP_PART),
    "scores": (LatentPictures, "scores", trainer.SCORES_PART),
    "probe": (Probing, "slice", trainer.PROBE_PART),
    "probe begun": (Probing, "start", trainer.PROBE_PART),
    "evidence": (EvidenceJob, "slice", trainer.EVIDENCE_PART),
    "evidence begun": (EvidenceJob, "start", trainer.EVIDENCE_PART),
    "one step": (OneStep, "peek_next_step", trainer.PICTURES_PART),
}


@pytest.mark.parametrize("stage", WATCHING)
def test_what_fails_while_watching_is_reported_once_and_training_goes_on(
    driver: Driver, tmp_path: Path, monkeypatch: Patch, stage: str
) -> None:
    owner, name, part = WATCHING[stage]
    monkeypatch.setattr(trainer, "LOOKS", 1e3)
    driver.send(Watch([CHART, ONE_STEP, "latent"]))
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, raising(KeyError("odd")))
        patch.setattr("elbo_room.widgets.worker.evidence_job.EVERY", 0.0)
        driver.send(Start(SMALL | {"stop_at": 40}, str(tmp_path / "run")))
        driver.until(State, state="finished")
        driver.until(Frame, number=40)
        fault = next((m for m in driver.seen if isinstance(m, Fault)), None) or driver.until(Fault)
        driver.send(Decode(question=1, x=0.0, y=0.0))
        driver.until(Decoded)
    faults = [message for message in driver.seen if isinstance(message, Fault)]
    assert [each.part for each in faults] == [part]
    assert is_a_sentence(fault.sentence), fault.sentence
    np.testing.assert_array_equal(
        driver.points()[:, 1], np.asarray(headless(SMALL | {"stop_at": 40}), np.float32), strict=True
    )
    driver.seen.clear()
    driver.send(Watch(["latent"]))  # the view has changed: everything is tried again
    assert "kl" in driver.until(Frame).picture["facts"]
    driver.send(ShowView("variance"))
    driver.until(Variance)
    works(driver, tmp_path)


def test_only_the_picture_that_fails_rests(driver: Driver, tmp_path: Path, monkeypatch: Patch) -> None:
    """The other chart, and what a family's pictures have in common, are drawn in every frame."""
    monkeypatch.setattr(trainer, "LOOKS", 1e3)
    failing = raising(KeyError("odd"))
    monkeypatch.setattr("elbo_room.widgets.worker.pictures.function.Function.look", failing)
    driver.send(Watch(["function", "weights"]))
    driver.send(Start({"model": "conditional", "width": 3, "depth": 1, "stop_at": 40}, str(tmp_path / "run")))
    driver.until(State, state="finished")
    driver.until(Frame, number=40)
    faults = [message for message in driver.seen if isinstance(message, Fault)]
    assert len(faults) == 1
    assert faults[0].part.startswith("picture '")
    assert is_a_sentence(faults[0].sentence)
    last = [message.picture for message in driver.seen if isinstance(message, Frame) and message.picture][-1]
    assert "weights" in last["replace"]


def test_a_step_told_slowly_that_cannot_be_drawn_is_still_made(
    driver: Driver, tmp_path: Path, monkeypatch: Patch
) -> None:
    monkeypatch.setattr(OneStep, "peek_next_step", raising(KeyError("odd")))
    monkeypatch.setattr(trainer, "SECONDS", 0.01)
    driver.send(Watch([ONE_STEP]))
    driver.send(Start(TINY, str(tmp_path / "run"), speed="slow"))
    driver.until(State, state="finished")
    assert sum(isinstance(message, Fault) for message in driver.seen) <= 2, "once for its chart, once for its story"


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_a_step_that_breaks_off_ends_the_training_and_is_not_saved(
    driver: Driver, tmp_path: Path, monkeypatch: Patch, error: Exception
) -> None:
    estimate = Run._estimate
    with monkeypatch.context() as patch:
        patch.setattr(
            Run, "_estimate", lambda run, batch: raising(error)() if run.number == 5 else estimate(run, batch)
        )
        driver.send(Start(TINY, str(tmp_path / "run")))
        failed = driver.until(State, state="failed")
    assert failed.number == 5
    assert is_a_sentence(failed.cause), failed.cause
    assert "Press Run" in failed.remedy
    for command in (MakeStep(), Play(), Save()):
        driver.send(command)
    assert "cannot continue" in driver.until(Refused, command=MakeStep).sentence
    assert "cannot continue" in driver.until(Refused, command=Play).sentence
    works(driver, tmp_path)
    assert about(tmp_path / "run" / STATE)["number"] == 1, "saved at its first step, and not in the middle of the sixth"


def any_one(kind: type[Command]) -> Command:
    """A command of this type; its contents are nonsense."""
    needed = [each.name for each in fields(kind) if each.default is MISSING]
    return kind(**dict.fromkeys(needed, "nonsense"))


def test_every_command_that_fails_is_refused_and_the_run_goes_on(
    driver: Driver, tmp_path: Path, monkeypatch: Patch
) -> None:
    driver.send(Start(ENDLESS, str(tmp_path / "run")))
    driver.until(Frame)
    for kind in (each for each in get_args(Command) if each is not Close):
        for error in ERRORS:
            with monkeypatch.context() as patch:
                patch.setitem(driver.worker.commands.handlers, kind, [raising(error)])
                driver.send(any_one(kind))
                refused = driver.until(Refused, command=kind)
                assert is_a_sentence(refused.sentence)
                assert refused.state == "running"
    driver.send(Pause())
    number = driver.until(State, state="paused").number
    driver.until(Frame, number=number)
    np.testing.assert_array_equal(
        driver.points()[:, 1], np.asarray(headless(SMALL | {"stop_at": number}), np.float32), strict=True
    )


def test_a_prior_that_cannot_be_drawn_is_refused(driver: Driver, tmp_path: Path, monkeypatch: Patch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(serve, "prior_functions", raising(KeyError("odd")))
        driver.send(DrawPrior({"model": "conditional"}))
        assert is_a_sentence(driver.until(Refused, command=DrawPrior).sentence)
    works(driver, tmp_path)


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), *ERRORS], ids=repr)
def test_a_save_that_fails_is_reported_truly_and_training_goes_on(
    driver: Driver, tmp_path: Path, monkeypatch: Patch, error: Exception
) -> None:
    monkeypatch.setattr(saving, "OFTEN", 1e-3)
    with monkeypatch.context() as patch:
        patch.setattr(saving, "write_bytes", raising(error))
        driver.send(Start(TINY, str(tmp_path / "run")))
        driver.until(State, state="finished")
        driver.until(Frame, number=8)
    sentences = [message.sentence for message in driver.seen if isinstance(message, Unsaved)]
    assert 1 <= len(sentences) <= 2, "once while it trains, once when it rests"
    assert all("Nothing of it is kept" in sentence and is_a_sentence(sentence) for sentence in sentences)
    assert not any(isinstance(message, Saved) for message in driver.seen)
    driver.send(Save())
    assert driver.until(Saved).number == 8
    works(driver, tmp_path)


def test_a_run_is_let_go_once_it_is_saved_and_not_before(driver: Driver, tmp_path: Path, monkeypatch: Patch) -> None:
    """The page is about to show a scene's recorded run."""
    driver.send(Start(ENDLESS, str(tmp_path / "run")))
    driver.until(Frame)
    with monkeypatch.context() as patch:
        patch.setattr(saving, "write_bytes", raising(OSError(errno.ENOSPC, "No space left on device")))
        driver.send(Leave())
        refused = driver.until(Refused, command=Leave)
    assert is_a_sentence(refused.sentence)
    assert "cannot be saved (No space left on device), so it stays there" in refused.sentence
    assert refused.state == "paused"
    number = driver.worker.run.number if driver.worker.run else 0
    driver.send(Leave())
    driver.until(Left)
    assert about(tmp_path / "run" / STATE)["number"] == number > 0
    assert driver.worker.run is None
    driver.send(Leave())  # nothing is held: all the same
    driver.until(Left)
    works(driver, tmp_path)


def test_a_worker_whose_last_save_fails_or_whose_kernel_is_gone_leaves_all_the_same(
    tmp_path: Path, monkeypatch: Patch
) -> None:
    """An exception in the thread would be a warning, and so fail this test."""
    monkeypatch.setattr(saving, "write_bytes", raising(KeyError("odd")))
    first = Driver()
    first.send(Start(ENDLESS, str(tmp_path / "first")))
    first.until(Frame)
    first.close()
    monkeypatch.undo()
    second = Driver()
    second.send(Start(ENDLESS, str(tmp_path / "second")))
    second.until(Frame)
    second.ours.close()
    second.thread.join(60)
    assert not second.thread.is_alive()
    assert about(tmp_path / "second" / STATE)["number"] >= 1


def test_a_run_is_saved_before_its_first_frame(driver: Driver, tmp_path: Path, monkeypatch: Patch) -> None:
    monkeypatch.setattr(trainer, "FIRST_SAVE", 60.0)  # the machine may stand still
    driver.send(Start(ENDLESS, str(tmp_path / "run"), speed="slow"))
    driver.until(Frame)
    assert about(tmp_path / "run" / STATE)["number"] == 1
