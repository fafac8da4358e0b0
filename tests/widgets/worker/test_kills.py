"""A worker process that is killed without warning, at any moment of the first seconds of a run."""

import multiprocessing
import os
import random
import subprocess
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from elbo_room.models.deep_generative.settings import Settings
from elbo_room.models.training.checkpoint import load_run
from elbo_room.models.training.run import Run
from elbo_room.widgets.messages import Saved, Started
from elbo_room.widgets.messages import Start as StartRun
from elbo_room.widgets.sessions.link import PACKAGE

SETTINGS = {"data": "pinwheel", "width": 8, "depth": 1, "stop_at": 100_000, "batch_size": 32}
LATEST = 3.0  # seconds after the first step


def worker() -> "tuple[subprocess.Popen[bytes], Connection[Any, Any]]":
    ours, theirs = multiprocessing.Pipe()
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "elbo_room.widgets.worker", str(theirs.fileno())]
    process = subprocess.Popen(command, pass_fds=[theirs.fileno()], env=environment)
    theirs.close()
    return process, ours


@pytest.mark.parametrize("seed", range(3))
def test_a_worker_killed_at_a_random_moment_loses_little_and_continues_bit_for_bit(seed: int, tmp_path: Path) -> None:
    """SIGKILL from the first answer on: what was called saved is on the disk, and goes on as the run that was never killed."""
    process, connection = worker()
    connection.send(StartRun(SETTINGS, str(tmp_path)))
    while not isinstance(connection.recv(), Started):
        pass
    saved = -1
    end = time.monotonic() + random.Random(seed).uniform(0, LATEST)
    while time.monotonic() < end:
        if connection.poll(max(0.0, end - time.monotonic())) and isinstance(message := connection.recv(), Saved):
            saved = message.number
    process.kill()
    process.wait()
    connection.close()
    if saved < 0:  # killed before anything was called saved
        return
    run = load_run(tmp_path)
    assert run.number >= saved
    never_killed = Run(Settings(**SETTINGS))
    for _ in range(run.number):
        next(never_killed)
    assert [next(run) for _ in range(5)] == [next(never_killed) for _ in range(5)]
