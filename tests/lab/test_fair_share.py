"""What a session of the public server may use of the machine, and what the machine is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from elbo_room.lab.serving.public import machine
from elbo_room.lab.serving.public.fair_share import NICE, FairShare

KERNEL = """
import subprocess, sys
worker = subprocess.Popen([sys.executable, "-c", {worker!r}], stdout=subprocess.PIPE)
print(worker.pid, worker.stdout.readline().decode(), flush=True)
sys.stdin.readline()
worker.kill()
"""
WORKER = "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()\nprint(flush=True)\ntime.sleep(60)"


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="priorities and cores of threads are Linux's")
def test_what_a_kernel_starts_is_slowed_and_has_one_core_while_the_kernel_is_not():
    command = [sys.executable, "-c", KERNEL.format(worker=WORKER)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as kernel:
        worker = int(kernel.stdout.readline())
        before = os.sched_getaffinity(kernel.pid)
        FairShare(cores=[*before, *before][:2]).deal([kernel.pid])
        threads = [int(path.name) for path in Path(f"/proc/{worker}/task").iterdir()]
        assert len(threads) == 2
        assert {os.getpriority(os.PRIO_PROCESS, thread) for thread in threads} == {NICE}
        assert {len(os.sched_getaffinity(thread)) for thread in threads} == {1}
        assert os.getpriority(os.PRIO_PROCESS, kernel.pid) == os.getpriority(os.PRIO_PROCESS, 0)
        assert os.sched_getaffinity(kernel.pid) == before
        kernel.stdin.write("\n")
        kernel.stdin.flush()


def test_two_sessions_that_train_are_on_two_cores_whatever_rests():
    share = FairShare(cores=[0, 1])
    first = share._cores_for({1: 2.9, 2: 0.0, 3: 2.8, 4: 0.0})
    assert first[1] != first[3]
    share._core = first
    assert share._cores_for({1: 2.8, 2: 0.0, 3: 2.9, 4: 0.0})[1] == first[1], "and stay there"


def test_a_container_has_the_cores_and_memory_that_it_was_given(tmp_path: Path):
    assert machine.memory_left(tmp_path) == pytest.approx(psutil.virtual_memory().available, rel=0.2)
    (tmp_path / "cpu.max").write_text("50000 100000\n")
    (tmp_path / "memory.max").write_text("1000\n")
    (tmp_path / "memory.current").write_text("700\n")
    (tmp_path / "memory.stat").write_text("anon 400\ninactive_file 200\n")
    assert machine.cores(tmp_path) == 0.5
    assert machine.memory_left(tmp_path) == 500
    (tmp_path / "cpu.max").write_text("max 100000\n")
    assert machine.cores(tmp_path) >= 1
