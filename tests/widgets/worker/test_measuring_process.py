"""The process that measures next to the worker: it finds what the loop would find, does not disturb training, and never outlives it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from elbo_room.models.deep_generative.settings import Settings
from elbo_room.models.training.run import Run
from elbo_room.widgets.messages import (
    Evidence,
    Frame,
    Message,
    Pause,
    SetSpeed,
    ShowView,
    Start,
    Started,
    State,
    Variance,
)
from elbo_room.widgets.sessions.link import ProcessLink
from tests.conftest import ROOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the loop measures")
SMALL = {"data": "pinwheel", "width": 8, "depth": 1, "batch_size": 32}
SCRIPT = """
import json, os, sys
import torch
torch.set_num_threads(1)
from elbo_room.models.deep_generative.settings import Settings
from elbo_room.models.training.run import Run
from elbo_room.widgets.worker.measuring.process import MeasuringLostError, MeasuringProcess, possible
from elbo_room.widgets.worker.measuring.probing import Probing, Request
from elbo_room.widgets.worker.measuring.selection import Selection

assert possible()
run = Run(Settings(data="pinwheel", width=8, depth=1, batch_size=32))
selection = Selection(run)

def request(view="variance"):
    return Request(run.number, run.settings, view, selection.names, selection.parameter, tuple(selection.choices), fine=False, budget=1e9)

def away(process, wanted):
    process.begin(wanted)
    found = []
    while process.busy:
        process.connection.poll(10)
        found += process.receive()
    return [row for message in found for row in message.rows.tolist()]

def here(wanted):
    probing, found = Probing(run), []
    probing.start(wanted)
    while probing.work is not None:
        found += [message] if (message := probing.slice()) else []
    return [row for message in found for row in message.rows.tolist()]

process = MeasuringProcess(run)
same = []
for turn in range(3):
    wanted = request()
    same.append(away(process, wanted) == here(wanted))
    for _ in range(5):
        next(run)
    run.change(draws=4 + turn, prior_scale=0.5 + turn)
gone = process.pid
process.close()
try:
    os.kill(gone, 0)
    left = True
except ProcessLookupError:
    left = False
second = MeasuringProcess(run)
os.kill(second.pid, 9)
try:
    away(second, request())
    lost = False
except MeasuringLostError:
    lost = True
second.close()
print(json.dumps({"same": same, "left": left, "lost": lost}))
"""


def test_it_finds_bit_for_bit_what_the_loop_would_find_and_ends_when_it_is_closed():
    """At the start, after steps, and after live settings changed: the same parameters, seed and rows."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        check=False,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"same": [True] * 3, "left": False, "lost": True}


class Driver:
    """A worker process and its messages so far."""

    def __init__(self) -> None:
        self.link = ProcessLink()
        self.link.start()
        self.waiting: list[Message] = []
        self.seen: list[Message] = []

    @property
    def pid(self) -> int:
        assert self.link.process is not None
        return int(self.link.process.pid or 0)

    def until(self, truth: Callable[[Message], object], seconds: float = 120.0) -> Any:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.waiting += self.link.receive()
            while self.waiting:
                self.seen.append(self.waiting.pop(0))
                if truth(self.seen[-1]):
                    return self.seen[-1]
            time.sleep(0.005)
        raise AssertionError(f"it never came among {[type(message).__name__ for message in self.seen][-20:]}")

    def measuring(self) -> list[int]:
        return [int(each) for each in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]

    def steps(self) -> list[float]:
        """The steps that were measured."""
        return [float(row[0]) for message in self.seen if isinstance(message, Variance) for row in message.rows]


@pytest.fixture
def driver() -> Iterator[Driver]:
    made = Driver()
    yield made
    made.link.close()


def ended(pid: int) -> bool:
    try:
        return "State:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return True


def eventually(truth: Callable[[], object], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not truth():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_training_has_the_same_bits_whatever_is_measured_or_killed_beside_it(driver, tmp_path):
    """First point at step 0; two measuring processes die, the loop takes over; the ELBO is the headless run's all along."""
    settings = SMALL | {"stop_at": 400}
    driver.link.send(Start(settings, str(tmp_path / "run"), speed="normal"))
    first = driver.until(lambda message: isinstance(message, Variance))
    assert set(first.rows[:, 0]) == {0.0}
    for _ in range(2):
        eventually(driver.measuring)
        victim = driver.measuring()[0]
        os.kill(victim, signal.SIGKILL)
        driver.until(lambda message: isinstance(message, Variance) and len(message.rows))
        eventually(lambda victim=victim: victim not in driver.measuring())
    driver.until(lambda message: isinstance(message, Variance))
    driver.link.send(ShowView("gradient_histogram"))
    driver.until(lambda message: isinstance(message, Evidence) and message.found["view"] == "gradient_histogram")
    driver.link.send(SetSpeed("full"))
    driver.until(lambda message: isinstance(message, State) and message.state == "finished")
    driver.until(lambda message: isinstance(message, Frame) and message.number == 400)
    points = np.concatenate([message.points for message in driver.seen if isinstance(message, Frame)])
    expected = [step.elbo for step in Run(Settings(**settings))]
    np.testing.assert_array_equal(points[:, 1], np.asarray(expected, np.float32))
    driver.until(lambda message: isinstance(message, Variance) and 400 in message.rows[:, 0])
    assert driver.measuring() == []


def test_it_goes_with_its_run_and_with_the_worker_however_that_ends(driver, tmp_path):
    driver.link.send(Start(SMALL | {"stop_at": 100_000}, str(tmp_path / "first")))
    driver.until(lambda message: isinstance(message, Variance))
    (before,) = driver.measuring()
    driver.link.send(Start(SMALL | {"stop_at": 100_000, "seed": 8}, str(tmp_path / "second")))
    driver.until(lambda message: isinstance(message, Started))
    driver.until(lambda message: isinstance(message, Variance))
    assert ended(before)
    (after,) = driver.measuring()
    driver.link.send(Pause())
    driver.until(lambda message: isinstance(message, State) and message.state == "paused")
    number = driver.until(lambda message: isinstance(message, Variance) and message.complete).number
    assert number in driver.steps(), "the paused step itself is measured"
    os.kill(driver.pid, signal.SIGKILL)
    eventually(lambda: ended(after))
